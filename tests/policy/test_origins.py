"""Other origins: who may send forms and who may read, and that nobody else may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.accounts.models import User
from apps.core.access import Plane, access
from apps.core.surface import Route, routes
from apps.tenants.models import Tenant
from config import urls as product
from tests.conftest import Browser
from tests.policy.samples import url_of
from tests.policy.test_access import files, named
from tests.policy.test_matrix import fingerprint

__all__ = ["files"]
ROUTES = [route for route in routes() if route.access]
FORMS = [route for route in ROUTES if route.access and "POST" in route.access.methods]
SITE, PARTNER = "https://testserver", "https://partner.example"
STRANGERS = [
    "https://evil.example",
    "null",
    "http://testserver",
    "https://testserver:8443",
    "https://testserver.evil.example",
    "https://evil.partner.example",
    "http://partner.example",
    "https://partner.example.evil.example",
    "https://partner.example:444",
    "file://",
    "http://[",
    "*",
]
# What answers forms without asking where they come from, and why that does no harm.
EXEMPT = {
    "csp_report_create": "a browser sends its reports by itself, and nothing follows of them",
    "mail_report_create": "the mail provider posts by itself, and proves that it does",
    "unsubscription": "a mail program posts by itself, and who has the link may stop that mail",
}
TOKEN = "a" * 32
REFUSAL = b"We could not be sure that the form came from you"


@pytest.fixture(autouse=True)
def one_partner(settings: Any) -> None:
    """TRUSTED_ORIGINS names one, as production.py makes settings of it."""
    settings.CSRF_TRUSTED_ORIGINS = [SITE, PARTNER]
    settings.CORS_ALLOWED_ORIGINS = [PARTNER]
    settings.RATELIMIT_ENABLE = False
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.mark.parametrize("route", FORMS, ids=named)
def test_a_form_from_an_origin_that_is_not_declared_is_refused(
    route: Route, acme: Tenant, owner: User
) -> None:
    url = url_of(route, acme, by=owner)
    browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(owner)
    browser.cookies[django_settings.CSRF_COOKIE_NAME] = TOKEN

    def is_refused(**origin: str) -> bool:
        with transaction.atomic():
            answer: Any = browser.post(url, {"csrfmiddlewaretoken": TOKEN}, headers=origin)
            transaction.set_rollback(True)
        return answer.status_code == 403 and REFUSAL in answer.content

    before = fingerprint(acme)
    taken = {origin for origin in STRANGERS if not is_refused(origin=origin)}
    taken |= {"from nowhere"} - {is_refused() and "from nowhere"}
    assert fingerprint(acme) == before
    assert taken == ({*STRANGERS, "from nowhere"} if route.name in EXEMPT else set())
    # The very same form from here is taken, or the above would prove nothing.
    assert not is_refused(origin=SITE)
    assert not is_refused(origin=PARTNER)
    assert not is_refused(referer=f"{SITE}/a")


@access(Plane.PUBLIC, "GET", "POST")
def api(request: HttpRequest) -> HttpResponse:
    return HttpResponse("{}", content_type="application/json")


class with_an_api:  # it stands where a URLconf's module does
    handler400, handler403 = product.handler400, product.handler403
    handler404, handler500 = product.handler404, product.handler500
    urlpatterns = (*product.urlpatterns, path("api/things/", api))


def preflight(origin: str, url: str) -> Any:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    return Browser().options(url, headers=asked)


@pytest.mark.django_db
def test_a_declared_origin_may_read_the_api_but_never_as_a_person(settings: Any) -> None:
    settings.ROOT_URLCONF = with_an_api
    asked = preflight(PARTNER, "/api/things/")
    assert asked.status_code == 200
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    for answer in (asked, Browser().get("/api/things/", headers={"origin": PARTNER})):
        assert answer.headers["Access-Control-Allow-Origin"] == PARTNER
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "origin" in answer.headers["Vary"].lower()
    missing = Browser().get("/api/nothing/", headers={"origin": PARTNER})
    assert missing.status_code == 404
    assert missing.headers["Access-Control-Allow-Origin"] == PARTNER


def told_of_cors(answer: Any) -> list[str]:
    if answer.streaming:
        answer.getvalue()  # which closes the file
    return [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.django_db
@pytest.mark.parametrize("origin", [*STRANGERS, SITE])
def test_another_origin_may_not(settings: Any, origin: str) -> None:
    settings.ROOT_URLCONF = with_an_api
    for answer in (
        preflight(origin, "/api/things/"),
        Browser().get("/api/things/", headers={"origin": origin}),
    ):
        assert told_of_cors(answer) == []


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_what_is_no_api_nobody_elsewhere_may_read(
    route: Route, acme: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    url, browser = url_of(route, acme, by=owner), sign_in(owner)
    for origin in (PARTNER, "https://evil.example", "null"):
        with transaction.atomic():
            answers = [browser.get(url, headers={"origin": origin}), preflight(origin, url)]
            transaction.set_rollback(True)
        assert [told_of_cors(answer) for answer in answers] == [[], []]


@pytest.mark.parametrize("origin", [PARTNER, "https://evil.example", "null"])
def test_static_files_and_errors_are_nobody_elses_either(origin: str, db: None) -> None:
    for url in (staticfiles_storage.url("css/app.css"), "/static/none.css", "/nowhere/"):
        answer: Any = Browser().get(url, headers={"origin": origin})
        assert told_of_cors(answer) == []


def test_production_takes_both_lists_from_the_one_variable() -> None:
    env = django_settings.ENV
    assert django_settings.CORS_URLS_REGEX == r"^/api/"
    assert django_settings.CORS_ALLOW_CREDENTIALS is False
    assert not getattr(django_settings, "CORS_ALLOW_ALL_ORIGINS", False)
    assert not getattr(django_settings, "CORS_ALLOWED_ORIGIN_REGEXES", [])
    assert env.TRUSTED_ORIGINS == []
    assert django_settings.WHITENOISE_ALLOW_ALL_ORIGINS is False
