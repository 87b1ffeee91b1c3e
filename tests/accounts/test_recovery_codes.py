"""Recovery codes, and what is kept, told and logged of two-step sign-in."""

from collections.abc import Callable
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any

import allauth.mfa
import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from apps.accounts import totp
from apps.accounts.models import User
from apps.accounts.sessions import SessionStore
from config.env import BASE_DIR
from tests.accounts.conftest import (
    is_signed_in,
    link_in,
    text_of,
)
from tests.accounts.factors import (
    CODES,
    SECURITY,
    STEP,
    add_passkey,
    authenticators,
    codes_on,
    confirm,
    forget_used_codes,
    half_in,
    next_code,
    set_up_app,
    take_codes,
)
from tests.conftest import Browser

DEACTIVATE = "/accounts/2fa/totp/deactivate/"
GENERATE = "/accounts/2fa/recovery-codes/generate/"
WRONG = "This is not the code"
ReadMail = Callable[[], EmailMessage]
Capture = Callable[..., Any]


def test_recovery_codes_are_shown_once(browser: Browser) -> None:
    set_up_app(browser)
    page = browser.get(CODES).content.decode()
    codes = codes_on(page)
    assert len({*codes}) == 10
    assert f'href="data:text/plain;charset=utf-8,{"%0A".join(codes)}%0A"' in page
    again = browser.get(CODES).content.decode()
    assert codes_on(again) == []
    assert not any(code in again for code in codes)
    assert "10 of 10 recovery codes left" in again


def test_a_recovery_code_signs_in_once(browser: Browser, ada: User) -> None:
    set_up_app(browser)
    first, second, *_ = take_codes(browser)
    another = half_in(ada)
    another.post(STEP, {"code": f" {first[:4]} {first[4:]}"})
    assert is_signed_in(another)
    replay = half_in(ada)
    assert WRONG in replay.post(STEP, {"code": first}).content.decode()
    replay.post(STEP, {"code": second})
    assert is_signed_in(replay)
    assert "8 left" in browser.get(SECURITY).content.decode()


def test_new_recovery_codes_replace_the_old(browser: Browser, ada: User) -> None:
    set_up_app(browser)
    old = take_codes(browser)[0]
    assert "The 10 that you have stop working." in browser.get(GENERATE).content.decode()
    assert browser.post(GENERATE).headers["Location"] == CODES
    new = take_codes(browser)[0]
    another = half_in(ada)
    another.post(STEP, {"code": old})
    assert not is_signed_in(another)
    another.post(STEP, {"code": new})
    assert is_signed_in(another)


def test_somebody_who_runs_out_of_codes_is_warned(browser: Browser) -> None:
    set_up_app(browser)
    assert "Make new ones" not in browser.get(SECURITY).content.decode()
    kept = Authenticator.objects.get(type="recovery_codes")
    kept.data["used_mask"] = 0b1111111
    kept.save()
    assert "You have 3 recovery codes left." in browser.get(SECURITY).content.decode()
    kept.data["used_mask"] = 0b1111111111
    kept.save()
    assert "You have no recovery codes left." in browser.get(SECURITY).content.decode()


def test_codes_come_with_a_second_step_and_not_alone(browser: Browser, ada: User) -> None:
    confirm(browser)
    assert browser.get(CODES).status_code == 404
    page = browser.post(GENERATE).content.decode()
    assert "recovery codes come with it" in page
    assert authenticators(ada) == []


# What is kept, told and logged


def test_secrets_are_encrypted_where_they_are_kept(browser: Browser) -> None:
    secret = set_up_app(browser)
    kept = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert kept.count("gAAAAA") == 2  # how what Fernet encrypts begins


def test_a_pending_secret_leaves_the_session_with_the_set_up(browser: Browser) -> None:
    secret = set_up_app(browser)
    assert secret not in repr(dict(SessionStore(browser.session.session_key).items()))


