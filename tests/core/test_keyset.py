"""Keyset pages: every row once, in both directions, whatever comes and goes meanwhile."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.clients.models import Client
from apps.core import keyset
from apps.core.keyset import Page, Sort, paginate
from apps.tenants.models import Tenant

SLUGS = [slug for sort in Client.SORTS for slug in (sort.slug, sort.reversed().slug)]


def add(tenant: Tenant, number: int) -> None:
    """Add clients with few different cities, with and without dates, a microsecond apart."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tenant.clients.bulk_create(
        Client(
            tenant=tenant,
            name=f"{'aB'[n % 2]} client {n // 3}",
            city=["", "Leeds", "Zürich"][n % 3],
            status=["lead", "active"][n % 2],
            last_contact_on=None if n % 4 == 0 else date(2026, 1, 1 + n % 5),
            created_at=start + timedelta(microseconds=n // 2),
        )
        for n in range(number)
    )


def open_page(tenant: Tenant, url: str = "/list/", size: int = 7) -> Page[Client]:
    return paginate(RequestFactory().get(url), tenant.clients.all(), Client.SORTS, size=size)


def walk(tenant: Tenant, url: str, way: str = "next_url") -> list[Page[Client]]:
    pages = []
    while url:
        pages.append(open_page(tenant, url))
        url = getattr(pages[-1], way)
    return pages


def keys(pages: list[Page[Client]]) -> list[int]:
    return [row.pk for page in pages for row in page.rows]


@pytest.mark.parametrize("slug", SLUGS)
def test_pages_hold_every_row_once_and_in_order(acme: Tenant, slug: str) -> None:
    add(acme, 30)
    sort = keyset.chosen(slug, Client.SORTS)
    ordered = acme.clients.annotate(key=sort.expression).order_by("key", "pk")
    expected = list(
        (ordered.reverse() if sort.descending else ordered).values_list("pk", flat=True)
    )
    assert keys(walk(acme, f"/list/?sort={slug}")) == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_the_way_back_shows_the_same_pages(acme: Tenant, slug: str) -> None:
    add(acme, 30)
    there = walk(acme, f"/list/?sort={slug}")
    back = [there[-1], *walk(acme, there[-1].previous_url, "previous_url")]
    assert [page.rows for page in back] == [page.rows for page in reversed(there)]
    assert [page.label for page in back] == [page.label for page in reversed(there)]


def test_what_is_empty_counts_as_its_stand_in(acme: Tenant) -> None:
    add(acme, 12)
    dates = [client.last_contact_on for client in open_page(acme, "/list/?sort=-contact", 12).rows]
    known = [day for day in dates if day]
    assert dates == [*sorted(known, reverse=True), *[None] * (12 - len(known))]


def test_a_key_that_may_be_empty_needs_a_stand_in(acme: Tenant) -> None:
    add(acme, 9)
    with pytest.raises(ValueError, match="null"):
        paginate(
            RequestFactory().get("/"),
            acme.clients.all(),
            [Sort("contact", "last_contact_on", descending=True)],
            size=2,
        )


def test_rows_that_come_and_go_neither_repeat_nor_hide_others(acme: Tenant) -> None:
    add(acme, 20)
    first = open_page(acme, "/list/?sort=name")
    acme.clients.create(name="0, which sorts before all")
    first.rows[-1].delete()
    second = open_page(acme, first.next_url)
    everything = list(acme.clients.order_by(keyset.chosen("name", Client.SORTS).expression, "pk"))
    assert second.rows == everything[7:14]


def test_the_first_page_is_full_even_when_it_is_reached_from_behind(acme: Tenant) -> None:
    add(acme, 20)
    second = open_page(acme, open_page(acme, "/list/?sort=name").next_url)
    acme.clients.filter(pk__in=keys([open_page(acme, "/list/?sort=name")])[:3]).delete()
    page = open_page(acme, second.previous_url)
    assert (len(page.rows), page.previous_url) == (7, "")
    assert page.label == "1\N{EN DASH}7 of 17"


def test_a_page_whose_rows_are_gone_leads_to_the_first_one(acme: Tenant) -> None:
    add(acme, 10)
    first = open_page(acme, "/list/?sort=name")
    acme.clients.exclude(pk__in=keys([first])).delete()
    assert open_page(acme, first.next_url).rows == first.rows


