"""What may be kept: public pages as their views say, and nothing else anywhere."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.test import RequestFactory

from apps.core.middleware import CacheControlMiddleware
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from config.settings import production
from tests.conftest import Browser

PUBLIC = ["/", "/brand.css", "/robots.txt"]


@pytest.mark.parametrize("path", [*PUBLIC, "/healthz"])
def test_a_public_page_is_the_same_for_everybody(anonymous: Browser, path: str) -> None:
    # Without the database's mark, a query here would fail the test.
    anonymous.cookies.load({"__Host-session": "somebody", "__Host-csrf": "x" * 32})
    answer = anonymous.get(path)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize("path", PUBLIC)
def test_an_edge_may_keep_a_public_page(anonymous: Browser, path: str) -> None:
    said = anonymous.get(path)["Cache-Control"]
    assert "public" in said
    assert "max-age=" in said


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/workspaces/", "/nope/"]
)
@pytest.mark.django_db
def test_what_is_not_public_is_never_stored(anonymous: Browser, path: str) -> None:
    assert anonymous.get(path)["Cache-Control"] == "private, no-store"


def test_a_page_of_a_workspace_is_never_stored(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    answer = as_role(Role.OWNER).get(f"/t/{acme.slug}/settings/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"


def test_a_static_file_under_its_hashed_name_is_kept_for_ever(
    settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = production.STORAGES
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", interactive=False, verbosity=0)
    hashed = static("css/app.css")
    assert re.fullmatch(r"/static/css/app\.[0-9a-f]{12}\.css", hashed)
    for path, kept_for_ever in ((hashed, True), ("/static/css/app.css", False)):
        answer: Any = Browser().get(path)
        assert b"".join(answer)
        assert ("immutable" in answer["Cache-Control"]) is kept_for_ever


def answer_with(**headers: str) -> HttpResponse:
    """A view's answer as it leaves the middleware."""

    def view(request: HttpRequest) -> HttpResponse:
        answer = HttpResponse()
        for name, value in headers.items():
            answer[name.replace("_", "-")] = value
        return answer

    answer = CacheControlMiddleware(view)(RequestFactory().get("/"))
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cache_Control": "max-age=60"},
        {"Cache_Control": "private, max-age=60"},
        {"Cache_Control": "public, max-age=60", "Vary": "Accept, Cookie"},
        {"Cache_Control": "max-age=0, no-cache, no-store", "Expires": "Thu, 01 Jan 2026 00:00:00"},
    ],
)
def test_whatever_a_view_says_of_a_personal_page_it_is_not_stored(headers: dict[str, str]) -> None:
    answer = answer_with(**headers)
    assert answer["Cache-Control"] == "private, no-store"
    assert "Expires" not in answer


def test_a_public_page_that_sets_a_cookie_is_a_personal_one() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        answer = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
        answer.set_cookie("seen", "yes")
        return answer

    answer = CacheControlMiddleware(view)(RequestFactory().get("/"))
    assert answer["Cache-Control"] == "private, no-store"


def test_a_public_page_keeps_what_its_view_says() -> None:
    assert answer_with(Cache_Control="public, max-age=60")["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("path", ["/accounts/login/", "/workspaces/"])
@pytest.mark.django_db
def test_a_page_behind_the_sign_in_still_asks_for_it(anonymous: Browser, path: str) -> None:
    answer: Any = anonymous.get(path)
    assert (answer.status_code == 200) is (path == "/accounts/login/")
