"""Routes that careless code could have: some leak, some ask too often, some cannot be rehearsed."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path

from apps.clients import views as clients
from apps.core.access import access
from apps.core.http import TenantRequest
from apps.jobs import views as jobs
from apps.jobs.models import Job
from apps.tenants.models import Membership
from apps.tenants.roles import MANAGE_MEMBERS, READ
from config.urls import urlpatterns as real


@access(READ)
def leaking(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """A member of any workspace, by nothing but the number."""
    Membership.objects.get(pk=pk)
    return HttpResponse()


@access(MANAGE_MEMBERS, "POST", "DELETE")
def taking(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Takes a member out of any workspace, and has a mail written about it."""
    transaction.on_commit(lambda: left.append("a commit"))
    Job.ask("sample")
    Membership.objects.get(pk=pk).delete()
    return HttpResponse(status=204)


@access(READ)
def telling(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Says of another workspace's row that it is there."""
    if Membership.objects.filter(pk=pk).exclude(tenant=request.tenant).exists():
        return HttpResponse(status=403)
    return HttpResponse()


@access(READ)
def crashing(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    raise RuntimeError


@access(READ)
def closed(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Shows nothing to anybody, so that its 404 proves nothing."""
    raise Http404


@access(READ, "POST")
def nameless(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    raise Http404


@access(READ)
def asking_for_each(request: TenantRequest, slug: str) -> HttpResponse:
    """A list that asks for the person of each seat."""
    return HttpResponse(", ".join(str(seat.user) for seat in request.tenant.memberships.all()))


@access(READ)
def asking_for_each_owner(request: TenantRequest, slug: str) -> HttpResponse:
    """A list that asks for the owner of each client."""
    return HttpResponse(", ".join(str(client.owner) for client in request.tenant.clients.all()))


def undeclared(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse()


left: list[str] = []
urlpatterns = [
    path(
        "t/<slug:slug>/",
        include(
            [
                path("leaking/<int:pk>/", leaking),
                path("taking/<int:pk>/", taking),
                path("telling/<int:pk>/", telling),
                path("crashing/<int:pk>/", crashing),
                path("closed/<int:pk>/", closed),
                path("nameless/<int:pk>/", nameless),
                path("asking/", asking_for_each),
                path("asking/owners/", asking_for_each_owner),
                path("undeclared/", undeclared),
                re_path(r"^by-expression/(?P<pk>\d+)/$", leaking),
                path("jobs/<int:pk>/cancellation/", jobs.job_cancellation_create),
                path("clients/<int:pk>/", clients.client_detail),
                path("clients/<int:pk>/archival/", clients.archival_create),
            ]
        ),
    ),
    *real,
]
