"""Signing up: a name, an address, a password, and a code that proves the address."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.mail.models import Mail
from tests.accounts.conftest import HOME, SIGN_UP, code_in, is_signed_in, sign_in_by_password
from tests.conftest import PASSWORD, Browser, Mailbox

ReadMail = Callable[[], EmailMessage]
CONFIRM = "/accounts/confirm-email/"


def sign_up(browser: Browser, **changes: str) -> Any:
    return browser.post("/accounts/signup/", {**SIGN_UP, **changes})


def test_a_newcomer_signs_up_types_the_code_and_is_in(
    anonymous: Browser, read_mail: ReadMail
) -> None:
    assert sign_up(anonymous).headers["Location"] == CONFIRM
    assert not is_signed_in(anonymous)
    mail = read_mail()
    assert mail["To"] == "ada@example.com"
    response = anonymous.post(CONFIRM, {"code": code_in(mail)})
    assert response.headers["Location"] == HOME
    assert is_signed_in(anonymous)
    user = User.objects.get()
    assert (user.name, user.email) == ("Ada Lovelace", "ada@example.com")
    assert user.emailaddress_set.get().verified


def test_a_wrong_code_lets_nobody_in_and_the_third_ends_the_attempt(
    anonymous: Browser, read_mail: ReadMail
) -> None:
    sign_up(anonymous)
    code = code_in(read_mail())
    for _ in range(3):
        anonymous.post(CONFIRM, {"code": "XXXX-XXXX"})
    anonymous.post(CONFIRM, {"code": code})
    assert not is_signed_in(anonymous)


def test_a_code_works_in_the_browser_that_signed_up_alone(
    anonymous: Browser, read_mail: ReadMail
) -> None:
    sign_up(anonymous)
    thief = Browser()
    thief.post(CONFIRM, {"code": code_in(read_mail())})
    assert not is_signed_in(thief)


def test_a_new_code_can_be_asked_for_and_replaces_the_old(
    anonymous: Browser, read_mail: ReadMail, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": None}
    sign_up(anonymous)
    old = code_in(read_mail())
    assert anonymous.post(CONFIRM, {"action": "resend"}).headers["Location"] == CONFIRM
    new = code_in(read_mail())
    assert anonymous.post(CONFIRM, {"code": old}).status_code == 200
    anonymous.post(CONFIRM, {"code": new})
    assert is_signed_in(anonymous)


def test_whoever_left_before_the_code_gets_another_when_signing_in(
    anonymous: Browser, read_mail: ReadMail, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": None}
    sign_up(anonymous)
    read_mail()
    later = Browser()
    assert sign_in_by_password(later, "ada@example.com", PASSWORD).headers["Location"] == CONFIRM
    later.post(CONFIRM, {"code": code_in(read_mail())})
    assert is_signed_in(later)


def test_signing_up_from_an_invitation_comes_back_to_it(
    anonymous: Browser, read_mail: ReadMail
) -> None:
    invitation = "/invitations/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"
    page = anonymous.get("/accounts/signup/", {"next": invitation, "email": "ada@example.com"})
    assert f'name="next" value="{invitation}"' in page.content.decode()
    assert 'value="ada@example.com"' in page.content.decode()
    sign_up(anonymous, next=invitation)
    response = anonymous.post(CONFIRM, {"code": code_in(read_mail())})
    assert response.headers["Location"] == invitation


def test_an_address_is_kept_in_lower_case(anonymous: Browser, read_mail: ReadMail) -> None:
    sign_up(anonymous, email="Ada@Example.COM")
    anonymous.post(CONFIRM, {"code": code_in(read_mail())})
    assert User.objects.get().email == "ada@example.com"
    assert sign_in_by_password(Browser(), "ADA@example.com", PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "name", ["", "   ", "Win at https://evil.example", "www.evil.example", "<b>Ada</b>", "A" * 121]
)
def test_a_name_that_would_be_an_advertisement_in_mail_is_refused(
    anonymous: Browser, db: None, name: str
) -> None:
    response = sign_up(anonymous, name=name)
    assert response.status_code == 200
    assert response.context["form"].errors["name"]
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short", "password1234", "12345678901", "ada@example.com"])
def test_a_password_that_is_easily_guessed_is_refused(
    anonymous: Browser, db: None, password: str
) -> None:
    response = sign_up(anonymous, password1=password)
    assert response.context["form"].errors["password1"]
    assert not User.objects.exists()


def test_the_code_and_the_password_are_in_no_job_and_in_no_sent_mail(
    anonymous: Browser, read_mail: ReadMail, mailbox: Mailbox
) -> None:
    sign_up(anonymous)
    code = code_in(read_mail())
    rows = [*Job.objects.all(), *Mail.objects.all()]
    assert len(rows) == 2
    for row in rows:
        for secret in (code, code.replace("-", ""), PASSWORD):
            assert not any(secret in str(value) for value in vars(row).values())


def test_the_password_is_in_no_mail(
    anonymous: Browser, read_mail: ReadMail, mailbox: Mailbox
) -> None:
    sign_up(anonymous)
    assert PASSWORD not in read_mail().as_string()


def test_a_sign_up_that_fails_in_the_end_sends_no_code(
    anonymous: Browser, mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    sign_up(anonymous, password1="short")
    assert do_jobs() == 0
    assert not mailbox.messages


def test_whoever_signs_up_too_often_sees_a_page_that_says_so(
    anonymous: Browser, db: None, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    sign_up(anonymous)
    response = sign_up(Browser(), email="ben@example.com")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    assert response.headers["X-Request-ID"] in response.content.decode()
