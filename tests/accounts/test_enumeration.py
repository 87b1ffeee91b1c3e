"""Nobody can find out who has an account: known and unknown addresses get the same answers."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.mail.models import Mail
from tests.accounts.conftest import SIGN_UP, QuickHasher, as_seen, sign_in_by_password
from tests.conftest import Browser

KNOWN, UNKNOWN = "ada@example.com", "eve@example.com"


def both(ask: Callable[[Browser, str], Any]) -> tuple[Any, Any]:
    known, unknown = (as_seen(ask(Browser(), address), address) for address in (KNOWN, UNKNOWN))
    return known, unknown


def sign_up(browser: Browser, address: str) -> Any:
    return browser.post("/accounts/signup/", {**SIGN_UP, "email": address})


def test_signing_up_answers_alike(ada: User) -> None:
    known, unknown = both(sign_up)
    assert known == unknown
    assert (known[0], known[1]["Location"]) == (302, "/accounts/confirm-email/")
    assert known[2]


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


def reset(browser: Browser, address: str) -> Any:
    return browser.post("/accounts/password/reset/", {"email": address})


def try_password(browser: Browser, address: str) -> Any:
    return sign_in_by_password(browser, address, "not the one")


def work_of(ask: Callable[[Browser, str], Any], address: str) -> dict[str, int]:
    """What it takes to answer: passwords hashed, mails and jobs written, questions asked."""
    before = QuickHasher.count, Mail.objects.count(), Job.objects.count()
    with CaptureQueriesContext(connection) as queries:
        ask(Browser(), address)
    after = QuickHasher.count, Mail.objects.count(), Job.objects.count()
    hashes, mails, jobs = (now - then for now, then in zip(after, before, strict=True))
    return {"hashes": hashes, "mails": mails, "jobs": jobs, "questions": len(queries)}


@pytest.mark.parametrize(
    ("ask", "work", "apart"),
    [
        (sign_up, {"hashes": 1, "mails": 1, "jobs": 1}, 2),
        (try_password, {"hashes": 1, "mails": 0, "jobs": 0}, 0),
        (reset, {"hashes": 0, "mails": 1, "jobs": 1}, 0),
    ],
)
def test_a_known_and_an_unknown_address_cost_the_same_work(
    ask: Callable[[Browser, str], Any], work: dict[str, int], apart: int, ada: User
) -> None:
    known, unknown = work_of(ask, KNOWN), work_of(ask, UNKNOWN)
    assert abs(known.pop("questions") - unknown.pop("questions")) <= apart
    assert known == unknown == work


def test_an_account_that_is_written_for_the_sake_of_time_does_not_stay(ada: User) -> None:
    sign_up(Browser(), KNOWN)
    assert User.objects.get() == ada
    assert EmailAddress.objects.get().user == ada


# All kinds of accounts: whoever cannot get in cannot tell which it is, or whether it is one.


def without_password(user: User) -> None:
    user.set_unusable_password()
    user.save()


def closed(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def unproved(user: User) -> None:
    user.emailaddress_set.update(verified=False)


def with_second_step(user: User) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})


KINDS = [without_password, closed, unproved, with_second_step]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_is_answered_alike_and_with_the_same_work_whatever_the_account_is(
    kind: Callable[[User], None], ada: User
) -> None:
    kind(ada)
    known, unknown = both(try_password)
    assert known == unknown
    assert work_of(try_password, KNOWN) == work_of(try_password, UNKNOWN)


@pytest.mark.parametrize("kind", KINDS)
def test_signing_up_and_asking_for_a_password_are_answered_alike_whatever_the_account_is(
    kind: Callable[[User], None], ada: User
) -> None:
    kind(ada)
    for ask in (sign_up, reset):
        before = Mail.objects.count()
        known, unknown = both(ask)
        assert known == unknown
        assert Mail.objects.count() - before == 2
