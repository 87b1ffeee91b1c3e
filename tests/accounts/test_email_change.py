"""Another e-mail address: the password, a code to the old one, a code to the new one."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.account.internal.flows import code_verification
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from tests.accounts.conftest import code_in, is_signed_in, sign_in_by_password, text_of
from tests.conftest import PASSWORD, Browser, Mailbox

ReadMail = Callable[[], EmailMessage]
ADDRESS, OLD, NEW = "/accounts/email/", "/account/email/", "/accounts/confirm-email/"
REAUTHENTICATE = "/accounts/reauthenticate/"


@pytest.fixture
def browser(anonymous: Browser, ada: User) -> Browser:
    """Ada's, signed in."""
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    return anonymous


def ask(browser: Browser, address: str) -> Any:
    """Ask for the change and type the password that this needs."""
    asked = browser.post(ADDRESS, {"email": address})
    if asked.headers.get("Location", "").startswith(REAUTHENTICATE):
        return browser.post(REAUTHENTICATE, {"password": PASSWORD, "next": ADDRESS})
    return asked


def address_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


def test_the_address_changes_once_both_codes_are_typed_and_both_addresses_are_told(
    browser: Browser, ada: User, mailbox: Mailbox, read_mail: ReadMail, do_jobs: Callable[[], int]
) -> None:
    assert ask(browser, "ada@new.example").headers["Location"] == OLD
    first = read_mail()
    assert (first["To"], "ada@new.example" in text_of(first)) == ("ada@example.com", True)
    assert browser.post(OLD, {"code": code_in(first)}).headers["Location"] == NEW
    second = read_mail()
    assert second["To"] == "ada@new.example"
    assert code_in(first) != code_in(second)
    assert address_of(ada) == "ada@example.com"
    assert browser.post(NEW, {"code": code_in(second)}).headers["Location"] == ADDRESS
    assert address_of(ada) == ada.emailaddress_set.get().email == "ada@new.example"
    do_jobs()
    told = {each["To"]: text_of(each) for each in mailbox.messages}
    assert set(told) == {"ada@example.com", "ada@new.example"}
    for text in told.values():
        assert "from ada@example.com to ada@new.example" in text


