"""Wall 1 under attack: every road of the ORM to rows whose tenant is not named."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery
from django.shortcuts import get_object_or_404
from django.views.generic import ListView

from apps.clients.models import Client, Note
from apps.tenants.guard import CrossTenantWrite, UnscopedQuery
from apps.tenants.models import Tenant
from apps.tenants.scope import outside, platform_scope, tenant_scope

Clients = Client.objects


async def iterate() -> None:
    async for _ in Clients.all():
        pass


class Pick(forms.Form):
    client = forms.ModelChoiceField(Clients.all())


class Everyone(ListView):
    model = Client


def correlated(acme: Tenant) -> Any:
    same = Clients.filter(tenant=OuterRef("tenant")).values("pk")[:1]
    return list(acme.clients.annotate(other=Subquery(same)))


ATTACKS: dict[str, Callable[[Tenant], Any]] = {
    "all": lambda acme: list(Clients.all()),
    "get": lambda acme: Clients.get(pk=1),
    "first": lambda acme: Clients.first(),
    "last": lambda acme: Clients.last(),
    "exists": lambda acme: Clients.exists(),
    "count": lambda acme: Clients.count(),
    "explain": lambda acme: Clients.explain(),
    "aggregate": lambda acme: Clients.aggregate(Count("pk")),
    "in_bulk": lambda acme: Clients.in_bulk([1]),
    "iterator": lambda acme: list(Clients.iterator()),
    "values": lambda acme: list(Clients.values("pk")),
    "values_list": lambda acme: list(Clients.values_list("pk")),
    "dates": lambda acme: list(Clients.dates("created_at", "day")),
    "slice": lambda acme: list(Clients.all()[:1]),
    "distinct": lambda acme: list(Clients.distinct("name")),
    "select_related": lambda acme: list(Clients.select_related("tenant")),
    "async for": lambda acme: asyncio.run(iterate()),
    "update": lambda acme: Clients.update(name="x"),
    "delete": lambda acme: Clients.all().delete(),
    "fast delete": lambda acme: Note.objects.all().delete(),
    "raw delete": lambda acme: Clients.all()._raw_delete("default"),
    "bulk_update": lambda acme: Clients.bulk_update(list(acme.clients.all()), ["name"]),
    "update_or_create": lambda acme: Clients.update_or_create(pk=1),
    "union": lambda acme: list(acme.clients.all().union(Clients.all())),
    "subquery": lambda acme: list(acme.clients.filter(pk__in=Clients.values("pk"))),
    "exists subquery": lambda acme: list(acme.clients.filter(Exists(Clients.all()))),
    "correlated subquery": correlated,
    "or": lambda acme: list(Clients.filter(Q(tenant=acme) | Q(name="x"))),
    "querysets or-ed": lambda acme: list(acme.clients.all() | Clients.all()),
    "negated": lambda acme: list(Clients.exclude(tenant=acme)),
    "negated twice": lambda acme: list(Clients.filter(~(~Q(tenant=acme) & Q(pk=1)))),
    "in a list": lambda acme: list(Clients.filter(tenant__in=[acme.pk])),
    "compared with itself": lambda acme: list(Clients.filter(tenant=F("tenant"))),
    "another column of the tenant": lambda acme: list(Clients.filter(tenant__slug=acme.slug)),
    "another table's tenant": lambda acme: list(Note.objects.filter(client__tenant=acme)),
    "two tenants": lambda acme: list(acme.clients.filter(tenant=acme.pk + 1)),
    "prefetch over tenants": lambda acme: list(Tenant.objects.prefetch_related("clients")),
    "another model": lambda acme: list(Note.objects.all()),
    "get_object_or_404": lambda acme: get_object_or_404(Client, pk=1),
    "choice field": lambda acme: Pick({"client": 1}).is_valid(),
    "generic view": lambda acme: list(Everyone().get_queryset()),
}


@pytest.fixture
def client(acme: Tenant) -> Client:
    client = acme.clients.create(name="Aldgate")
    client.notes.create(tenant=acme, body="Called.")
    return client


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_query_that_names_no_tenant_is_refused(attack: str, acme: Tenant, client: Client) -> None:
    with tenant_scope(acme), pytest.raises(UnscopedQuery):
        ATTACKS[attack](acme)


ROADS: dict[str, Callable[[Tenant, Client], Any]] = {
    "through the tenant": lambda acme, client: acme.clients.get(pk=client.pk),
    "named in the where": lambda acme, client: Clients.filter(tenant=acme).get(),
    "named by its key": lambda acme, client: Clients.get(tenant_id=acme.pk, pk=client.pk),
    "counted": lambda acme, client: acme.clients.count(),
    "aggregated": lambda acme, client: acme.clients.aggregate(Count("notes")),
    "reverse manager": lambda acme, client: client.notes.get(),
    "forward": lambda acme, client: client.notes.get().client.name,
    "prefetched": lambda acme, client: acme.clients.prefetch_related("notes")[0].notes.all()[0],
    "prefetched by a queryset": lambda acme, client: list(
        acme.clients.prefetch_related(Prefetch("notes", Note.objects.filter(body="Called.")))
    ),
    "joined": lambda acme, client: acme.notes.select_related("client").get(),
    "joined in the where": lambda acme, client: acme.notes.get(client__name="Aldgate"),
    "read again": lambda acme, client: client.refresh_from_db(),
    "saved": lambda acme, client: client.save(),
    "updated": lambda acme, client: acme.clients.update(name="Aldwych"),
    "made": lambda acme, client: acme.clients.create(name="Barbican"),
    "made once": lambda acme, client: acme.clients.get_or_create(name="Barbican"),
    "made in bulk": lambda acme, client: Clients.bulk_create([Client(tenant=acme, name="x")]),
    "validated": lambda acme, client: client.full_clean(),
    "deleted with its notes": lambda acme, client: client.delete(),
    "deleted in bulk": lambda acme, client: acme.clients.all().delete(),
    "united": lambda acme, client: list(acme.clients.all().union(acme.clients.all())),
    "subquery": lambda acme, client: acme.clients.get(pk__in=acme.notes.values("client")),
    "nothing": lambda acme, client: list(Clients.none()),
}


@pytest.mark.parametrize("road", ROADS)
def test_what_names_its_tenant_is_let_through(road: str, acme: Tenant, client: Client) -> None:
    with tenant_scope(acme):
        ROADS[road](acme, client)


def test_the_message_names_the_model_and_the_right_call(acme: Tenant) -> None:
    with (
        tenant_scope(acme),
        pytest.raises(UnscopedQuery, match=r"Client .*request\.tenant\.clients"),
    ):
        Clients.count()


def test_another_tenant_named_inside_a_scope_is_refused(acme: Tenant, globex: Tenant) -> None:
    with tenant_scope(acme), pytest.raises(UnscopedQuery, match="but the scope is"):
        globex.clients.count()


CROSSINGS: dict[str, Callable[[Client, Tenant, Client], Any]] = {
    "create": lambda ours, globex, theirs: globex.clients.create(name="x"),
    "save": lambda ours, globex, theirs: Client(tenant=globex, name="x").save(),
    "bulk_create": lambda ours, globex, theirs: Clients.bulk_create([Client(tenant=globex)]),
    "update": lambda ours, globex, theirs: ours.tenant.clients.update(tenant=globex),
    "update by key": lambda ours, globex, theirs: ours.tenant.clients.update(tenant_id=globex.pk),
    "foreign parent": lambda ours, globex, theirs: Note(tenant=ours.tenant, client=theirs).save(),
    "foreign parent in an update": lambda ours, globex, theirs: ours.tenant.notes.update(
        client=theirs
    ),
}


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_a_write_into_another_tenant_is_refused(
    crossing: str, client: Client, acme: Tenant, globex: Tenant
) -> None:
    theirs = globex.clients.create(name="Theirs")
    with tenant_scope(acme), pytest.raises(CrossTenantWrite):
        CROSSINGS[crossing](client, globex, theirs)


def test_the_platform_scope_sees_all_tenants_and_asks_for_a_reason(
    acme: Tenant, globex: Tenant, client: Client
) -> None:
    globex.clients.create(name="Theirs")
    with outside():
        with platform_scope(reason="Count what every workspace keeps"):
            assert Clients.count() == 2
        with pytest.raises(ValueError, match="reason"), platform_scope(reason=" "):
            pass
