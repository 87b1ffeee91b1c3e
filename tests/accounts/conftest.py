"""What the tests of accounts share: quick passwords, and what a person finds in their mail."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.shortcuts import resolve_url

from apps.accounts.models import User
from tests.conftest import PASSWORD, Browser, Mailbox

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
def read_mail(mailbox: Mailbox, do_jobs: Callable[[], int]) -> Callable[[], EmailMessage]:
    """Let the worker send what waits, and take the newest mail out of the box."""

    def take() -> EmailMessage:
        do_jobs()
        return mailbox.messages.pop()

    return take


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
