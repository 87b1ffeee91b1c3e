"""Nobody can find out who has an account: known and unknown addresses get the same answers."""

import re
from collections.abc import Callable
from typing import Any

from apps.accounts.models import User
from apps.mail.models import Mail
from tests.accounts.conftest import SIGN_UP, QuickHasher, sign_in_by_password
from tests.conftest import Browser

KNOWN, UNKNOWN = "ada@example.com", "eve@example.com"


def answer(response: Any, address: str) -> tuple[int, str, str]:
    """What a stranger sees, without what differs in every answer."""
    body = re.sub(r'value="[A-Za-z0-9]{64}"|"X-CSRFToken": "\w+"', "", response.content.decode())
    return response.status_code, response.headers.get("Location", ""), body.replace(address, "…")


def both(ask: Callable[[Browser, str], Any]) -> tuple[Any, Any]:
    return tuple(answer(ask(Browser(), address), address) for address in (KNOWN, UNKNOWN))  # type: ignore[return-value]  # two


def sign_up(browser: Browser, address: str) -> Any:
    return browser.post("/accounts/signup/", {**SIGN_UP, "email": address})


def test_signing_up_answers_alike(ada: User) -> None:
    known, unknown = both(sign_up)
    assert known == unknown == (302, "/accounts/confirm-email/", "")


def test_the_page_for_the_code_is_alike(ada: User) -> None:
    def see(browser: Browser, address: str) -> Any:
        sign_up(browser, address)
        return browser.get("/accounts/confirm-email/")

    known, unknown = both(see)
    assert known == unknown
    assert known[0] == 200


def test_a_wrong_code_is_answered_alike(ada: User) -> None:
    def try_code(browser: Browser, address: str) -> Any:
        sign_up(browser, address)
        return browser.post("/accounts/confirm-email/", {"code": "XXXX-XXXX"})

    known, unknown = both(try_code)
    assert known == unknown


def test_asking_for_another_code_is_answered_alike(ada: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": None}

    def ask_again(browser: Browser, address: str) -> Any:
        sign_up(browser, address)
        return browser.post("/accounts/confirm-email/", {"action": "resend"}, follow=True)

    known, unknown = both(ask_again)
    assert known == unknown


def test_asking_for_a_new_password_is_answered_alike(ada: User) -> None:
    def ask(browser: Browser, address: str) -> Any:
        return browser.post("/accounts/password/reset/", {"email": address}, follow=True)

    known, unknown = both(ask)
    assert known == unknown


def test_a_wrong_password_is_answered_alike(ada: User) -> None:
    known, unknown = both(lambda browser, who: sign_in_by_password(browser, who, "not the one"))
    assert known == unknown


def test_signing_up_costs_the_same_work_for_a_known_and_an_unknown_address(ada: User) -> None:
    counts = []
    for address in (KNOWN, UNKNOWN):
        before = QuickHasher.count, Mail.objects.count()
        sign_up(Browser(), address)
        counts.append((QuickHasher.count - before[0], Mail.objects.count() - before[1]))
    assert counts[0] == counts[1] == (1, 1)


def test_a_wrong_password_costs_the_same_work_for_a_known_and_an_unknown_address(
    ada: User,
) -> None:
    counts = []
    for address in (KNOWN, UNKNOWN):
        before = QuickHasher.count
        sign_in_by_password(Browser(), address, "not the one")
        counts.append(QuickHasher.count - before)
    assert counts[0] == counts[1] > 0
