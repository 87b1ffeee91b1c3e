"""What is gathered of routes, limits and walls from the real URLconf and a real database."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import dj_database_url
import pytest
from django.conf import settings
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.core.access import Plane, access
from apps.core.owner import as_owner
from apps.launch import gathering
from apps.launch.checks.routes import DEVELOPMENT_ROUTES, PUBLIC_ROUTES
from apps.launch.facts import Unasked, known
from apps.launch.facts.surface import Surface, TenantTable
from apps.launch.findings import Status
from apps.launch.gathering.asking import ask
from apps.launch.gathering.surface import admits_all
from apps.launch.registry import CHECKS, judge, known_checks
from apps.tenants.walls import raise_walls
from tests.launch.fabricated import with_facts
from tests.launch.faults.surface import WITHOUT_PLAN


def surface() -> Surface:
    """What is gathered."""
    return known(gathering.surface(ask("The database", gathering.database)))


def of(found: Surface, area: str) -> set[Status]:
    """How the checks of an area judge."""
    checks = [one for one in known_checks() if one.id.startswith(area)]
    return {finding.status for one in checks for finding in judge(one, with_facts(surface=found))}


@pytest.mark.parametrize("area", ["LC-ROUTE", "LC-TENANT", "LC-LIMIT"])
def test_the_product_as_shipped_passes(db: None, area: str) -> None:
    assert of(surface(), area) == {Status.PASS}


def test_the_allowlist_holds_no_name_that_is_not_open(db: None) -> None:
    opened = {door.name for door in surface().doors if door.is_open}
    assert opened == PUBLIC_ROUTES
    assert not opened & DEVELOPMENT_ROUTES


def test_without_a_plan_an_open_page_is_found_all_the_same() -> None:
    (found,) = judge(CHECKS["LC-ROUTE-002"], WITHOUT_PLAN)
    assert found.status is Status.FAIL
    assert "/new/ (new)" in found.evidence


@access(Plane.PUBLIC)
def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class AllowAny:
    """Named as Django REST framework's."""


class IsAuthenticated:
    """As above."""


class ApiView:
    permission_classes: list[Any] = [AllowAny]


def api(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


api.cls = ApiView  # type: ignore[attr-defined]  # as as_view() leaves them
api.login_required = False  # type: ignore[attr-defined]

urlpatterns = [
    path("pricing/", forgotten, name="pricing"),
    path("secret/", undeclared, name="secret"),
    path("api/", api, name="api"),
]


@pytest.mark.urls(__name__)
def test_routes_tell_who_is_let_in(db: None) -> None:
    opened, silent, of_api = surface().doors
    assert (opened.is_open, opened.is_declared) == (True, True)
    assert (silent.is_open, silent.is_declared) == (False, False)
    assert (of_api.is_open, of_api.is_api, of_api.asks) == (True, True, False)


def test_permissions_that_are_joined_admit_strangers_only_where_one_may_get_through() -> None:
    def joined(by: str) -> Any:
        operator = type(by, (), {})
        return type("Holder", (), {})(), operator

    for by, expected in (("OR", True), ("AND", False)):
        holder, operator = joined(by)
        holder.operator_class = operator
        holder.op1_class, holder.op2_class = AllowAny, IsAuthenticated
        assert admits_all(holder) is expected


def table(name: str) -> TenantTable:
    return next(one for one in known(surface().tables) if one.name == name)


@pytest.fixture
def break_wall(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Run SQL as the owner; the walls are raised again afterwards."""

    def run(sql: str) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(sql)

    yield run
    with as_owner():
        raise_walls()


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("ALTER TABLE clients_note DISABLE ROW LEVEL SECURITY", {"row_security": False}),
        ("DROP POLICY tenant ON clients_note", {"policed": False}),
        (
            "ALTER TABLE clients_note DROP CONSTRAINT clients_note_client_id_same_tenant",
            {"loose": ("client_id",)},
        ),
    ],
)
def test_a_wall_that_is_gone_is_seen(
    break_wall: Callable[[str], None], sql: str, broken: dict[str, Any]
) -> None:
    sound = table("clients_note")
    assert sound == TenantTable(name="clients_note")
    break_wall(sql)
    assert table("clients_note") == replace(sound, **broken)


def test_the_owner_is_told_from_the_product(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = dj_database_url.parse(settings.DATABASE_OWNER_URL)
    changed = {**connections.settings["default"], "USER": owner["USER"]}
    monkeypatch.setitem(connections.settings, "default", {**changed, "PASSWORD": owner["PASSWORD"]})
    assert table("clients_note").owned


def test_a_database_without_the_tables_is_no_pass(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {**connections.settings["default"], "NAME": "postgres"}
    monkeypatch.setitem(connections.settings, "default", elsewhere)
    assert isinstance(surface().tables, Unasked)
