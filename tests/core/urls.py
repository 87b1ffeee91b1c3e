"""The product's routes, and pages that get into trouble; the suite alone mounts them."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.core import errors
from apps.core.access import Plane, access
from apps.tenants.roles import READ
from config import urls as product

handler400, handler403 = product.handler400, product.handler403
handler404, handler500 = product.handler404, product.handler500


@access(Plane.PUBLIC, "GET", "POST")
def explosion(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Fail, and say in the exception's message all that was sent along."""
    sent = [*request.GET.values(), *request.POST.values(), *request.COOKIES.values()]
    raise RuntimeError(f"{sent} {dict(request.headers)} {kwargs} {request.GET.get('dsn')}")


@access(Plane.PUBLIC)
def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


@access(Plane.PUBLIC)
def database_down(request: HttpRequest) -> HttpResponse:
    raise DatabaseError("connection to postgresql://app:hunter22@db/slipway failed")


@access(Plane.PUBLIC)
def busy(request: HttpRequest) -> HttpResponse:
    return errors.page(429, retry_after=30)


@access(Plane.PUBLIC)
def away(request: HttpRequest) -> HttpResponse:
    return errors.page(503)


@access(Plane.PUBLIC, "POST")
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.POST)} fields")


@access(Plane.PUBLIC)
def talkative(request: HttpRequest) -> HttpResponse:
    """Log the way a hurried person does."""
    structlog.contextvars.bind_contextvars(basket="full")
    structlog.get_logger("slipway.test").info(
        "talk",
        password="canary-password",
        nested={"api_key": "canary-key", "rows": [{"session_id": "canary-session"}]},
        url="https://example.com/?token=canary-token&page=2",
        database="postgresql://app:canary-dsn@db/slipway",
    )
    return HttpResponse("said")


@access(READ)
def inside(request: HttpRequest, slug: str) -> HttpResponse:
    structlog.get_logger("slipway.test").info("inside")
    raise RuntimeError("inside a workspace")


urlpatterns = [
    *product.urlpatterns,
    path("explosion/", explosion),
    path("explosion/<str:token>/", explosion),
    path("forbidden/", forbidden),
    path("database-down/", database_down),
    path("busy/", busy),
    path("away/", away),
    path("form/", form),
    path("talkative/", talkative),
    path("t/<slug:slug>/inside/", inside, name="inside"),
]
