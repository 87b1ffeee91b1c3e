"""The error pages: they need neither session nor database, and carry the request's ID."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.core.request_id import request_id
from config.product import PRODUCT


def page(status: int, template: str = "") -> HttpResponse:
    """The page for an HTTP status; it is the same for everybody but for the request's ID."""
    context = {"product": PRODUCT, "request_id": request_id.get()}
    name = template or f"errors/{status}.html"
    return HttpResponse(render_to_string(name, context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(500)


def csrf_failure(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return page(403, "errors/403_csrf.html")
