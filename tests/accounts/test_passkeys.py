"""Passkeys, by a key made of software; tests/browser/test_passkeys.py has a real browser do it."""

import copy
import json
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from structlog.testing import capture_logs

from apps.accounts.models import User
from tests.accounts.conftest import HOME, is_signed_in, sign_in_by_password, text_of
from tests.accounts.factors import (
    ADD,
    CODES,
    SECURITY,
    STEP,
    Passkey,
    add_passkey,
    authenticators,
    confirm,
    options_on,
    sign_in_by_passkey,
    take_codes,
    websafe,
)
from tests.conftest import PASSWORD, Browser

LIST = "/accounts/2fa/webauthn/"
LOGIN = "/accounts/2fa/webauthn/login/"
REFUSED = "This passkey did not work"


def challenge(browser: Browser) -> dict[str, Any]:
    """What the server asks of a passkey at the sign-in."""
    asked = browser.get(LOGIN, headers={"accept": "application/json"})
    options: dict[str, Any] = asked.json()["request_options"]
    return options


def test_a_passkey_signs_in_alone(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    assert sign_in_by_passkey(another, passkey).headers["Location"] == HOME
    assert is_signed_in(another)


def test_a_sign_in_by_passkey_makes_a_new_session_key(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    another.get(LOGIN, headers={"accept": "application/json"})
    before: Any = another.session.session_key
    sign_in_by_passkey(another, passkey)
    assert another.session.session_key != before
    assert not another.session.exists(before)


def test_a_sign_in_by_passkey_goes_on_to_the_page_that_asked_for_it(browser: Browser) -> None:
    passkey = add_passkey(browser)
    answer = sign_in_by_passkey(Browser(), passkey, next="/workspaces/new/")
    assert answer.headers["Location"] == "/workspaces/new/"
    answer = sign_in_by_passkey(Browser(), passkey, next="https://evil.example/")
    assert answer.headers["Location"] == HOME


def test_the_sign_in_page_offers_it_and_works_without_scripts(anonymous: Browser, db: None) -> None:
    page = anonymous.get("/accounts/login/").content.decode()
    assert "Sign in with a passkey" in page
    assert "<noscript>" in page
    page = anonymous.post(LOGIN, {"credential": ""}, follow=True).content.decode()
    assert "it needs JavaScript" in page


def test_a_passkey_is_the_second_step_after_the_password(browser: Browser, ada: User) -> None:
    passkey, another = add_passkey(browser), Browser()
    answer = sign_in_by_password(another, ada.email, PASSWORD)
    assert answer.headers["Location"] == STEP
    assert not is_signed_in(another)
    asked = options_on(another.get(STEP).content.decode(), "request_options")
    answer = another.post(STEP, {"credential": json.dumps(passkey.get(asked))})
    assert answer.headers["Location"] == HOME
    assert is_signed_in(another)


def test_somebody_elses_passkey_is_no_second_step(
    browser: Browser, ada: User, make_user: Callable[..., User]
) -> None:
    add_passkey(browser)
    ben, his = make_user("ben@example.com", password=PASSWORD), Browser()
    sign_in_by_password(his, ben.email, PASSWORD)
    stolen, another = add_passkey(his), Browser()
    sign_in_by_password(another, ada.email, PASSWORD)
    asked = options_on(another.get(STEP).content.decode(), "request_options")
    page = another.post(STEP, {"credential": json.dumps(stolen.get(asked))})
    assert REFUSED in page.content.decode()
    assert not is_signed_in(another)


def test_a_signature_is_good_for_one_sign_in(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    answer = json.dumps(passkey.get(challenge(another)))
    another.post(LOGIN, {"credential": answer})
    assert is_signed_in(another)
    another.post("/accounts/logout/")
    another.post(LOGIN, {"credential": answer})
    assert not is_signed_in(another)


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://testserver"},
        {"rp_id": "evil.example"},
        {"verifies": False},
        {"id": b"another"},
    ],
    ids=str,
)
def test_a_signature_that_is_not_as_it_should_be_lets_nobody_in(
    browser: Browser, lie: dict[str, Any]
) -> None:
    passkey, another = add_passkey(browser), Browser()
    vars(passkey).update(lie)
    answer = sign_in_by_passkey(another, passkey)
    assert answer.headers["Location"] == "/accounts/login/"
    assert not is_signed_in(another)
    assert REFUSED in another.get("/accounts/login/").content.decode()


def test_a_wrong_signature_lets_nobody_in(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    answer = passkey.get(challenge(another))
    answer["response"]["signature"] = Passkey().get(challenge(Browser()))["response"]["signature"]
    another.post(LOGIN, {"credential": json.dumps(answer)})
    assert not is_signed_in(another)


def test_a_passkey_that_does_not_ask_who_holds_it_is_not_taken(browser: Browser, ada: User) -> None:
    confirm(browser)
    made = Passkey(verifies=False).create(
        options_on(browser.get(ADD).content.decode(), "creation_options")
    )
    page = browser.post(ADD, {"name": "Old key", "credential": json.dumps(made)})
    assert REFUSED in page.content.decode()
    assert authenticators(ada) == []


def test_a_passkey_belongs_to_the_sites_own_address_whatever_host_is_asked(
    browser: Browser, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "evil.example"]
    elsewhere = Browser(headers={"host": "evil.example"})
    assert elsewhere.get(LOGIN).headers["Location"] == f"https://testserver{LOGIN}"
    assert challenge(Browser())["publicKey"]["rpId"] == "testserver"
    confirm(browser)
    page = browser.get(ADD).content.decode()
    asked = options_on(page, "creation_options")["publicKey"]
    assert asked["rp"] == {"id": "testserver", "name": "Slipway"}
    assert asked["authenticatorSelection"]["userVerification"] == "required"


def test_no_environment_takes_passkeys_from_an_insecure_page() -> None:
    from config.env import BASE_DIR

    for path in (BASE_DIR / "config/settings").glob("*.py"):
        assert "INSECURE" not in path.read_text()


def malformed(good: dict[str, Any]) -> list[str]:
    """A browser's answer, spoiled in each of its parts in many ways."""
    spoiled = ["", "{}", "[]", '"x"', "1", "null", '{"id": 1}', "[" * 19_000, "x" * 30_000]
    spoiled += ['{"rawId": "AA", "response": []}', '{"rawId": "AA", "response": null}']
    values: list[Any] = [None, 1, "A", [], "é", "gQ" + "GB" * 5000]  # the last: CBOR in CBOR
    places = [(name,) for name in good] + [("response", name) for name in good["response"]]
    for place in places:
        for value in values:
            other = copy.deepcopy(good)
            holder = other if len(place) == 1 else other["response"]
            holder[place[-1]] = value
            spoiled.append(json.dumps(other))
    for said in (b"{}", b"[]", b"\xff", b'{"type": "webauthn.get", "challenge": 1, "origin": 1}'):
        other = copy.deepcopy(good)
        other["response"]["clientDataJSON"] = websafe(said)
        spoiled.append(json.dumps(other))
    return spoiled


def test_an_answer_that_is_malformed_is_refused_and_no_error_of_ours(
    browser: Browser, ada: User
) -> None:
    passkey, another = add_passkey(browser), Browser()
    for answer in malformed(passkey.get(challenge(another))):
        cache.clear()  # and with it what the limits count
        challenge(another)  # another, for which nothing of this is an answer
        assert another.post(LOGIN, {"credential": answer}).status_code == 302, answer[:200]
    assert not is_signed_in(another)
    new = Passkey()
    options = options_on(browser.get(ADD).content.decode(), "creation_options")
    for answer in malformed(new.create(options)):
        cache.clear()
        page = browser.post(ADD, {"name": "x", "credential": answer})
        assert page.status_code == 200, answer[:200]
    assert authenticators(ada) == ["recovery_codes", "webauthn"]


def test_every_sensitive_step_with_a_passkey_asks_who_it_is(browser: Browser, ada: User) -> None:
    add_passkey(browser)
    pk = Authenticator.objects.get(type="webauthn").pk
    another = Browser()
    another.force_login(ada)
    for path in (ADD, f"{LIST}keys/{pk}/edit/", f"{LIST}keys/{pk}/remove/"):
        for answer in (another.get(path), another.post(path, {"name": "x"})):
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert str(Authenticator.objects.get(pk=pk)) == "Laptop"


def test_a_passkey_confirms_who_it_is(browser: Browser, ada: User) -> None:
    passkey, another = add_passkey(browser), Browser()
    another.force_login(ada)
    page = another.get("/accounts/2fa/webauthn/reauthenticate/").content.decode()
    answer = passkey.get(options_on(page, "request_options"))
    fields = {"credential": json.dumps(answer), "next": ADD}
    another.post("/accounts/2fa/webauthn/reauthenticate/", fields)
    assert another.get(ADD).status_code == 200


def test_a_passkey_is_renamed_and_removed(browser: Browser, ada: User) -> None:
    add_passkey(browser)
    take_codes(browser)
    pk = Authenticator.objects.get(type="webauthn").pk
    browser.post(f"{LIST}keys/{pk}/edit/", {"name": "Grey <laptop>"})
    assert "Grey &lt;laptop&gt;" in browser.get(LIST).content.decode()
    assert "Remove Grey &lt;laptop&gt;?" in browser.get(f"{LIST}keys/{pk}/remove/").content.decode()
    browser.post(f"{LIST}keys/{pk}/remove/")
    assert authenticators(ada) == []
    assert not ada.has_second_factor


def test_a_removed_passkey_signs_nobody_in(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    pk = Authenticator.objects.get(type="webauthn").pk
    browser.post(f"{LIST}keys/{pk}/remove/")
    sign_in_by_passkey(another, passkey)
    assert not is_signed_in(another)


def test_somebody_elses_passkey_is_as_missing_as_one_that_never_was(
    browser: Browser, make_user: Callable[..., User]
) -> None:
    add_passkey(browser)
    pk = Authenticator.objects.get(type="webauthn").pk
    ben, his = make_user("ben@example.com", password=PASSWORD), Browser()
    sign_in_by_password(his, ben.email, PASSWORD)
    confirm(his)
    for number in (pk, 9_000_000):
        for verb in ("edit", "remove"):
            assert his.get(f"{LIST}keys/{number}/{verb}/").status_code == 404
            assert his.post(f"{LIST}keys/{number}/{verb}/", {"name": "x"}).status_code == 404


def test_a_person_who_is_no_longer_active_does_not_get_in_by_passkey(browser: Browser) -> None:
    passkey, another = add_passkey(browser), Browser()
    User.objects.update(is_active=False)
    sign_in_by_passkey(another, passkey)
    assert not is_signed_in(another)


def test_the_first_passkey_brings_recovery_codes(browser: Browser) -> None:
    confirm(browser)
    made = Passkey().create(options_on(browser.get(ADD).content.decode(), "creation_options"))
    answer = browser.post(ADD, {"name": "", "credential": json.dumps(made)})
    assert answer.headers["Location"] == CODES
    assert "10 left" in browser.get(SECURITY).content.decode()


def test_a_passkey_without_a_name_is_called_after_the_browser(browser: Browser) -> None:
    browser.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    add_passkey(browser, name="")
    assert "Firefox on Linux" in browser.get(LIST).content.decode()


def test_a_new_and_a_removed_passkey_are_told_by_mail(
    browser: Browser, ada: User, read_mail: Callable[[], EmailMessage]
) -> None:
    add_passkey(browser)
    added = read_mail()
    assert (added["To"], added["Subject"]) == (ada.email, "A passkey was added")
    assert "From: 127.0.0.1" in text_of(added)
    pk = Authenticator.objects.get(type="webauthn").pk
    browser.post(f"{LIST}keys/{pk}/remove/")
    assert read_mail()["Subject"] == "A passkey was removed"


def test_passkeys_that_are_used_and_refused_are_logged(browser: Browser, ada: User) -> None:
    passkey = add_passkey(browser)
    with capture_logs() as logs:
        sign_in_by_passkey(Browser(), passkey)
        passkey.origin = "https://evil.example"
        sign_in_by_passkey(Browser(), passkey)
    signins = [line["event"] for line in logs if line["event"].startswith("signin.")]
    assert signins == ["signin.second_step", "signin.succeeded", "signin.wrong_second_step"]
