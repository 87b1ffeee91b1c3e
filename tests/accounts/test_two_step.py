"""Two-step sign-in: an authenticator app, recovery codes, and what is asked and told about them."""

import re
import time
from collections.abc import Callable
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal import auth
from django.core.cache import cache

from apps.accounts import totp
from apps.accounts.models import User
from tests.accounts.conftest import (
    HOME,
    is_signed_in,
    link_in,
    sign_in_by_password,
)
from tests.accounts.factors import (
    ACTIVATE,
    CODES,
    SECURITY,
    STEP,
    add_passkey,
    authenticators,
    code_of,
    confirm,
    forget_used_codes,
    half_in,
    next_code,
    secret_on,
    set_up_app,
)
from tests.conftest import PASSWORD, Browser

DEACTIVATE = "/accounts/2fa/totp/deactivate/"
GENERATE = "/accounts/2fa/recovery-codes/generate/"
WRONG = "This is not the code"
ReadMail = Callable[[], EmailMessage]
Capture = Callable[..., Any]


# The authenticator app


def test_an_app_is_set_up_and_then_asked_for(browser: Browser, ada: User) -> None:
    secret = set_up_app(browser)
    assert authenticators(ada) == ["recovery_codes", "totp"]
    another = half_in(ada)
    assert not is_signed_in(another)
    assert another.post(STEP, {"code": next_code(secret)}).headers["Location"] == HOME
    assert is_signed_in(another)


def test_the_page_that_asked_for_the_sign_in_is_gone_back_to_after_the_second_step(
    browser: Browser, ada: User
) -> None:
    secret, another = set_up_app(browser), Browser()
    sign_in_by_password(another, ada.email, PASSWORD, next="/workspaces/new/")
    answer = another.post(STEP, {"code": next_code(secret)})
    assert answer.headers["Location"] == "/workspaces/new/"


def test_the_app_can_be_told_by_scanning_by_a_link_and_by_typing(browser: Browser) -> None:
    confirm(browser)
    answer = browser.get(ACTIVATE)
    page = answer.content.decode()
    secret = secret_on(page)
    link = urlsplit(answer.context["totp_url"])
    assert (link.scheme, link.netloc, link.path) == ("otpauth", "totp", "/ada%40example.com")
    assert parse_qs(link.query) == {"secret": [secret], "issuer": ["Slipway"]}
    assert re.search(r'<div class="scan"[^>]*><svg [^>]*>', page)
    assert "data:" not in page
    assert "<?xml" not in page


def test_each_view_of_the_page_shows_a_secret_of_its_own_and_an_error_keeps_it(
    browser: Browser,
) -> None:
    confirm(browser)
    first, second = (secret_on(browser.get(ACTIVATE).content.decode()) for _ in range(2))
    assert first != second
    page = browser.post(ACTIVATE, {"code": "000000"}).content.decode()
    assert WRONG in page
    assert secret_on(page) == second


@pytest.mark.parametrize(
    ("periods", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_taken_from_its_own_half_minute_and_the_one_beside_it(
    browser: Browser, ada: User, monkeypatch: pytest.MonkeyPatch, periods: int, taken: bool
) -> None:
    secret, another = set_up_app(browser), half_in(ada)
    forget_used_codes()
    now = time.time()
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: now))
    page = another.post(STEP, {"code": code_of(secret, periods=periods, now=now)})
    assert is_signed_in(another) is taken
    assert (WRONG in page.content.decode()) is not taken


def test_a_code_works_once_even_if_the_cache_forgot_it(browser: Browser, ada: User) -> None:
    code = next_code(set_up_app(browser))
    half_in(ada).post(STEP, {"code": code})
    cache.clear()
    replay = half_in(ada)
    assert WRONG in replay.post(STEP, {"code": code}).content.decode()
    assert not is_signed_in(replay)


def test_the_code_that_set_the_app_up_is_used_up(browser: Browser, ada: User) -> None:
    confirm(browser)
    secret = secret_on(browser.get(ACTIVATE).content.decode())
    code = code_of(secret)
    browser.post(ACTIVATE, {"code": code})
    cache.clear()
    another = half_in(ada)
    another.post(STEP, {"code": code})
    assert not is_signed_in(another)


def test_a_code_that_was_never_shown_uses_nothing_up(browser: Browser, ada: User) -> None:
    secret = set_up_app(browser)
    assert not totp.spend(ada, "not a code")
    assert totp.spend(ada, next_code(secret))


def test_guessing_codes_is_stopped_after_five_attempts(browser: Browser, ada: User) -> None:
    code = next_code(set_up_app(browser))
    another = half_in(ada)
    for guess in range(5):
        another.post(STEP, {"code": f"{guess:06}"})
    another.post(STEP, {"code": code})
    assert not is_signed_in(another)


def test_nothing_opens_between_the_two_steps(browser: Browser, ada: User) -> None:
    set_up_app(browser)
    another = half_in(ada)
    for path in ("/account/", "/workspaces/", SECURITY, CODES, ACTIVATE, "/accounts/email/"):
        assert another.get(path).headers["Location"].startswith("/accounts/login/?next=")


def test_the_second_step_is_nobodys_page_without_the_first(anonymous: Browser, db: None) -> None:
    assert anonymous.get(STEP).headers["Location"] == "/accounts/login/"
    assert anonymous.post(STEP, {"code": "000000"}).headers["Location"] == "/accounts/login/"


