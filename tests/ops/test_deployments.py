"""``manage.py deployments``: what is noted of each, and what became of one that was killed."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.ops.models import Deployment

pytestmark = pytest.mark.django_db
OF = ("--environment", "production", "--who", "ada@example.com")


def deployments(*arguments: str) -> str:
    out = io.StringIO()
    call_command("deployments", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> list[dict[str, Any]]:
    found = json.loads(deployments("--json", *arguments))
    assert found["version"] == 1
    listed: list[dict[str, Any]] = found["deployments"]
    return listed


def begun(release: str, *more: str) -> int:
    (one,) = told("--begin", "--release", release, *OF, *more)
    return int(one["id"])


def test_what_begins_and_ends_is_listed_with_all_that_was_said_of_it() -> None:
    first = begun("4f2c91a", "--commit", "4f2c91a" * 5, "--despite", "Sign-in is down")
    (ended,) = told("--end", str(first), "--outcome", "failed", "--why", "smoke: sign-in")
    (listed,) = told()
    assert listed == ended
    began = listed.pop("began")
    assert began.endswith("+00:00")
    assert 0 <= listed.pop("took") < 60
    assert listed == {
        "id": first,
        "environment": "production",
        "release": "4f2c91a",
        "commit": "4f2c91a" * 5,
        "who": "ada@example.com",
        "outcome": "failed",
        "despite": "Sign-in is down",
        "why": "smoke: sign-in",
    }


def test_one_that_another_followed_before_its_end_never_ended() -> None:
    begun("killed")
    begun("staging's", "--environment", "staging")
    last = begun("next")
    assert [(one["release"], one["outcome"]) for one in told()] == [
        ("next", "running"),
        ("staging's", "running"),
        ("killed", "never ended"),
    ]
    told("--end", str(last), "--outcome", "live")
    assert [one["outcome"] for one in told("--environment", "production")] == [
        "live",
        "never ended",
    ]


def test_one_that_began_hours_ago_never_ended() -> None:
    begun("long-ago", "--began", (timezone.now() - timedelta(hours=3)).isoformat())
    assert told()[0]["outcome"] == "never ended"


def test_its_lines_say_the_reasons_too() -> None:
    assert deployments() == "Nothing was deployed yet.\n"
    first = begun("4f2c91a", "--despite", "Sign-in is down")
    told("--end", str(first), "--outcome", "rolled back", "--why", "smoke: sign-in")
    text = deployments()
    for said in ("4f2c91a", "rolled back", "despite: Sign-in is down", "why: smoke: sign-in"):
        assert said in text


def test_an_end_that_is_known_is_said_again_and_not_changed() -> None:
    first = str(begun("4f2c91a"))
    (once,) = told("--end", first, "--outcome", "live")
    assert told("--end", first, "--outcome", "live") == [once]
    with pytest.raises(CommandError, match="has ended already: live"):
        deployments("--end", first, "--outcome", "failed")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--begin",), "--begin also needs --environment, --release, --who"),
        (("--end", "1"), "--end also needs --outcome: live, failed, rolled back"),
        (("--end", "404", "--outcome", "live"), "There is no deployment 404"),
        (("--limit", "0"), "at least 1"),
        (("--begin", "--end", "1"), "not allowed with"),
        (("--begin", "--began", "yesterday"), "invalid moment value"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        deployments(*arguments)
    assert not Deployment.objects.exists()


def test_a_name_of_any_length_is_no_obstacle() -> None:
    begun("r" * 300)
    assert told()[0]["release"] == "r" * 80


def test_the_database_refuses_an_end_without_a_time() -> None:
    begun("4f2c91a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Deployment.objects.update(outcome="live")