@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize(
    "junk",
    [
        "",
        "junk",
        "a:b",
        "\x00",
        "é" * 300,
        "W10:" + "x" * 43,
        Signer(salt="apps.core.keyset").sign_object(["created", "not a date", "1", 1]),
        Signer(salt="apps.core.keyset").sign_object(["created", "2026-01-01", "1"]),
        Signer(salt="apps.core.keyset").sign_object({}),
        Signer(salt="elsewhere").sign_object(["created", "2026-01-01 00:00:00+00:00", "1", 1]),
    ],
)
def test_a_junk_cursor_opens_the_first_page(acme: Tenant, way: str, junk: str) -> None:
    add(acme, 10)
    query = QueryDict(mutable=True)
    query.update({"sort": "created", way: junk})
    assert open_page(acme, f"/?{query.urlencode()}").rows == open_page(acme, "/?sort=created").rows


def test_a_cursor_of_another_sort_opens_the_first_page(acme: Tenant) -> None:
    add(acme, 10)
    url = open_page(acme, "/list/?sort=name").next_url.replace("sort=name", "sort=-name")
    assert open_page(acme, url).rows == open_page(acme, "/list/?sort=-name").rows


def test_an_unknown_sort_is_the_first_one(acme: Tenant) -> None:
    add(acme, 10)
    assert open_page(acme, "/list/?sort=password").rows == open_page(acme, "/list/?sort=name").rows


@pytest.mark.parametrize("number", [0, 2, 30])
def test_a_page_takes_two_queries_whatever_the_number_of_rows(acme: Tenant, number: int) -> None:
    add(acme, number)
    with CaptureQueriesContext(connection) as queries:
        open_page(acme, "/list/?sort=name")
    assert len(queries) == 2


def test_labels_say_where_one_is(acme: Tenant, monkeypatch: Any) -> None:
    add(acme, 16)
    labels = [page.label for page in walk(acme, "/list/?sort=name")]
    assert labels == ["1\N{EN DASH}7 of 16", "8\N{EN DASH}14 of 16", "15\N{EN DASH}16 of 16"]
    monkeypatch.setattr(keyset, "COUNTED", 10)
    labels = [page.label for page in walk(acme, "/list/?sort=name")]
    assert labels[-1] == "15\N{EN DASH}16 of more than 10"


def test_counting_stops_where_it_would_cost_more_than_the_page(acme: Tenant) -> None:
    add(acme, 2)
    with CaptureQueriesContext(connection) as queries:
        open_page(acme)
    assert "LIMIT 1001" in queries.captured_queries[1]["sql"]


@pytest.mark.parametrize(("number", "label"), [(0, ""), (1, "1 of 1")])
def test_labels_of_hardly_any_rows(acme: Tenant, number: int, label: str) -> None:
    add(acme, number)
    assert open_page(acme).label == label


def test_links_keep_the_query_string_and_hold_one_cursor(acme: Tenant) -> None:
    add(acme, 30)
    second = open_page(acme, open_page(acme, "/list/?q=a+b&sort=name&page=x").next_url)
    for url, way in ((second.next_url, "after"), (second.previous_url, "before")):
        path, _, query = url.partition("?")
        assert path == "/list/"
        assert set(QueryDict(query)) == {"q", "sort", "page", way}
        assert QueryDict(query)["q"] == "a b"


def test_headers_say_how_the_list_is_sorted_and_turn_it_round(acme: Tenant) -> None:
    add(acme, 30)
    headers = open_page(acme, open_page(acme, "/list/?q=x&sort=name").next_url).headers
    assert (headers["name"].url, headers["name"].direction) == (
        "/list/?q=x&sort=-name",
        "ascending",
    )
    assert (headers["contact"].url, headers["contact"].direction) == (
        "/list/?q=x&sort=-contact",
        "",
    )
    turned = open_page(acme, "/list/?sort=-name").headers["name"]
    assert (turned.url, turned.direction) == ("/list/?sort=name", "descending")


@pytest.mark.parametrize("slug", SLUGS)
def test_postgresql_finds_a_page_through_the_index_of_its_sort(acme: Tenant, slug: str) -> None:
    add(acme, 30)
    url = open_page(acme, open_page(acme, f"/list/?sort={slug}").next_url).next_url
    with connection.cursor() as cursor:
        # So few rows are read faster without an index; the question is whether it could be used.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    with CaptureQueriesContext(connection) as queries:
        open_page(acme, url)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    name = slug.removeprefix("-")
    assert f"using clients_client_{name}" in plan
    assert "Sort" not in plan
    assert "ROW(" in plan.split("Index Cond:")[1].splitlines()[0]
