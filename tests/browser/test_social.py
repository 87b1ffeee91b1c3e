"""Signing in through a provider in a real browser: over the policy's hurdles and back again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from tests.accounts.conftest import provider
from tests.browser.conftest import launch
from tests.world.oauth import Provider

__all__ = ["provider"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def press_the_button(site: str) -> list[str]:
    """Sign in with Google by the keyboard alone; return what the browser's console said."""
    said: list[str] = []
    with sync_playwright() as playwright:
        page = launch(playwright).new_page()
        page.on("console", lambda line: said.append(line.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{site}/accounts/login/?next=/account/")
        page.get_by_role("button", name="Continue with Google").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site}/account/")
        expect(page.get_by_label("Your name")).to_have_value("Ada Lovelace")
    return said


@pytest.fixture
def site(settings: Any, db: None) -> Iterator[str]:
    """The product in this process, on loopback without TLS."""
    settings.SECURE_SSL_REDIRECT = False
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]
    server = LiveServer("localhost")
    yield server.url
    server.stop()


def test_the_button_leads_to_the_provider_and_back(site: str, provider: Provider) -> None:
    # A thread of its own, since Playwright's loop and the ORM do not share one.
    with ThreadPoolExecutor(1) as browsers:
        assert browsers.submit(press_the_button, site).result() == []
    assert provider.requests == ["/authorize", "/token", "/certs"]
    assert User.objects.get().email == "ada@gmail.com"
