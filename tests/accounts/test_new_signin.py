"""A sign-in with a browser and from a place that an account has not seen is told to its owner."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.core.cache import cache

from apps.accounts.models import User
from tests.accounts.conftest import is_signed_in, sign_in_by_password, text_of
from tests.conftest import PASSWORD, Browser, Mailbox

PHONE = "Mozilla/5.0 (iPhone) Version/19.0 Safari/605"


@pytest.fixture
def known(ada: User) -> Browser:
    """The browser that Ada signed in with for the first time, at home."""
    browser = Browser(REMOTE_ADDR="203.0.113.7")
    sign_in_by_password(browser, ada.email, PASSWORD)
    return browser


def sign_in_again(browser: Browser, user: User) -> None:
    browser.post("/accounts/logout/")
    sign_in_by_password(browser, user.email, PASSWORD)
    assert is_signed_in(browser)


def test_the_first_sign_in_of_all_is_no_news(known: Browser, do_jobs: Callable[[], int]) -> None:
    assert is_signed_in(known)
    assert do_jobs() == 0


def test_a_stranger_with_the_password_is_told_of(
    known: Browser, ada: User, read_mail: Callable[[], EmailMessage]
) -> None:
    thief = Browser(REMOTE_ADDR="198.51.100.9", headers={"user-agent": PHONE})
    sign_in_by_password(thief, ada.email, PASSWORD)
    mail = read_mail()
    assert mail["To"] == ada.email
    assert mail["Subject"] == "Somebody signed in from a new place at Slipway"
    assert "From: 198.51.100.9" in text_of(mail)
    assert "With: Safari on iPhone" in text_of(mail)


def test_a_place_is_told_of_once(
    known: Browser, ada: User, do_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    phone = Browser(REMOTE_ADDR="198.51.100.9")
    sign_in_by_password(phone, ada.email, PASSWORD)
    assert do_jobs() == 1
    sign_in_again(phone, ada)
    assert do_jobs() == 0


def test_a_browser_that_is_known_may_be_anywhere_and_another_one_at_home(
    known: Browser, ada: User, do_jobs: Callable[[], int]
) -> None:
    sign_in_by_password(Browser(REMOTE_ADDR="203.0.113.7"), ada.email, PASSWORD)
    cache.clear()  # the addresses are gone, the browser's cookie is not
    known.defaults["REMOTE_ADDR"] = "198.51.100.9"
    sign_in_again(known, ada)
    assert do_jobs() == 0


def test_whom_a_browser_knows_is_no_help_with_anybody_elses_account(
    known: Browser,
    make_user: Callable[..., User],
    do_jobs: Callable[[], int],
    mailbox: Mailbox,
) -> None:
    ben = make_user("ben@example.com", password=PASSWORD)
    sign_in_by_password(Browser(REMOTE_ADDR="192.0.2.1"), ben.email, PASSWORD)
    sign_in_again(known, ben)
    assert do_jobs() == 1
    assert mailbox.messages[-1]["To"] == ben.email


def test_a_wrong_password_is_told_of_to_nobody(
    known: Browser, ada: User, do_jobs: Callable[[], int]
) -> None:
    sign_in_by_password(Browser(REMOTE_ADDR="198.51.100.9"), ada.email, "not the password")
    assert do_jobs() == 0
