"""The pages that show all mails: for staff in production, for anybody in development."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from apps.accounts.models import User
from apps.mail.catalogue import ENTRIES
from apps.mail.previews import preview
from tests.conftest import Browser

# Said here, since what one fixture asks for by name pytest does not see beforehand.
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(make_user: Callable[..., User], sign_in: Callable[[User], Browser]) -> Browser:
    """An operator's browser."""
    user = make_user("staff@slipway.example")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return sign_in(user)


@pytest.fixture
def developer(anonymous: Browser, settings: Any) -> Browser:
    """A browser at a development server."""
    settings.ROOT_URLCONF = "tests.mail.dev_urlconf"
    return anonymous


@pytest.fixture(params=["staff", "developer"])
def looking(request: pytest.FixtureRequest) -> tuple[Browser, str]:
    """A browser, and where the letters are for it."""
    where = {"staff": "/operations/letters/", "developer": "/dev/mail/letters/"}
    browser: Browser = request.getfixturevalue(request.param)
    return browser, where[request.param]


def test_every_mail_is_on_the_list_with_its_size(looking: tuple[Browser, str]) -> None:
    browser, where = looking
    page = browser.get(where).content.decode()
    for entry in ENTRIES:
        assert f'href="{where}{entry.template}/"' in page
    assert len(re.findall(r"\d\.\d\xa0KB", page)) == len(ENTRIES)


def test_a_mail_is_shown_light_dark_narrow_and_as_text(looking: tuple[Browser, str]) -> None:
    browser, where = looking
    answer = browser.get(f"{where}invitation/")
    page = answer.content.decode()
    frames = re.findall(r'<iframe[^>]*src="([^"]+)"', page)
    assert frames == [f"{where}invitation/{theme}" for theme in ("light", "dark", "light")]
    assert "You are invited to a workspace" in page
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_html_can_do_nothing_in_its_frame(looking: tuple[Browser, str], theme: str) -> None:
    browser, where = looking
    answer = browser.get(f"{where}invitation/{theme}")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["newsletter/", "newsletter/light", "invitation/sepia"])
def test_a_mail_or_a_theme_that_is_not_there_is_a_404(
    looking: tuple[Browser, str], path: str
) -> None:
    browser, where = looking
    assert browser.get(f"{where}{path}").status_code == 404


def test_in_production_nobody_else_sees_them(anonymous: Browser, db: None) -> None:
    assert anonymous.get("/dev/mail/letters/").status_code == 404
    assert anonymous.get("/operations/letters/").headers["Location"].startswith("/accounts/login/")


def test_a_theme_shows_what_such_a_screen_would() -> None:
    shown = preview("test")
    assert "@media all" in shown.themed("dark")
    assert "@media not all" in shown.themed("light")
    assert "prefers-color-scheme" not in shown.themed("dark")
