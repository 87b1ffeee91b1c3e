"""No stranger shuts anybody out of their account, and nobody guesses faster for having been in."""

from collections.abc import Callable
from typing import Any

from apps.accounts.models import User
from tests.accounts.conftest import is_signed_in, link_in
from tests.conftest import PASSWORD, Browser
from tests.core.attempts import ELSEWHERE, HOME, OFFICE, RESET, STRANGERS, sign_in, use_up


def test_an_owner_gets_in_from_the_usual_address_while_strangers_try(ada: User) -> None:
    sign_in(PASSWORD, at=HOME)
    use_up(*STRANGERS)
    browser = Browser()
    assert sign_in(PASSWORD, at=HOME, browser=browser).status_code == 302
    assert is_signed_in(browser)


def test_an_owner_gets_in_from_anywhere_in_a_browser_that_was_in_before(ada: User) -> None:
    browser = Browser()
    sign_in(PASSWORD, at=HOME, browser=browser)
    browser.post("/accounts/logout/")
    use_up(*STRANGERS)
    assert sign_in(PASSWORD, at=ELSEWHERE, browser=browser).status_code == 302
    assert is_signed_in(browser)


def test_an_owner_in_a_new_place_gets_in_by_a_mailed_link(
    ada: User, read_mail: Callable[[], Any]
) -> None:
    use_up(*STRANGERS)
    browser = Browser()
    assert sign_in(PASSWORD, at=ELSEWHERE, browser=browser).status_code == 429
    browser.post(RESET, {"email": ada.email}, REMOTE_ADDR=ELSEWHERE)
    form: Any = browser.get(link_in(read_mail()), follow=True, REMOTE_ADDR=ELSEWHERE)
    renewed = "another correct horse battery"
    twice = {"password1": renewed, "password2": renewed}
    browser.post(form.request["PATH_INFO"], twice, REMOTE_ADDR=ELSEWHERE)
    assert sign_in(renewed, at=ELSEWHERE, browser=browser).status_code == 302
    assert is_signed_in(browser)


def test_a_dozen_failures_of_strangers_keep_nobody_out(ada: User) -> None:
    """As django-allauth's own count by account alone would, after five."""
    for number in range(12):
        assert sign_in(at=f"10.0.0.{number}").status_code == 200
    browser = Browser()
    assert sign_in(PASSWORD, at=ELSEWHERE, browser=browser).status_code == 302
    assert is_signed_in(browser)


def test_strangers_at_the_owners_address_do_not_shut_out_the_owners_browser(ada: User) -> None:
    browser = Browser()
    sign_in(PASSWORD, at=OFFICE, browser=browser)
    browser.post("/accounts/logout/")
    use_up(OFFICE)
    assert sign_in(PASSWORD, at=OFFICE).status_code == 429
    assert sign_in(PASSWORD, at=OFFICE, browser=browser).status_code == 302


def test_who_was_in_before_guesses_no_faster_by_rotating_addresses(ada: User) -> None:
    browser = Browser()
    sign_in(PASSWORD, at=HOME, browser=browser)
    browser.post("/accounts/logout/")
    answers = [sign_in(at=f"10.0.0.{number}", browser=browser).status_code for number in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_browser_known_to_one_account_is_a_stranger_to_another(
    ada: User, make_user: Callable[..., User]
) -> None:
    make_user("eve@example.com", password=PASSWORD)
    browser = Browser()
    sign_in(PASSWORD, "eve@example.com", at=ELSEWHERE, browser=browser)
    browser.post("/accounts/logout/")
    use_up(*STRANGERS)
    assert sign_in(at=ELSEWHERE, browser=browser).status_code == 429


def test_a_forged_cookie_makes_nobody_known(ada: User) -> None:
    browser = Browser()
    sign_in(PASSWORD, at=HOME, browser=browser)
    (name,) = {name for name in browser.cookies if "familiar" in name}
    cookie = browser.cookies[name]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    use_up(*STRANGERS)
    forger = Browser()
    forger.cookies[name] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    assert sign_in(PASSWORD, at=ELSEWHERE, browser=forger).status_code == 429


def test_getting_in_begins_the_count_anew(ada: User) -> None:
    for _ in range(3):
        assert [sign_in().status_code for _ in range(4)] == [200] * 4
        assert sign_in(PASSWORD).status_code == 302


def test_the_second_step_is_limited_by_account_whatever_the_address(ada: User) -> None:
    answers = []
    for number in range(6):
        browser = Browser()
        session = browser.session
        session["account_login"] = {"user_pk": str(ada.pk)}
        session.save()
        browser.cookies["__Host-session"] = session.session_key
        answers.append(
            browser.post(
                "/accounts/2fa/authenticate/", {"code": "000000"}, REMOTE_ADDR=f"10.0.0.{number}"
            ).status_code
        )
    assert answers[5] == 429
    assert 429 not in answers[:5]
