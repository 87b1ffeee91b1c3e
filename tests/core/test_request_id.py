"""Request IDs: one for each request, taken from outside only if well formed, always handed back."""

import re

import pytest

from tests.conftest import Browser
from tests.core.conftest import Log


@pytest.mark.parametrize("proposed", ["abcd1234", "A" * 64, "0f9d-req_77", "f" * 32])
def test_a_well_formed_id_is_taken_and_handed_back(
    anonymous: Browser, log: Log, proposed: str
) -> None:
    answer = anonymous.get("/healthz", headers={"x-request-id": proposed})
    assert answer["X-Request-ID"] == log.request["request_id"] == proposed


@pytest.mark.parametrize(
    "proposed",
    ["", "short", "A" * 65, "-leading-dash", "has space here", "<script>alert(1)", "käsekuchen"],
)
def test_a_malformed_id_is_replaced_by_one_of_our_own(
    anonymous: Browser, log: Log, proposed: str
) -> None:
    answer = anonymous.get("/healthz", headers={"x-request-id": proposed})
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])
    assert log.request["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/workspaces/", 302),
        ("/nowhere/", 404),
        ("/explosion/", 500),
        ("/form/", 405),
        ("/busy/", 429),
    ],
)
def test_every_answer_carries_the_id(troubled: Browser, path: str, status: int) -> None:
    answer = troubled.get(path, headers={"x-request-id": "asked-for-1"})
    assert (answer.status_code, answer["X-Request-ID"]) == (status, "asked-for-1")


def test_the_redirect_to_https_carries_an_id(client: Browser) -> None:
    answer = client.get("/", secure=False)
    assert (answer.status_code, len(answer["X-Request-ID"])) == (301, 32)


def test_each_request_has_an_id_of_its_own(anonymous: Browser) -> None:
    assert anonymous.get("/healthz")["X-Request-ID"] != anonymous.get("/healthz")["X-Request-ID"]
