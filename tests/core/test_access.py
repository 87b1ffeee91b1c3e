"""How views declare their access, the start-up checks that they did, and the map of it all."""

import json
from io import StringIO
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import include, path, re_path
from django.views.generic import TemplateView

from apps.core.access import Access, Plane, access
from apps.core.surface import routes
from apps.tenants.roles import Role


def plain(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("answered")


def ask(view: Any, method: str = "GET", role: Role | None = None) -> HttpResponse:
    """Call a view as somebody with `role`, or as somebody outside of the tenant."""
    request = RequestFactory().generic(method, "/")
    if role:
        request.membership = SimpleNamespace(as_role=role)
    response: HttpResponse = view(request)
    return response


# The declaration


def test_a_role_puts_the_view_on_the_tenant_plane() -> None:
    assert access(Role.MEMBER, "POST")(plain).access == Access(Plane.TENANT, Role.MEMBER, ("POST",))


@pytest.mark.parametrize("who", list(Role))
def test_a_view_lets_its_role_and_those_above_in(who: Role) -> None:
    view = access(Role.ADMIN)(plain)
    if who in {Role.OWNER, Role.ADMIN}:
        assert ask(view, role=who).content == b"answered"
    else:
        with pytest.raises(PermissionDenied):
            ask(view, role=who)


def test_without_a_membership_the_view_is_not_there() -> None:
    with pytest.raises(Http404):
        ask(access(Role.VIEWER)(plain))


def test_a_view_answers_get_and_head_unless_it_says_otherwise() -> None:
    view = access(Plane.PUBLIC)(plain)
    assert ask(view).status_code == ask(view, "HEAD").status_code == 200
    response = ask(view, "POST")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_a_view_that_only_takes_posts_answers_no_head() -> None:
    view = access(Role.MEMBER, "POST")(plain)
    assert ask(view, "POST", Role.MEMBER).status_code == 200
    assert ask(view, "HEAD", Role.MEMBER).status_code == 405
    assert ask(view, "GET", Role.VIEWER).status_code == 405


@pytest.mark.parametrize(
    ("who", "asks"), [(Plane.PUBLIC, False), (Plane.ACCOUNT, True), (Plane.PLATFORM, True)]
)
def test_only_public_views_do_without_a_sign_in(who: Plane, asks: bool) -> None:
    assert access(who)(plain).login_required is asks
    assert access(Role.VIEWER)(plain).login_required


@pytest.mark.parametrize(
    ("is_staff", "is_active"), [(True, True), (True, False), (False, True), (False, False)]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_the_platform_is_there_for_active_staff_alone(
    is_staff: bool, is_active: bool, method: str
) -> None:
    request = RequestFactory().generic(method, "/")
    request.user = SimpleNamespace(is_staff=is_staff, is_active=is_active, has_second_factor=True)
    view = access(Plane.PLATFORM)(plain)
    if is_staff and is_active:
        assert view(request).status_code == (200 if method == "GET" else 405)
    else:
        with pytest.raises(Http404):
            view(request)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_staff_without_a_second_factor_are_led_to_where_it_is_set_up(method: str) -> None:
    request = RequestFactory().generic(method, "/")
    request.user = SimpleNamespace(is_staff=True, is_active=True, has_second_factor=False)
    response: Any = access(Plane.PLATFORM, "GET", "POST")(plain)(request)
    assert (response.status_code, response.headers["Location"]) == (302, "/accounts/2fa/")


def test_whoever_is_not_staff_is_not_told_that_a_page_asks_for_a_second_factor() -> None:
    request = RequestFactory().get("/")
    request.user = SimpleNamespace(is_staff=False, is_active=True, has_second_factor=False)
    with pytest.raises(Http404):
        access(Plane.PLATFORM)(plain)(request)


def test_the_tenant_plane_without_a_role_is_refused() -> None:
    with pytest.raises(ValueError, match="Name the least role"):
        access(Plane.TENANT)


@pytest.mark.parametrize("method", ["post", "HEAD", "FETCH"])
def test_a_method_that_is_none_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="Declare methods out of"):
        access(Plane.PUBLIC, "GET", method)


# The checks


@pytest.fixture
def findings(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> Any:
    """Run the start-up checks on a URLconf: ``findings(path(…), …)``."""

    def find(*patterns: Any) -> list[CheckMessage]:
        module = ModuleType("a_urlconf")
        module.urlpatterns = list(patterns)
        settings.ROOT_URLCONF = module
        return [each for each in run_checks() if str(each.id).startswith("slipway.")]

    return find


def test_a_view_that_declares_nothing_is_refused_by_its_path(findings: Any) -> None:
    [error] = findings(path("api/", include([path("clients/<int:pk>/", plain)])))
    assert error.id == "slipway.E001"
    assert "/api/clients/<int:pk>/" in error.msg
    assert error.is_serious()


def test_a_class_based_view_that_declares_nothing_is_refused_too(findings: Any) -> None:
    view = TemplateView.as_view(template_name="landing.html")
    assert [error.id for error in findings(re_path("^old/$", view))] == ["slipway.E001"]
    assert findings(re_path("^old/$", access(Plane.PUBLIC)(view))) == []


def test_a_decorator_that_hides_the_declaration_is_noticed(findings: Any) -> None:
    def careless(request: HttpRequest) -> HttpResponse:
        return access(Plane.PUBLIC)(plain)(request)

    assert [error.id for error in findings(path("old/", careless))] == ["slipway.E001"]


@pytest.mark.parametrize(
    ("prefix", "who"),
    [
        ("t/<slug:slug>/", Plane.PUBLIC),
        ("t/<slug:slug>/", Plane.ACCOUNT),
        ("t/<slug:slug>/", Plane.PLATFORM),
        ("else/", Role.VIEWER),
    ],
)
def test_a_role_is_asked_for_inside_tenants_and_nowhere_else(
    prefix: str, who: Any, findings: Any
) -> None:
    [error] = findings(path(prefix, include([path("page/", access(who)(plain))])))
    assert error.id == "slipway.E002"
    assert f"/{prefix}page/" in error.msg


def test_a_tenants_page_with_a_role_passes(findings: Any) -> None:
    assert findings(path("t/<slug:slug>/", include([path("", access(Role.VIEWER)(plain))]))) == []


# The map


def printed(**options: Any) -> str:
    out = StringIO()
    call_command("access_map", stdout=out, **options)
    return out.getvalue()


def test_the_map_names_every_route_in_each_of_its_forms() -> None:
    expected = [f"/{route.path}" for route in routes()]
    assert [row["route"] for row in json.loads(printed(json=True))] == expected
    assert [line.split("  ")[0] for line in printed().splitlines()[1:]] == expected
    assert len(printed(markdown=True).splitlines()) == len(expected) + 2


def test_the_map_tells_plane_role_and_methods() -> None:
    rows = {row["name"]: row for row in json.loads(printed(json=True))}
    assert rows["invitation_create"] == {
        "route": "/t/<slug:slug>/invitations/new/",
        "name": "invitation_create",
        "plane": "tenant",
        "role": "admin",
        "methods": ["GET", "POST"],
    }
    assert (rows["landing"]["plane"], rows["landing"]["role"]) == ("public", "")
    assert rows["account_email"]["plane"] == "account"
    assert (rows["operations"]["plane"], rows["operations"]["methods"]) == ("platform", ["GET"])
