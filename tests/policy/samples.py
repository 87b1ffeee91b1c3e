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
PARAMETER = re.compile(r"[<:](\w+)>")


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


def round_trip(tenant: Tenant, by: User) -> int:
    """A round trip that waits."""
    return Job.ask("round_trip", tenant=tenant, by=by).pk


def kind(tenant: Tenant, by: User) -> str:
    return "clients"


def export(tenant: Tenant, by: User) -> int:
    """An export whose file is there."""
    clients = resource_of("clients")
    made = Export.request(tenant=tenant, by=by, resource=clients, format="csv", query=QueryDict())
    attempt(made.job_id)
    return made.pk


def upload() -> SimpleUploadedFile:
    """A file with a line that is taken and a line that is refused."""
    return SimpleUploadedFile("clients.csv", f"Name\nAldgate Interiors\n{'x' * 300}\n".encode())


def draft(tenant: Tenant, by: User) -> int:
    """An uploaded file whose columns nobody has settled yet."""
    form = UploadForm(None, {"file": upload()})
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
    "roundtrips/<int:pk>": round_trip,
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
    if route.name in {"import_refusals", "import_undoing_create"}:  # it has been brought in
        started = tenant.imports.get(pk=arguments[-1])
        started.start(["name"], by=by)
        attempt(started.job_id)
    return reverse(route.name, args=arguments)


# What a route outside of workspaces names, if it has to be there for the page to open.
NAMED = {"template": "invitation", "theme": "dark"}


def plain_url(route: Route) -> str:
    """The address of a route outside of workspaces, with a 1 wherever it names nothing known."""
    names = PARAMETER.findall(route.path)
    return reverse(route.name, kwargs={name: NAMED.get(name, "1") for name in names})


def url_of(route: Route, tenant: Tenant, by: User) -> str:
    """The address of any route, for samples of `tenant` if it is a workspace's."""
    if route.access and route.access.role:
        return own_url(route, tenant, by=by)
    return plain_url(route)


def fields(tenant: Tenant) -> dict[str, Any]:
    """A value for each field of the portal's forms, in one form that suits them all.

    What names an object names one of `tenant`. A new form's fields belong here too: what is
    posted has to succeed, or the matrix proves nothing by it.
    """
    client = tenant.clients.first() or tenant.clients.create(name="Client of a form")
    member = tenant.memberships.latest("pk")
    owner = owner_of(tenant).user_id
    return {
        "name": "Aldgate",
        "status": "lead",
        "version": client.version,
        "owner": owner,
        "client": [client.pk],
        "clients": [client.pk],
        "confirmed": "on",
        "tenant": tenant.pk,
        "tenant_id": tenant.pk,
        "membership": member.pk,
        "member": member.pk,
        "user": owner,
        "body": "x",
        "role": "viewer",
        "emails": "ada@example.com",
        "format": "csv",
        "file": upload(),
        "column_0": "name",
    }


# Forms that are worth more than one attempt: the method and what is different.
MORE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "export_create": [("POST", {"format": "xlsx"})],
}
