"""What the tests of accounts share: quick passwords, and what a person finds in their mail."""

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google import views as google
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.shortcuts import resolve_url

from apps.accounts.models import User
from tests.accounts.social import keys
from tests.conftest import PASSWORD, Browser, Mailbox
from tests.world.oauth import Provider

HOME = resolve_url(settings.LOGIN_REDIRECT_URL)
SIGN_UP = {"name": "Ada Lovelace", "email": "ada@example.com", "password1": PASSWORD}


class QuickHasher(PBKDF2PasswordHasher):
    """Hashes passwords in no time, and counts how often it did."""

    iterations = 1
    count = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        QuickHasher.count += 1
        return str(super().encode(password, salt, iterations))


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> type[QuickHasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.QuickHasher"]
    QuickHasher.count = 0
    return QuickHasher


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    """Somebody with a verified address and a password."""
    return make_user("ada@example.com", name="Ada Lovelace", password=PASSWORD)


@pytest.fixture
def browser(anonymous: Browser, ada: User) -> Browser:
    """Ada's browser, signed in by password."""
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    return anonymous


@pytest.fixture
def read_mail(mailbox: Mailbox, do_jobs: Callable[[], int]) -> Callable[[], EmailMessage]:
    """Let the worker send what waits, and take the newest mail out of the box."""

    def take() -> EmailMessage:
        do_jobs()
        return mailbox.messages.pop()

    return take


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Google, GitHub and Microsoft on loopback, with keys for each."""
    with Provider() as running:
        settings.SOCIALACCOUNT_PROVIDERS = offered = keys("google", "github", "microsoft")
        hosts = {"login_url": running.url, "graph_url": running.url}
        offered["microsoft"]["APP"]["settings"] = hosts
        for adapter in (google.GoogleOAuth2Adapter, GitHubOAuth2Adapter):
            monkeypatch.setattr(adapter, "authorize_url", f"{running.url}/authorize")
            monkeypatch.setattr(adapter, "access_token_url", f"{running.url}/token")
        monkeypatch.setattr(google, "ID_TOKEN_ISSUER", running.url)
        monkeypatch.setattr(google, "CERTS_URL", f"{running.url}/certs")
        monkeypatch.setattr(google.GoogleOAuth2Adapter, "identity_url", f"{running.url}/userinfo")
        monkeypatch.setattr(GitHubOAuth2Adapter, "profile_url", f"{running.url}/user")
        monkeypatch.setattr(GitHubOAuth2Adapter, "emails_url", f"{running.url}/user/emails")
        yield running


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def code_in(message: EmailMessage) -> str:
    found = re.search(r"^ +([A-Z]{4}-[A-Z]{4})$", text_of(message), re.MULTILINE)
    assert found
    return found[1]


def link_in(message: EmailMessage) -> str:
    found = re.search(r"^https://\S+$", text_of(message), re.MULTILINE)
    assert found
    return found[0]


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def sign_in_by_password(browser: Browser, email: str, password: str, **fields: str) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password, **fields})


# What differs in every answer: the request's ID, the form's token, the page's nonce.
CHANCE = re.compile(
    r'(?<=value=")[A-Za-z0-9]{64}(?=")|(?<="X-CSRFToken": ")\w+|'
    r"""(?<=nonce=")[^"]+|(?<='nonce-)[^']+"""
)


def as_seen(response: Any, *own: str) -> tuple[Any, ...]:
    """All that a stranger can tell of an answer, without chance and without `own`, their words."""

    def plain(text: str) -> str:
        for word in (response.headers["X-Request-ID"], *own):
            text = text.replace(word, "…")
        return CHANCE.sub("…", text)

    headers = {name: plain(value) for name, value in response.headers.items()}
    headers.pop("Content-Length", "")  # a nonce is longer by what HTML has to escape of it
    cookies = {
        name: {about: value for about, value in cookie.items() if about != "expires"}
        for name, cookie in response.cookies.items()
    }
    return response.status_code, headers, cookies, plain(response.content.decode())
