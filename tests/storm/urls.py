"""The product's routes and, in a workspace, one that asks for jobs and one that asks for mail."""

from django.http import HttpResponse
from django.urls import include, path

from apps.core import mailing
from apps.core.access import access
from apps.core.http import TenantRequest
from apps.jobs.models import Job
from apps.tenants.roles import Role
from config.urls import *  # noqa: F403  (the product's handlers and routes)
from config.urls import in_tenant, urlpatterns


@access(Role.MEMBER, "POST")
def jobs_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Ask for jobs, each of them `number:kind`; asked again, the same ones."""
    for word in request.POST["jobs"].split():
        number, kind = word.split(":")
        Job.ask(
            f"storm.{kind}",
            tenant=request.tenant,
            by=request.user,
            key=f"storm-{number}",
            number=int(number),
        )
    return HttpResponse(status=201)


@access(Role.MEMBER, "POST")
def mail_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Ask for a mail to an address."""
    mailing.send("test", to=request.POST["to"], tenant=request.tenant, key="the storm")
    return HttpResponse(status=201)


urlpatterns = [
    path(
        "t/<slug:slug>/",
        include([*in_tenant, path("storm/jobs/", jobs_create), path("storm/mail/", mail_create)]),
    ),
    *urlpatterns,
]