def test_nothing_is_asked_for_without_the_password(
    browser: Browser, ada: User, do_jobs: Callable[[], int]
) -> None:
    asked = browser.post(ADDRESS, {"email": "ada@new.example"})
    assert asked.headers["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Femail%2F"
    fields = {"password": "not the password", "next": ADDRESS}
    assert browser.post(REAUTHENTICATE, fields).status_code == 200
    assert browser.get(OLD).headers["Location"] == ADDRESS
    assert do_jobs() == 0


def test_the_new_address_is_sent_nothing_before_the_old_one_has_confirmed(
    browser: Browser, ada: User, mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    ask(browser, "ada@new.example")
    assert browser.get(NEW).headers["Location"] == ADDRESS
    for fields in ({"email": "ada@new.example", "action_send": ""}, {"code": "XXXX-XXXX"}):
        browser.post(ADDRESS, fields)
        browser.post(NEW, fields)
    do_jobs()
    assert {each["To"] for each in mailbox.messages} == {"ada@example.com"}


def test_the_first_code_alone_changes_nothing_and_does_not_do_for_the_second(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask(browser, "ada@new.example")
    code = code_in(read_mail())
    browser.post(OLD, {"code": code})
    assert browser.post(NEW, {"code": code}).status_code == 200
    assert address_of(ada) == "ada@example.com"


def test_the_first_code_works_once(browser: Browser, ada: User, read_mail: ReadMail) -> None:
    ask(browser, "ada@new.example")
    code = code_in(read_mail())
    browser.post(OLD, {"code": code})
    assert browser.post(OLD, {"code": code}).headers["Location"] == ADDRESS
    ask(browser, "ada@other.example")
    assert browser.post(OLD, {"code": code}).status_code == 200


def test_the_first_code_works_in_the_browser_that_asked_alone(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    elsewhere = Browser()
    sign_in_by_password(elsewhere, ada.email, PASSWORD)
    ask(browser, "ada@new.example")
    code = code_in(read_mail())
    assert elsewhere.post(OLD, {"code": code}).headers["Location"] == ADDRESS


def test_the_third_wrong_code_ends_the_attempt(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask(browser, "ada@new.example")
    code = code_in(read_mail())
    for _ in range(2):
        assert browser.post(OLD, {"code": "XXXX-XXXX"}).status_code == 200
    ended = browser.post(OLD, {"code": "XXXX-XXXX"}, follow=True)
    assert "Begin again" in ended.content.decode()
    assert browser.post(OLD, {"code": code}).headers["Location"] == ADDRESS


@pytest.mark.parametrize("page", [OLD, NEW])
def test_a_code_is_good_for_ten_minutes(
    page: str, browser: Browser, read_mail: ReadMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser, "ada@new.example")
    if page == NEW:
        browser.post(OLD, {"code": code_in(read_mail())})
    code, now = code_in(read_mail()), code_verification.time.time()
    monkeypatch.setattr(code_verification.time, "time", lambda: now + 595)
    assert browser.get(page).status_code == 200
    monkeypatch.setattr(code_verification.time, "time", lambda: now + 605)
    assert browser.post(page, {"code": code}).headers["Location"] == ADDRESS


def test_a_second_change_replaces_the_first(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask(browser, "ada@new.example")
    first = code_in(read_mail())
    ask(browser, "ada@other.example")
    assert browser.post(OLD, {"code": first}).status_code == 200
    assert "ada@other.example" in browser.get(OLD).content.decode()


def test_a_change_does_not_outlive_the_address_that_it_was_asked_from(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask(browser, "ada@new.example")
    code = code_in(read_mail())
    User.objects.update(email="ada@moved.example")
    assert browser.post(OLD, {"code": code}).headers["Location"] == ADDRESS


def test_the_page_shows_a_change_that_is_under_way(browser: Browser, ada: User) -> None:
    ask(browser, "ada@new.example")
    page = browser.get(ADDRESS).content.decode()
    assert "ada@new.example" in page
    assert f'href="{OLD}"' in page


def change(browser: Browser, address: str, read_mail: ReadMail) -> Any:
    ask(browser, address)
    browser.post(OLD, {"code": code_in(read_mail())})
    return browser.post(NEW, {"code": code_in(read_mail())})


def test_a_change_ends_every_other_session(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    elsewhere = Browser()
    sign_in_by_password(elsewhere, ada.email, PASSWORD)
    change(browser, "ada@new.example", read_mail)
    assert is_signed_in(browser)
    assert not is_signed_in(elsewhere)


@pytest.mark.parametrize("verified", [True, False], ids=["verified", "not yet verified"])
def test_an_address_that_has_an_account_cannot_be_taken_even_with_both_codes(
    verified: bool,
    browser: Browser,
    ada: User,
    make_user: Callable[..., User],
    read_mail: ReadMail,
) -> None:
    make_user("ben@example.com").emailaddress_set.update(verified=verified)
    page = change(browser, "ben@example.com", read_mail).content.decode()
    assert "another account with this e-mail address" in page
    assert address_of(ada) == "ada@example.com"


@pytest.mark.parametrize("address", ["ada@example.com", "ADA@example.com", "not an address", ""])
def test_an_address_that_makes_no_sense_is_refused(
    address: str, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    response = ask(browser, address)
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    assert do_jobs() == 0


# Somebody who lost the old mailbox


def test_support_moves_a_person_who_then_proves_the_new_address(
    browser: Browser, ada: User, mailbox: Mailbox, read_mail: ReadMail, do_jobs: Callable[[], int]
) -> None:
    call_command("change_email", "Ada@Example.com", "Ada@New.example")
    assert not is_signed_in(browser)
    do_jobs()
    assert {each["To"] for each in mailbox.messages} == {"ada@example.com", "ada@new.example"}
    assert sign_in_by_password(browser, "ada@new.example", PASSWORD).headers["Location"] == NEW
    browser.post(NEW, {"code": code_in(read_mail())})
    assert is_signed_in(browser)
    assert address_of(ada) == ada.emailaddress_set.get().email == "ada@new.example"
    sign_in_by_password(stranger := Browser(), "ada@example.com", PASSWORD)
    assert not is_signed_in(stranger)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("nobody@example.com", "ada@new.example", "Nobody has the address"),
        ("ada@example.com", "not an address", "is not an e-mail address"),
        ("ada@example.com", "BEN@example.com", "There is an account"),
    ],
)
def test_support_is_told_what_cannot_be_done(
    old: str, new: str, reason: str, ada: User, make_user: Callable[..., User]
) -> None:
    make_user("ben@example.com")
    with pytest.raises(CommandError, match=reason):
        call_command("change_email", old, new)
    assert address_of(ada) == "ada@example.com"
