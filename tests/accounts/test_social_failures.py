"""What goes wrong on the way to a provider and back: each is a page, and signs nobody in."""

import re
import time
from typing import Any

import jwt
import pytest
import trustme
from structlog.testing import capture_logs

from apps.accounts.models import User
from tests.accounts.conftest import is_signed_in
from tests.accounts.social import NAMES, begin, sign_in_at, way_back
from tests.conftest import Browser
from tests.world.oauth import NAME, Provider, sign, signer

Claims = dict[str, Any]


def assert_refused(response: Any, browser: Browser) -> None:
    assert response.status_code == 401
    page = response.content.decode()
    assert "That did not work" in page
    assert 'href="/accounts/login/"' in page
    assert not is_signed_in(browser)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_who_does_not_agree_at_the_provider_comes_back_to_a_page_that_says_so(
    name: str, provider: Provider, anonymous: Browser, db: None
) -> None:
    provider.consents = False
    response = sign_in_at(anonymous, provider, name)
    assert response.headers["Location"] == "/accounts/3rdparty/login/cancelled/"
    assert "everything is as it was" in anonymous.get(response.headers["Location"]).content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["", "&state=", "&state=AAAAAAAAAAAAAAAA"])
def test_a_code_without_our_state_is_refused(
    state: str, name: str, provider: Provider, anonymous: Browser, db: None
) -> None:
    path = way_back(provider, begin(anonymous, name))
    assert_refused(
        anonymous.get(path.partition("&state=")[0].replace("?state=", "?x=") + state), anonymous
    )
    assert "/token" not in provider.requests


def test_somebody_elses_state_is_refused(provider: Provider, anonymous: Browser, db: None) -> None:
    """Or else a link could sign a victim in as the attacker, who would read what they type."""
    path = way_back(provider, begin(Browser(), "google"))
    assert_refused(anonymous.get(path), anonymous)
    assert "/token" not in provider.requests


def test_the_state_of_one_provider_does_not_do_for_another(
    provider: Provider, anonymous: Browser, db: None
) -> None:
    path = way_back(provider, begin(anonymous, "github"))
    assert_refused(anonymous.get(path.replace("/github/", "/google/")), anonymous)


def test_an_answer_works_once(provider: Provider, anonymous: Browser, db: None) -> None:
    path = way_back(provider, begin(anonymous, "google"))
    anonymous.get(path)
    User.objects.all().delete()
    anonymous.post("/accounts/logout/")
    assert_refused(anonymous.get(path), anonymous)


def test_a_code_that_was_used_is_refused_with_a_new_state_too(
    provider: Provider, anonymous: Browser, db: None
) -> None:
    stolen = re.search(r"code=([^&]+)", way_back(provider, begin(Browser(), "google")))
    own = way_back(provider, begin(anonymous, "google"))
    assert stolen
    assert_refused(anonymous.get(re.sub(r"code=[^&]+", stolen[0], own)), anonymous)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1_700_000_000},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_is_refused(
    claims: dict[str, Any], provider: Provider, anonymous: Browser, db: None
) -> None:
    provider.claims = claims
    assert_refused(sign_in_at(anonymous, provider), anonymous)


def by_another_key(claims: Claims, key: bytes) -> str:
    another = trustme.CA(key_type=trustme.KeyType.RSA).private_key_pem.bytes()
    return sign(claims, another)


def by_the_public_key(claims: Claims, key: bytes) -> str:
    """As a secret that everybody knows."""
    secret = b"".join(pem.bytes() for pem in signer().cert_chain_pems).replace(b"-----", b"")
    return sign(claims, secret, "HS256")


def by_nobody(claims: Claims, key: bytes) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": NAME})


def for_other_words(claims: Claims, key: bytes) -> str:
    """The signature of one token under the words of another."""
    words = sign({**claims, "sub": "9999"}, key).rpartition(".")[0]
    return f"{words}.{sign(claims, key).rpartition('.')[2]}"


@pytest.mark.parametrize("signed", [by_another_key, by_the_public_key, by_nobody, for_other_words])
def test_a_token_that_the_provider_has_not_signed_is_refused(
    signed: Any, provider: Provider, anonymous: Browser, db: None
) -> None:
    provider.sign = signed
    assert_refused(sign_in_at(anonymous, provider), anonymous)


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("google", "/token", b"<html>gateway</html>"),
        ("google", "/token", b'{"access_token": "x", "id_token": "x"}'),
        ("google", "/token", b'{"access_token": "x"}'),
        ("github", "/user", b"<html>gateway</html>"),
        ("github", "/user", b"[]"),
        ("github", "/user", b"{}"),
        ("github", "/user/emails", b'["x"]'),
        ("microsoft", "/v1.0/me", b"{}"),
        ("microsoft", "/v1.0/me", b"[]"),
        ("microsoft", "/v1.0/me", b'{"error": "x"}'),
    ],
)
@pytest.mark.usefixtures("db")
def test_an_answer_that_makes_no_sense_is_refused(
    name: str, path: str, said: bytes, provider: Provider, anonymous: Browser
) -> None:
    provider.broken[path] = said
    assert_refused(sign_in_at(anonymous, provider, name), anonymous)


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_that_is_down_is_a_page_and_a_line_in_the_log(
    name: str, provider: Provider, anonymous: Browser, db: None
) -> None:
    path = way_back(provider, begin(anonymous, name))
    provider.stop()
    with capture_logs() as logs:
        assert_refused(anonymous.get(path), anonymous)
    [line] = [each for each in logs if each["event"] == "signin.provider_failed"]
    assert (line["provider"], line["reason"]) == (name, "ConnectionError")


def test_a_provider_that_does_not_answer_is_not_waited_for(
    provider: Provider, anonymous: Browser, db: None, settings: Any
) -> None:
    assert settings.SOCIALACCOUNT_REQUESTS_TIMEOUT <= 5
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.2
    path = way_back(provider, begin(anonymous, "google"))
    provider.hangs.set()
    began = time.monotonic()
    assert_refused(anonymous.get(path), anonymous)
    assert time.monotonic() - began < 5
