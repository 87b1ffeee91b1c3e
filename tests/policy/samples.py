"""An object of a tenant for each place in a route that names one; a new route needs one here."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.surface import TENANT_PREFIX, Route
from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.tenants.models import Invitation, Membership, Tenant
from apps.tenants.roles import Role
from apps.transfers.forms import UploadForm
from apps.transfers.models import Export, Import
from apps.transfers.registry import resource_of

PLACE = re.compile(r"[a-z/]+/<[^>]+>")


def owner_of(tenant: Tenant) -> Membership:
    return tenant.memberships.active().get(role=Role.OWNER)


def member(tenant: Tenant, by: User) -> int:
    """A viewer, whom nobody in the tests signs in as."""
    return tenant.memberships.get(user__email__startswith="subject@").pk


def invitation(tenant: Tenant, by: User) -> int:
    """An open invitation that may be sent again."""
    made = Invitation.invite("newcomer@example.com", Role.VIEWER, by=owner_of(tenant))
    tenant.invitations.update(sent_at=timezone.now() - timedelta(hours=1))
    return made.pk


def client(tenant: Tenant, by: User) -> int:
    return tenant.clients.create(name=f"Client {tenant.clients.count()}").pk


def job(tenant: Tenant, by: User) -> int:
    """A job that waits; nobody does it."""
    return Job.ask("sample", tenant=tenant, by=by).pk


def kind(tenant: Tenant, by: User) -> str:
    return "clients"


def export(tenant: Tenant, by: User) -> int:
    """An export whose file is there."""
    clients = resource_of("clients")
    made = Export.request(tenant=tenant, by=by, resource=clients, format="csv", query=QueryDict())
    attempt(made.job_id)
    return made.pk


def draft(tenant: Tenant, by: User) -> int:
    """An uploaded file whose columns nobody has settled yet."""
    upload = SimpleUploadedFile("clients.csv", b"Name\nAldgate Interiors\n")
    form = UploadForm(None, {"file": upload})
    assert form.is_valid(), form.errors
    clients = resource_of("clients")
    return Import.take(
        tenant=tenant, by=by, resource=clients, upload=form.cleaned_data["file"], table=form.table
    ).pk


# By the piece of the path: what stands for it, made for the person who asks.
SAMPLES: dict[str, Callable[[Tenant, User], Any]] = {
    "members/<int:pk>": member,
    "invitations/<int:pk>": invitation,
    "clients/<int:pk>": client,
    "jobs/<int:pk>": job,
    "exports/new/<slug:kind>": kind,
    "exports/<int:pk>": export,
    "imports/new/<slug:kind>": kind,
    "imports/<int:pk>": draft,
}


def places(route: Route) -> list[str]:
    """The pieces of a tenant route's path that name an object: ``clients/<int:pk>``."""
    return PLACE.findall(route.path.removeprefix(TENANT_PREFIX))


def own_url(route: Route, tenant: Tenant, by: User) -> str:
    """The route's address for samples of `tenant`. Raises LookupError if one is missing."""
    arguments: list[Any] = [tenant.slug]
    for place in places(route):
        if place not in SAMPLES:
            raise LookupError(f"/{route.path} needs a sample for {place}: tests/policy/samples.py")
        arguments.append(SAMPLES[place](tenant, by))
    if route.name == "export_download":
        return tenant.exports.get(pk=arguments[-1]).link_for(by)  # its key is half of the address
    return reverse(route.name, args=arguments)
