"""Redaction: what is masked, what stays readable, and that no input makes it slow."""

import time
from typing import Any

import pytest
from django.test import RequestFactory

from apps.core import redact


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "password1",
        "oldpassword",
        "PASSWD",
        "client_secret",
        "csrfmiddlewaretoken",
        "Authorization",
        "Set-Cookie",
        "sessionid",
        "code",
        "reset_code",
        "otp",
        "dsn",
        "signature",
        "sig",
        "api_key",
        "apikey",
        "key",
        "body",
        "pin",
    ],
)
def test_what_goes_under_a_secrets_name_is_masked(name: str) -> None:
    assert redact.clean({name: "canary"}) == {name: "***"}
    assert "canary" not in redact.text(f"/page/?{name}=canary&n=1")
    assert redact.text(f"{name}=canary&n=1") == f"{name}=***&n=1"
    assert "canary" not in redact.text(f"{{'{name}': 'canary 1', 'n': 1}}")
    assert "canary" not in redact.text(f'{{"{name}": "canary 1", "n": 1}}')


@pytest.mark.parametrize(
    "name", ["status", "path", "kind", "duration_ms", "event", "barcodes", "postcode", "spinner"]
)
def test_what_goes_under_another_name_stays(name: str) -> None:
    assert redact.clean({name: "kept"}) == {name: "kept"}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            "postgresql://app:canary@db.example.com/slipway",
            "postgresql://***@db.example.com/slipway",
        ),
        ("rediss://:canary/1@cache:6379/0 refused", "rediss://***@cache:6379/0 refused"),
        ("smtp+tls://ada%40x:canary@smtp:587", "smtp+tls://***@smtp:587"),
        ("https://canary@o1.ingest.sentry.io/1", "https://***@o1.ingest.sentry.io/1"),
        ("https://example.com/a?b=c@d", "https://example.com/a?b=c@d"),
        ("host=db password=canary dbname=slipway", "host=db password=*** dbname=slipway"),
        ("Authorization: Bearer canary.a-b", "Authorization: ***"),
        ("sent Bearer canary.a-b to it", "sent Bearer *** to it"),
        ("Cookie: __Host-session=canary; theme=dark\nHost: x", "Cookie: ***\nHost: x"),
        ("GET /invitations/canary/ 500", "GET /invitations/***/ 500"),
        ("/t/acme/invitations/7/resend/", "/t/acme/invitations/7/resend/"),
        ("/t/acme/invitations/new/", "/t/acme/invitations/new/"),
        ("/accounts/password/reset/key/b-canary/", "/accounts/password/reset/key/***/"),
        ("/accounts/confirm-email/canary:1x:y/", "/accounts/confirm-email/***/"),
        (
            "DETAIL:  Key (tenant_id, digest)=(1, canary) already exists.",
            "DETAIL:  Key (tenant_id, digest)=(***) already exists.",
        ),
        (
            "DETAIL:  Failing row contains (1, canary, (x)).",
            "DETAIL:  Failing row contains (***).",
        ),
        ("3 rows of clients in 20 ms", "3 rows of clients in 20 ms"),
    ],
)
def test_secrets_inside_a_text_are_masked_and_the_rest_stays(told: str, kept: str) -> None:
    assert redact.text(told) == kept


def test_a_structure_is_masked_to_its_last_leaf() -> None:
    told: dict[str, Any] = {
        "rows": [{"token": "canary"}, ("?token=canary",)],
        "cookies": {"a": "canary"},
        "count": 3,
        "ratio": 0.5,
        "ok": True,
        "nothing": None,
        "password": "",
    }
    assert redact.clean(told) == {
        "rows": [{"token": "***"}, ["?token=***"]],
        "cookies": "***",
        "count": 3,
        "ratio": 0.5,
        "ok": True,
        "nothing": None,
        "password": "",
    }


def test_what_a_request_brought_as_a_secret_is_masked_by_value_wherever_it_turns_up() -> None:
    request = RequestFactory().post(
        "/?token=canary-in-query",
        {"password": "canary 'quoted'", "city": "Hull", "code": "abc"},
        headers={"authorization": "Bearer canary-in-header", "cookie": "theme=canary-in-cookie"},
    )
    assert redact.brought_by(request)
    _ = request.POST
    brought = redact.brought_by(request)
    for secret in ("canary-in-query", "canary 'quoted'", "canary-in-header", "canary-in-cookie"):
        for told in (secret, repr(secret)):
            assert "canary" not in redact.text(f"cannot parse {told} in Hull", brought)
    # Three letters are no secret worth keeping, and would be masked in every other word.
    assert redact.text("in Hull, abc", brought) == "in Hull, abc"


def test_of_two_secrets_that_begin_alike_neither_leaves_its_end_behind() -> None:
    request = RequestFactory().get("/", headers={"cookie": "a=alike; b=alike-canary"})
    assert redact.text("got alike-canary", redact.brought_by(request)) == "got ***"


def test_a_body_that_was_not_read_stays_unread() -> None:
    request = RequestFactory().post("/", {"password": "canary"})
    assert "canary" not in redact.brought_by(request)
    assert request.POST["password"] == "canary"


@pytest.mark.parametrize(
    "piece", ["a://", "-a", "token-", "Key (", "Failing row contains (", "'\"", "/invitations/"]
)
def test_no_input_makes_a_line_slow(piece: str) -> None:
    told = piece * (20_000 // len(piece))
    began = time.perf_counter()
    redact.text(told)
    # Thousands of times what a line takes, and a thousandth of what a bad expression would.
    assert time.perf_counter() - began < 2
