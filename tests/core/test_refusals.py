"""What is answered, logged and counted when a limit refuses."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import limits
from apps.core.identity import fingerprint
from apps.core.limits import BOTH, LIMITS, refusals
from tests.conftest import Browser
from tests.core.attempts import ADA, HOME, sign_in, use_up
from tests.core.conftest import Log


@pytest.fixture
def refused(db: None) -> Callable[..., Any]:
    """Answers to attempts that are one too many, asked for with the given headers."""
    use_up(HOME)

    def ask(**headers: str) -> Any:
        return sign_in(headers={"x-request-id": "asked-for-1", **headers})

    return ask


def test_people_get_a_page_that_says_when(refused: Callable[..., Any]) -> None:
    answer = refused()
    html = answer.content.decode()
    assert answer.status_code == 429
    assert answer["Retry-After"].isdigit()
    assert int(answer["Retry-After"]) >= 1
    assert "<h1>" in html
    assert 'rel="stylesheet"' in html
    assert "asked-for-1" in html
    assert "try again" in html.lower()
    assert answer["Cache-Control"] == "private, no-store"


def test_programs_get_json(refused: Callable[..., Any]) -> None:
    answer = refused(accept="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/json")
    assert int(answer["Retry-After"]) >= 1
    error = answer.json()["error"]
    assert (error["status"], error["request_id"]) == (429, "asked-for-1")


def test_htmx_gets_the_status_and_when(refused: Callable[..., Any]) -> None:
    answer = refused(**{"hx-request": "true"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.django_db(transaction=True)
def test_a_refusal_costs_no_query(refused: Callable[..., Any]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert refused().status_code == 429
    # The driver sends a BEGIN together with the first statement, and there is none.
    assert {query["sql"] for query in captured} <= {"BEGIN", "COMMIT"}


def test_the_library_behind_answers_in_the_same_way(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setitem(LIMITS, "account_signup", ())
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/h/ip"}
    answers = [Browser().post("/accounts/signup/", {}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1]["Retry-After"]) >= 1
    (line,) = log.of("limit.refused")
    assert (line["route"], line["by"]) == ("account_signup", "django-allauth")


# The log, and the count


def test_a_refusal_is_logged_without_saying_who(refused: Callable[..., Any], log: Log) -> None:
    answer = refused()
    (line,) = log.of("limit.refused")
    assert (line["level"], line["logger"]) == ("warning", "slipway.limits")
    assert (line["route"], line["by"]) == ("account_login", BOTH.value)
    assert line["retry_after"] == int(answer["Retry-After"])
    assert line["request_id"] == "asked-for-1"
    assert "example.com" not in log.text


def test_a_refused_sign_in_is_in_the_log_of_sign_ins_too(
    refused: Callable[..., Any], log: Log
) -> None:
    refused()
    (line,) = log.of("signin.limited")
    assert (line["level"], line["logger"]) == ("warning", "slipway.signin")
    assert (line["address"], line["ip"]) == (fingerprint(ADA), HOME)


def test_refusals_are_counted_by_route_and_hour(
    refused: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = refusals().get("account_login", 0)
    for _ in range(3):
        refused()
    assert refusals() == {"account_login": before + 3}
    later = SimpleNamespace(time=lambda: time.time() + 2 * 3600)
    monkeypatch.setattr(limits, "time", later)
    assert refusals(hours=1) == {}
    assert refusals(hours=24) == {"account_login": before + 3}
