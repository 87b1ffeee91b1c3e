"""Every answer carries the security headers: pages, files, errors, JSON, health and redirects."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as declared
from django.core.management import call_command
from django.http import FileResponse, HttpRequest, HttpResponse
from django.template import Context, Template
from django.templatetags.static import static
from django.test import Client
from django.urls import path, reverse

from apps.core import headers
from apps.core.access import Plane, access
from apps.core.headers import widened
from apps.core.surface import Route, routes
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from config.settings import production
from tests.conftest import Browser
from tests.core.urls import urlpatterns as troubled_urls
from tests.policy.samples import url_of
from tests.policy.test_access import files, named

__all__ = ["files"]

YEAR = 365 * 24 * 3600
FIXED = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Reporting-Endpoints": 'csp="/csp-report"',
    "Strict-Transport-Security": f"max-age={YEAR}; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SITE = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
    "report-uri": ["/csp-report"],
    "report-to": ["csp"],
}
DOWNLOAD = {"default-src": ["'none'"], "frame-ancestors": ["'none'"], "sandbox": []}
NONCE = re.compile(r"'nonce-([\w+/=-]{22,})'")
ROUTES = [route for route in routes() if route.access]
PUBLIC = {"landing", "brand_css", "robots"}
ERRORS = {
    "/nowhere/": 404,
    "/static/nowhere.css": 404,
    "/forbidden/": 403,
    "/busy/": 429,
    "/away/": 503,
    "/form/": 405,
    "/explosion/": 500,
    "/database-down/": 500,
}


def policy(answer: Any) -> dict[str, list[str]]:
    """The answer's Content-Security-Policy by directive."""
    words = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in words}


def assert_dressed(
    answer: Any,
    *,
    fixed: dict[str, str] = FIXED,
    site: dict[str, list[str]] = SITE,
) -> list[str]:
    """The answer has every header as it should be; return the sources of its scripts."""
    assert {name: answer.get(name) for name in fixed} == fixed
    assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    found = policy(answer)
    if answer.get("Content-Disposition", "").startswith("attachment"):
        assert found == DOWNLOAD
        return []
    scripts = found.pop("script-src")
    assert found == site
    return scripts


def nonce_of(answer: Any) -> str:
    """The one source that the page's scripts have: its nonce."""
    (source,) = assert_dressed(answer)
    match = NONCE.fullmatch(source)
    assert match, source
    return match[1]


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_route_answers_with_the_headers_and_is_kept_nowhere(
    route: Route,
    acme: Tenant,
    join: Callable[..., Any],
    as_role: Callable[[Role], Browser],
    anonymous: Browser,
) -> None:
    join(acme, Role.VIEWER, name="Subject")
    url = url_of(route, acme, by=acme.memberships.get(role=Role.OWNER).user)
    for browser in (as_role(Role.OWNER), anonymous):
        answer = browser.get(url)
        assert_dressed(answer)
        if answer.streaming:
            answer.getvalue()  # which closes the file
        if route.name not in PUBLIC:
            assert "no-store" in answer["Cache-Control"]
        for cookie in answer.cookies.values():
            assert cookie.key.startswith("__Host-")
            assert (cookie["path"], cookie["domain"]) == ("/", "")
            assert cookie["secure"]
            assert cookie["httponly"]
            assert cookie["samesite"] in {"Lax", "Strict"}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(("url", "status"), ERRORS.items())
def test_an_error_has_the_headers_and_no_script(
    troubled: Browser, url: str, status: int, accept: str
) -> None:
    answer = troubled.get(url, headers={"accept": accept})
    assert answer.status_code == status
    assert assert_dressed(answer) == ["'none'"]
    assert b"<script" not in answer.content


def test_a_host_that_is_not_ours_gets_them_too(anonymous: Browser) -> None:
    answer = anonymous.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert assert_dressed(answer) == ["'none'"]