def test_a_session_that_somebody_planted_is_not_signed_in_with_its_victim(
    browser: Browser, ada: User
) -> None:
    """Session fixation: the key that was known before is dead after each of the two steps."""
    secret, victim, attacker = set_up_app(browser), Browser(), Browser()
    victim.get("/accounts/login/")
    sign_in_by_password(victim, ada.email, PASSWORD)
    attacker.cookies.load({"__Host-session": victim.cookies["__Host-session"].value})
    victim.post(STEP, {"code": next_code(secret)})
    assert is_signed_in(victim)
    assert not is_signed_in(attacker)


def test_a_new_password_does_not_get_around_the_second_step(
    browser: Browser, ada: User, read_mail: ReadMail
) -> None:
    set_up_app(browser)
    stranger = Browser()
    stranger.post("/accounts/password/reset/", {"email": ada.email})
    form = stranger.get(urlsplit(link_in(read_mail())).path).headers["Location"]
    new = "a quite different staple of horses"
    stranger.post(form, {"password1": new, "password2": new})
    assert not is_signed_in(stranger)
    assert sign_in_by_password(stranger, ada.email, new).headers["Location"] == STEP


def test_removing_the_app_takes_the_codes_along_and_asks_for_the_password_alone(
    browser: Browser, ada: User
) -> None:
    set_up_app(browser)
    assert ada.has_second_factor
    assert "Remove your authenticator app?" in browser.get(DEACTIVATE).content.decode()
    browser.post(DEACTIVATE)
    assert authenticators(ada) == []
    assert not ada.has_second_factor
    assert sign_in_by_password(Browser(), ada.email, PASSWORD).headers["Location"] == HOME


def test_somebody_without_an_app_has_none_to_remove(browser: Browser) -> None:
    assert browser.get(DEACTIVATE).status_code == 404


# Who is asked again


@pytest.mark.parametrize("path", [ACTIVATE, DEACTIVATE, CODES, GENERATE])
def test_a_sensitive_step_asks_who_it_is(browser: Browser, ada: User, path: str) -> None:
    if path != ACTIVATE:
        set_up_app(browser)
    another = Browser()
    another.force_login(ada)
    before = authenticators(ada)
    answers = [another.get(path)] + ([] if path == CODES else [another.post(path)])
    for answer in answers:
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert authenticators(ada) == before


def test_signing_in_alone_is_not_proof_enough(browser: Browser) -> None:
    assert browser.get(ACTIVATE).status_code == 302
    confirm(browser, "not the password")
    assert browser.get(ACTIVATE).status_code == 302
    confirm(browser)
    assert browser.get(ACTIVATE).status_code == 200


def test_five_minutes_later_it_is_asked_again(browser: Browser, settings: Any) -> None:
    confirm(browser)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert browser.get(ACTIVATE).status_code == 302


def test_a_code_confirms_who_it_is_once(browser: Browser, ada: User) -> None:
    secret, another = set_up_app(browser), Browser()
    another.force_login(ada)
    fields = {"code": next_code(secret), "next": GENERATE}
    another.post("/accounts/2fa/reauthenticate/", fields)
    assert another.get(GENERATE).status_code == 200
    replay = Browser()
    replay.force_login(ada)
    cache.clear()
    assert WRONG in replay.post("/accounts/2fa/reauthenticate/", fields).content.decode()
    assert replay.get(GENERATE).status_code == 302


def test_whoever_confirms_is_offered_every_way_that_they_have(browser: Browser, ada: User) -> None:
    set_up_app(browser)
    add_passkey(browser)
    page = browser.get("/accounts/reauthenticate/").content.decode()
    assert "Use a code" in page
    assert "Use a passkey" in page


def test_choosing_a_first_password_asks_who_it_is_and_keeps_none_meanwhile(
    browser: Browser, ada: User
) -> None:
    add_passkey(browser)
    User.objects.update(password="!")
    ada.refresh_from_db()
    another = Browser()
    another.force_login(ada)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    asked = another.post("/accounts/password/set/", new, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/2fa/")
    assert PASSWORD not in repr(dict(another.session))
    ada.refresh_from_db()
    assert not ada.has_usable_password()


# The overview


def test_the_overview_says_what_is_set_up_and_leads_to_each_step(browser: Browser) -> None:
    page = browser.get(SECURITY).content.decode()
    assert ">Off<" in page
    for path in (ACTIVATE, "/accounts/2fa/webauthn/add/", "/accounts/sessions/"):
        assert f'href="{path}"' in page
    set_up_app(browser)
    page = browser.get(SECURITY).content.decode()
    assert ">On<" in page
    assert "a code from your app" in page
    for path in (DEACTIVATE, GENERATE, "/accounts/password/change/"):
        assert f'href="{path}"' in page


def test_the_overview_is_found_from_the_profile_and_the_menu(browser: Browser) -> None:
    assert browser.get("/account/").content.decode().count(f'href="{SECURITY}"') == 3


def test_the_overview_costs_the_same_with_many_passkeys(
    browser: Browser, django_assert_num_queries: Any
) -> None:
    add_passkey(browser)
    add_passkey(browser)
    browser.get(SECURITY)  # which takes the messages out of the session
    # session, person, authenticators, sessions (2), connected accounts, memberships of the menu
    with django_assert_num_queries(7):
        browser.get(SECURITY)


def test_somebody_knows_in_one_query_whether_they_have_a_second_step(
    browser: Browser, ada: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert not ada.has_second_factor
    add_passkey(browser)
    with django_assert_num_queries(1):
        assert ada.has_second_factor
