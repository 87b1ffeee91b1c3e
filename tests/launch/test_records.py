"""What is gathered of tables and lists, from a real database and from classes that are lists."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import ListView

from apps.clients.models import Client
from apps.core.owner import as_owner
from apps.launch.facts import Unasked, known
from apps.launch.facts.records import Listed, Records, Tables
from apps.launch.gathering.database import database
from apps.launch.gathering.records import about, records
from apps.launch.registry import CHECKS, judge, known_checks
from apps.tenants.models import Tenant
from tests.launch.fabricated import with_facts

ROWS = 10_500


def tables() -> Tables:
    return known(records(database()).tables)


def statuses(found: Records) -> dict[str, str]:
    """How the checks of records judge, by their id."""
    known_checks()
    ids = [f"LC-PERF-{number:03}" for number in range(2, 6)]  # the first is the rehearsal's
    facts = with_facts(records=found)
    return {id: judge(CHECKS[id], facts)[0].status.value for id in ids}


@pytest.fixture
def owner_says(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Run SQL as the owner; indexes that are gone afterwards are made again."""

    def run(sql: str) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(sql)

    yield run
    with as_owner(), connection.schema_editor() as editor:
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, "clients_client")
        for index in Client._meta.indexes:
            if index.name not in there:
                editor.add_index(Client, index)


@pytest.fixture
def many(owner_says: Callable[[str], None], acme: Tenant) -> Callable[[str], None]:
    """More clients than a founder has, counted by the database."""
    owner_says(
        "INSERT INTO clients_client (tenant_id, name, email, phone, city, status, created_at,"
        f" updated_at) SELECT {acme.pk}, 'Client ' || n, '', '', '', 'lead', now(), now()"
        f" FROM generate_series(1, {ROWS}) n"
    )
    owner_says("ANALYZE clients_client")
    return owner_says


def test_the_product_as_shipped_passes(db: None) -> None:
    found = records(database())
    assert set(statuses(found).values()) == {"pass"}
    declared = {one.declared for one in known(found.tables).listed}
    assert {"Client.SORTS name", "Client.SORTS contact", "ClientFilter.owner"} <= declared


def test_a_large_table_without_the_index_of_its_list_is_found(
    many: Callable[[str], None],
) -> None:
    seen = records(database())
    assert known(seen.tables).rows["clients_client"] == ROWS
    assert statuses(seen)["LC-PERF-002"] == "pass"
    many("DROP INDEX clients_client_city")
    seen = records(database())
    bare = Listed(
        table="clients_client", column="city_key", declared="Client.SORTS city", indexed=False
    )
    assert [one for one in known(seen.tables).listed if not one.indexed] == [bare]
    assert statuses(seen) == {
        "LC-PERF-002": "fail",
        "LC-PERF-003": "pass",
        "LC-PERF-004": "pass",
        "LC-PERF-005": "pass",
    }


def test_a_partial_index_is_none(many: Callable[[str], None]) -> None:
    many("DROP INDEX clients_client_status")
    many("CREATE INDEX partial ON clients_client (tenant_id, status) WHERE status = 'lead'")
    assert statuses(records(database()))["LC-PERF-002"] == "fail"
    many("DROP INDEX partial")


def test_an_index_that_was_left_half_built_is_found(many: Callable[[str], None]) -> None:
    with pytest.raises(IntegrityError):
        many("CREATE UNIQUE INDEX CONCURRENTLY half ON clients_client (city)")
    seen = records(database())
    many("DROP INDEX half")
    assert known(seen.tables).invalid == ("half",)
    assert statuses(seen)["LC-PERF-004"] == "fail"


def test_a_foreign_key_without_an_index_is_found(many: Callable[[str], None]) -> None:
    many("DROP INDEX " + index_of("owner_id"))
    seen = records(database())
    many("CREATE INDEX clients_client_owner ON clients_client (owner_id)")
    assert known(seen.tables).unled == ("clients_client.owner_id",)
    assert statuses(seen)["LC-PERF-005"] == "fail"


def index_of(column: str) -> str:
    """The name of the index on one column of the clients."""
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, "clients_client")
    return next(
        name for name, each in there.items() if each["columns"] == [column] and each["index"]
    )


@pytest.mark.parametrize(
    ("counted", "counted_pages", "pages", "rows"),
    [
        (0, 0, 0, 0),
        (-1, 0, 0, 0),
        (-1, 0, 34, 9947),
        (-1, 0, 35, None),
        (0, 0, 400, None),
        (500, 10, 30, 1500),
    ],
)
def test_rows_are_reckoned_from_what_was_counted_and_the_size_since(
    counted: int, counted_pages: int, pages: int, rows: int | None
) -> None:
    assert about(counted, counted_pages, pages) == rows


def test_a_database_without_the_tables_is_no_pass(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {**connections.settings["default"], "NAME": "postgres"}
    monkeypatch.setitem(connections.settings, "default", elsewhere)
    assert isinstance(records(database()).tables, Unasked)


def test_a_database_that_did_not_answer_is_not_asked_again() -> None:
    reason = Unasked("The database did not answer")
    assert records(reason).tables is reason


class Endless(ListView):  # type: ignore[type-arg]  # Django has no types of its own
    model = Tenant
    ordering = "-created_at"


class Paged(Endless):
    paginate_by = 25


class Pages:
    """Named as Django REST framework's."""

    page_size: int | None = 25
    page_size_query_param = "size"
    max_page_size: int | None = 100


class Sizeless(Pages):
    page_size = None


class AnySize(Pages):
    max_page_size = None


class Offset:
    default_limit = 25
    max_limit = None


def api(pages: Any, **declared: Any) -> Any:
    """A viewset's list, as Django REST framework's as_view leaves it."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    view.cls = type("Api", (), {"pagination_class": pages, **declared})  # type: ignore[attr-defined]
    view.actions = {"get": "list"}  # type: ignore[attr-defined]
    return view


urlpatterns = [
    path("endless/", Endless.as_view()),
    path("paged/", Paged.as_view()),
    path("paged/there/", Endless.as_view(paginate_by=25)),
    path("api/none/", api(None, queryset=Tenant.objects.none(), ordering_fields=["name", "slug"])),
    path("api/pages/", api(Pages)),
    path("api/sizeless/", api(Sizeless)),
    path("api/any/", api(AnySize)),
    path("api/offset/", api(Offset)),
]


@pytest.mark.urls(__name__)
def test_lists_without_an_end_are_found_by_their_path(db: None) -> None:
    found = records(database())
    assert found.lists == len(urlpatterns)
    assert found.endless == {
        "/endless/": "paginate_by is not set",
        "/api/none/": "pagination_class is None",
        "/api/sizeless/": "Sizeless has no size",
        "/api/any/": "AnySize has no max_page_size",
        "/api/offset/": "Offset has no max_limit",
    }
    by_class = {
        (one.declared, one.indexed)
        for one in known(found.tables).listed
        if one.table == "tenants_tenant"
    }
    assert by_class == {
        ("Endless.ordering", False),
        ("Paged.ordering", False),
        ("Api.ordering_fields", False),
        ("Api.ordering_fields", True),
    }