@pytest.mark.django_db
def test_a_body_that_is_too_large_gets_them_too(troubled: Browser, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = troubled.post("/form/", "x" * 101, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert_dressed(answer)


@pytest.mark.django_db
def test_a_forged_form_gets_them_too(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"
    answer = Browser(enforce_csrf_checks=True).post("/form/")
    assert answer.status_code == 403
    assert_dressed(answer)


@pytest.mark.parametrize("url", ["/healthz", "/readyz", "/static/css/app.css", "/robots.txt"])
@pytest.mark.django_db
def test_health_and_files_have_them_though_no_view_is_asked(anonymous: Browser, url: str) -> None:
    answer: Any = anonymous.get(url)
    assert_dressed(answer)
    if answer.streaming:
        answer.getvalue()


def test_a_collected_file_has_them_and_is_no_other_sites(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = production.STORAGES
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", interactive=False, verbosity=0)
    answer: Any = Browser().get(static("css/app.css"), headers={"origin": "https://evil.example"})
    assert answer.status_code == 200
    assert_dressed(answer)
    answer.getvalue()


def test_the_way_to_https_has_all_but_the_one_that_plain_http_may_not_have() -> None:
    answer = Client().get("/accounts/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")
    over_http = {n: value for n, value in FIXED.items() if n != "Strict-Transport-Security"}
    assert_dressed(answer, fixed=over_http)
    assert "Strict-Transport-Security" not in answer


@pytest.mark.django_db
def test_a_pages_scripts_carry_a_nonce_that_no_other_page_has(anonymous: Browser) -> None:
    pages = [anonymous.get("/accounts/login/") for _ in range(2)]
    nonces = {nonce_of(page) for page in pages}
    assert len(nonces) == 2
    for page in pages:
        scripts = re.findall(r"<script src=[^>]+>", page.content.decode())
        assert scripts
        assert all(f'nonce="{nonce_of(page)}"' in tag for tag in scripts)


def test_a_page_that_an_edge_keeps_has_no_nonce(anonymous: Browser) -> None:
    answer = anonymous.get("/")
    assert assert_dressed(answer) == ["'self'"]
    assert "public" in answer["Cache-Control"]
    assert "nonce" not in answer.content.decode()
    assert answer.content == anonymous.get("/").content


def test_nothing_in_the_declared_policy_is_unsafe() -> None:
    every = headers.declared(sign_in_with=headers.SIGN_IN_PAGES)
    assert every["default-src"] == ["'none'"]
    assert every["script-src"] == [headers.NONCE]
    sources = [str(each) for sources in every.values() for each in sources]
    assert not [each for each in sources if "unsafe" in each or each in {"*", "data:", "https:"}]


def test_a_form_may_lead_to_the_sign_in_of_a_provider_that_is_offered() -> None:
    assert headers.declared()["form-action"] == ["'self'"]
    offered = headers.declared(sign_in_with=["github"])["form-action"]
    assert offered == ["'self'", "https://github.com"]
    assert headers.SIGN_IN_PAGES.keys() >= set(declared.SOCIALACCOUNT_PROVIDERS)


# Pages for the tests below; the suite mounts them where a test asks for it.
@access(Plane.PUBLIC)
@widened(img_src="https://images.example https://maps.example", frame_src="'self'")
def gallery(request: HttpRequest) -> HttpResponse:
    return HttpResponse("pictures")


@access(Plane.PUBLIC)
def boastful(request: HttpRequest) -> HttpResponse:
    """Call itself public, and carry a nonce all the same."""
    template = Template('<script src="/a.js" nonce="{{ csp_nonce }}"></script>')
    page = template.render(Context({"csp_nonce": request.csp_nonce}))  # type: ignore[attr-defined]  # ours
    return HttpResponse(page, headers={"Cache-Control": "public, max-age=60"})


@access(Plane.PUBLIC)
def with_its_own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page", headers={"Content-Security-Policy": "sandbox"})


@access(Plane.PUBLIC)
def keepsake(request: HttpRequest) -> FileResponse:
    page = io.BytesIO(b"<script>alert(1)</script>")
    return FileResponse(page, as_attachment=True, filename="page.html")


urlpatterns = [
    *troubled_urls,
    path("keepsake/", keepsake),
    path("gallery/", gallery),
    path("boastful/", boastful),
    path("with-its-own/", with_its_own),
]


@pytest.fixture
def invented(settings: Any) -> Browser:
    settings.ROOT_URLCONF = __name__
    return Browser()


def test_a_page_may_load_more_than_others_if_its_view_says_so(invented: Browser) -> None:
    found = policy(invented.get("/gallery/"))
    assert found["img-src"] == ["'self'", "https://images.example", "https://maps.example"]
    assert found["frame-src"] == ["'self'"]
    assert found["default-src"] == ["'none'"]
    assert policy(invented.get("/"))["img-src"] == ["'self'"]


def test_a_page_with_a_nonce_is_stored_nowhere_whatever_it_says(invented: Browser) -> None:
    answer = invented.get("/boastful/")
    assert nonce_of(answer) in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


def test_a_file_to_keep_is_sandboxed_whatever_is_in_it(invented: Browser) -> None:
    answer: Any = invented.get("/keepsake/")
    assert_dressed(answer)
    assert policy(answer) == DOWNLOAD
    assert answer.getvalue()


def test_a_policy_of_an_answers_own_is_left_alone(invented: Browser) -> None:
    assert policy(invented.get("/with-its-own/")) == {"sandbox": []}


@pytest.mark.django_db
def test_a_message_is_kept_with_the_session_and_in_no_cookie(
    as_role: Callable[[Role], Browser],
) -> None:
    browser = as_role(Role.OWNER)
    answer = browser.post(reverse("profile"), {"name": "Ada Okafor"})
    assert answer.status_code == 302
    assert {name for name in browser.cookies if not name.startswith("__Host-")} == set()
    assert "Your profile is saved." in browser.get(reverse("profile")).content.decode()
