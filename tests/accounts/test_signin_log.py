"""The log of sign-ins tells who tried, without an address or a password."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.accounts.models import User
from apps.accounts.signin import fingerprint
from tests.accounts.conftest import SIGN_UP, sign_in_by_password
from tests.conftest import PASSWORD, Browser

WRONG = "not the password of anybody"


def signins(logs: list[Any]) -> list[Any]:
    return [line for line in logs if line["event"].startswith("signin.")]


def test_a_failure_is_logged_with_a_fingerprint_of_the_address(
    anonymous: Browser, ada: User
) -> None:
    with capture_logs() as logs:
        sign_in_by_password(anonymous, " Ada@Example.com", WRONG)
    [line] = signins(logs)
    assert line == {
        "event": "signin.failed",
        "log_level": "warning",
        "address": fingerprint("ada@example.com"),
        "ip": "127.0.0.1",
    }


def test_a_success_is_logged_with_the_person(anonymous: Browser, ada: User) -> None:
    with capture_logs() as logs:
        sign_in_by_password(anonymous, ada.email, PASSWORD)
    [line] = signins(logs)
    assert (line["event"], line["user"]) == ("signin.succeeded", ada.pk)


def test_an_attempt_that_the_limits_stop_is_logged(anonymous: Browser, ada: User) -> None:
    with capture_logs() as logs:
        for _ in range(6):
            sign_in_by_password(anonymous, ada.email, WRONG)
    events = [line["event"] for line in signins(logs)]
    assert events == ["signin.failed"] * 5 + ["signin.limited"]


def test_a_wrong_code_is_logged(anonymous: Browser, db: None) -> None:
    anonymous.post("/accounts/signup/", SIGN_UP)
    with capture_logs() as logs:
        anonymous.post("/accounts/confirm-email/", {"code": "XXXX-XXXX"})
    [line] = signins(logs)
    assert (line["event"], line["address"]) == (
        "signin.wrong_code",
        fingerprint("ada@example.com"),
    )


def test_no_line_holds_an_address_or_a_password(anonymous: Browser, ada: User) -> None:
    with capture_logs() as logs:
        sign_in_by_password(anonymous, ada.email, WRONG)
        sign_in_by_password(anonymous, "nobody@example.com", WRONG)
        sign_in_by_password(anonymous, ada.email, PASSWORD)
    written = repr(logs)
    assert len(signins(logs)) == 3
    assert not any(secret in written for secret in ("@example.com", WRONG, PASSWORD))


@pytest.mark.parametrize("same", ["ada@example.com", "ADA@example.com", "  ada@example.com "])
def test_a_fingerprint_is_the_same_however_the_address_is_written(same: str) -> None:
    assert fingerprint(same) == fingerprint("ada@example.com")
    assert len(fingerprint(same)) == 12


def test_a_fingerprint_needs_our_key(settings: Any) -> None:
    ours = fingerprint("ada@example.com")
    settings.SECRET_KEY = "another" * 10
    assert fingerprint("ada@example.com") != ours


def test_the_log_has_a_name_of_its_own(
    anonymous: Browser, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in_by_password(anonymous, ada.email, WRONG)
    assert "slipway.signin" in {record.name for record in caplog.records}
