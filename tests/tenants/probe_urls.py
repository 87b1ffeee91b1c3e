"""The product's routes and, under /probe/, views that write and then end in every possible way."""

import io
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from apps.core.access import Plane, access
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import current_tenant
from config.urls import *  # noqa: F403  (the product's handlers and routes)
from config.urls import in_tenant, urlpatterns

MARK = "written by the probe"
seen: list[Any] = []
RAISED = {
    "http404": Http404,
    "denied": PermissionDenied,
    "bad": BadRequest,
    "crash": ZeroDivisionError,
}


def end(how: str) -> HttpResponseBase:
    """Answer or raise in the way that `how` names."""
    if how in RAISED:
        raise RAISED[how]
    if how == "redirect":
        return HttpResponseRedirect("/elsewhere/")
    if how == "stream":
        return StreamingHttpResponse(rows())
    if how == "file":
        return FileResponse(io.BytesIO(b"the file"))
    return HttpResponse(status=int(how))


def rows() -> Iterator[bytes]:
    seen.append("streamed")
    yield b"row"


def write() -> None:
    seen.append((transaction.get_connection().in_atomic_block, current_tenant()))
    Tenant.objects.filter(slug="acme").update(name=MARK)


@access(Role.VIEWER, "GET", "POST")
def in_a_tenant(request: HttpRequest, slug: str, how: str) -> HttpResponseBase:
    write()
    return end(how)


@access(Plane.PUBLIC, "GET", "POST")
def outside(request: HttpRequest, how: str) -> HttpResponseBase:
    write()
    return end(how)


@access(Role.VIEWER)
def late(request: HttpRequest, slug: str, how: str) -> TemplateResponse:
    """What renders after the view has returned, as every class-based view does."""

    def look() -> str:
        write()
        if how == "crash":
            raise ZeroDivisionError
        return f"{current_tenant()}"

    template = engines["django"].from_string("{{ look }}")
    return TemplateResponse(request, template, {"look": look})


@access(Role.VIEWER)
def smallest(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(current_tenant())


urlpatterns = [
    path(
        "t/<slug:slug>/",
        include(
            [
                *in_tenant,
                path("probe/late/<str:how>/", late),
                path("probe/smallest/", smallest),
                path("probe/<str:how>/", in_a_tenant),
            ]
        ),
    ),
    path("probe/<str:how>/", outside),
    *urlpatterns,
]