def test_a_new_secret_key_reads_what_the_former_wrote_and_writes_it_anew(
    browser: Browser, ada: User, settings: Any
) -> None:
    secret = set_up_app(browser)
    [code, *_] = take_codes(browser)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 10
    settings.SECRET_KEY_FALLBACKS = [former]
    assert totp.spend(ada, next_code(secret))
    out = StringIO()
    call_command("two_step", "reencrypt", stdout=out)
    assert "2 secrets" in out.getvalue()
    settings.SECRET_KEY_FALLBACKS = []
    forget_used_codes()
    assert totp.spend(ada, next_code(secret))
    another = half_in(ada)
    another.post(STEP, {"code": code})
    assert is_signed_in(another)
    settings.SECRET_KEY = "a third" * 10
    with pytest.raises(InvalidToken):
        totp.spend(ada, next_code(secret))


def test_whoever_lost_every_second_step_is_let_in_by_the_command_and_told(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    set_up_app(browser)
    add_passkey(browser)
    call_command("two_step", "remove", "Ada@Example.com", stdout=StringIO())
    assert authenticators(ada) == []
    mail = read_mail()
    assert (mail["To"], mail["Subject"]) == (ada.email, "Your two-step sign-in was switched off")
    assert link_in(mail) == "https://testserver/accounts/2fa/"


@pytest.mark.parametrize(
    "words", [["remove"], ["reencrypt", "ada@example.com"], ["remove", "nobody@example.com"]]
)
def test_the_command_refuses_what_it_cannot_do(db: None, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("two_step", *words)


def test_every_event_is_told_by_mail(
    browser: Browser,
    ada: User,
    read_mail: ReadMail,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    browser.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(browser)
    mail = read_mail()
    assert (mail["To"], mail["Subject"]) == (ada.email, "An authenticator app was set up")
    assert "From: 127.0.0.1" in text_of(mail)
    assert "With: Firefox on Linux" in text_of(mail)
    assert "It was not you?" in text_of(mail)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(GENERATE)
    assert read_mail()["Subject"] == "You have new recovery codes"
    half_in(ada).post(STEP, {"code": take_codes(browser)[0]})
    mail = read_mail()
    assert mail["Subject"] == "A recovery code was used"
    assert "Codes left: 9." in text_of(mail)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(DEACTIVATE)
    assert read_mail()["Subject"] == "Your authenticator app was removed"


def test_every_mail_of_the_library_about_it_is_ours() -> None:
    folder = Path(allauth.mfa.__file__).parent.parent / "templates" / "mfa" / "email"
    theirs = {path.name.removesuffix("_subject.txt") for path in folder.glob("*_subject.txt")}
    assert len(theirs) == 5
    for name in theirs:
        assert (BASE_DIR / f"templates/mail/{name}.html").exists()


def test_every_message_of_the_library_about_it_is_ours() -> None:
    folder = Path(allauth.mfa.__file__).parent.parent / "templates" / "mfa" / "messages"
    for path in folder.glob("*.txt"):
        assert (BASE_DIR / "templates/mfa/messages" / path.name).exists()


def test_refused_codes_are_logged_and_no_code_is(browser: Browser, ada: User) -> None:
    code = next_code(set_up_app(browser))
    another = half_in(ada)
    with capture_logs() as logs:
        another.post(STEP, {"code": "314159"})
        another.post(STEP, {"code": code})
    events = [line["event"] for line in logs if line["event"].startswith("signin.")]
    assert events == ["signin.wrong_second_step", "signin.second_step", "signin.succeeded"]
    assert "314159" not in repr(logs)
    assert code not in repr(logs)


def test_what_is_set_up_and_removed_is_logged(
    browser: Browser, ada: User, django_capture_on_commit_callbacks: Capture
) -> None:
    with capture_logs() as logs, django_capture_on_commit_callbacks(execute=True):
        set_up_app(browser)
        browser.post(DEACTIVATE)
    told = [
        (line["event"], line["type"], line["user"])
        for line in logs
        if "second_step_" in line["event"]
    ]
    assert sorted(told) == [
        ("signin.second_step_added", "recovery_codes", ada.pk),
        ("signin.second_step_added", "totp", ada.pk),
        ("signin.second_step_removed", "recovery_codes", ada.pk),
        ("signin.second_step_removed", "totp", ada.pk),
    ]
