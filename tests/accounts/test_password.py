"""A forgotten, a changed and a leaked password."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from apps.accounts.models import User
from tests.accounts.conftest import is_signed_in, link_in, sign_in_by_password, text_of
from tests.conftest import PASSWORD, Browser

ReadMail = Callable[[], EmailMessage]
RESET = "/accounts/password/reset/"
NEW = "a quite different staple of horses"


def ask_for_reset(browser: Browser, email: str, **extra: Any) -> Any:
    return browser.post(RESET, {"email": email}, **extra)


def path_of(link: str) -> str:
    return link.removeprefix("https://testserver")


def choose(browser: Browser, link: str, password: str) -> Any:
    form = browser.get(path_of(link)).headers["Location"]
    return browser.post(form, {"password1": password, "password2": password})


def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask_for_reset(anonymous, ada.email)
    choose(anonymous, link_in(read_mail()), NEW)
    sign_in_by_password(anonymous, ada.email, NEW)
    assert is_signed_in(anonymous)


def test_a_reset_ends_every_session_there_was(
    anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    elsewhere = Browser()
    sign_in_by_password(elsewhere, ada.email, PASSWORD)
    assert is_signed_in(elsewhere)
    ask_for_reset(anonymous, ada.email)
    choose(anonymous, link_in(read_mail()), NEW)
    assert not is_signed_in(elsewhere)


def test_a_reset_alone_signs_nobody_in(anonymous: Browser, ada: User, read_mail: ReadMail) -> None:
    ask_for_reset(anonymous, ada.email)
    choose(anonymous, link_in(read_mail()), NEW)
    assert not is_signed_in(anonymous)


def test_a_reset_link_works_once(anonymous: Browser, ada: User, read_mail: ReadMail) -> None:
    ask_for_reset(anonymous, ada.email)
    link = link_in(read_mail())
    choose(anonymous, link, NEW)
    again = Browser().get(path_of(link))
    assert again.status_code == 200
    assert "password1" not in again.content.decode()


def test_the_link_leaves_the_address_bar_before_the_form_is_shown(
    anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask_for_reset(anonymous, ada.email)
    link = link_in(read_mail())
    assert anonymous.get(path_of(link)).headers["Location"].endswith("-set-password/")


def test_a_forged_host_does_not_get_into_the_reset_link(
    anonymous: Browser, ada: User, read_mail: ReadMail, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "evil.example"]
    assert ask_for_reset(anonymous, ada.email, headers={"host": "evil.example"}).status_code == 302
    mail = read_mail()
    assert link_in(mail).startswith("https://testserver/accounts/password/reset/key/")
    assert "evil.example" not in mail.as_string()


def test_a_forged_host_does_not_get_into_the_mail_about_a_known_address(
    anonymous: Browser, ada: User, read_mail: ReadMail, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "evil.example"]
    fields = {"name": "Mallory", "email": ada.email, "password1": PASSWORD}
    anonymous.post("/accounts/signup/", fields, headers={"host": "evil.example"})
    mail = read_mail()
    assert mail["Subject"] == "You already have an account with Slipway"
    assert link_in(mail) == "https://testserver/accounts/login/"
    assert "evil.example" not in mail.as_string()


def test_a_reset_is_told_to_the_owner_of_the_address(
    anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask_for_reset(anonymous, ada.email)
    choose(anonymous, link_in(read_mail()), NEW)
    notice = read_mail()
    assert (notice["To"], notice["Subject"]) == (ada.email, "Your password was changed")
    assert "127.0.0.1" in text_of(notice)


def test_a_changed_password_keeps_this_session_ends_the_others_and_is_told(
    anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    elsewhere = Browser()
    sign_in_by_password(elsewhere, ada.email, PASSWORD)
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    anonymous.post("/accounts/password/change/", fields)
    assert is_signed_in(anonymous)
    assert not is_signed_in(elsewhere)
    assert read_mail()["Subject"] == "Your password was changed"


def test_whoever_has_an_unknown_address_is_told_that_it_has_no_account(
    anonymous: Browser, read_mail: ReadMail, db: None
) -> None:
    ask_for_reset(anonymous, "nobody@example.com")
    mail = read_mail()
    assert mail["To"] == "nobody@example.com"
    assert mail["Subject"] == "There is no account with this address at Slipway"
    assert link_in(mail) == "https://testserver/accounts/password/reset/"


@pytest.mark.parametrize("token", ["1-abc-0123456789abcdef", "zzz-set-password"])
def test_a_made_up_link_shows_a_page_and_no_form(anonymous: Browser, db: None, token: str) -> None:
    response = anonymous.get(f"{RESET}key/{token}/")
    assert response.status_code == 200
    assert "password1" not in response.content.decode()


@pytest.mark.parametrize(
    "password",
    ["ten chars!", "a" * 63 + "b", "correct horse " * 20, "größere Pferde, 馬と電池 🐴"],
    ids=["of ten", "of 64", "of 280", "of any letters"],
)
def test_a_password_may_be_long_and_of_any_letters_and_every_one_counts(
    password: str, anonymous: Browser, ada: User, read_mail: ReadMail
) -> None:
    ask_for_reset(anonymous, ada.email)
    choose(anonymous, link_in(read_mail()), password)
    sign_in_by_password(anonymous, ada.email, password[:-1])
    assert not is_signed_in(anonymous)
    sign_in_by_password(anonymous, ada.email, password)
    assert is_signed_in(anonymous)


def test_nothing_keeps_a_password_manager_from_the_fields(anonymous: Browser, db: None) -> None:
    for path, hint in (("login", "current-password"), ("signup", "new-password")):
        page = anonymous.get(f"/accounts/{path}/").content.decode()
        [field] = re.findall(r"<input[^>]*type=\"password\"[^>]*>", page)
        assert f'autocomplete="{hint}"' in field
        assert "maxlength" not in field
        assert "onpaste" not in field
