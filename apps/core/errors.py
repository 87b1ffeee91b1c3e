"""The error pages: they need neither session nor database, and carry the request's ID."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.html import escape

from apps.core.request_id import current_request, request_id
from config.product import PRODUCT

MESSAGES = {
    400: "The request was not understood.",
    403: "This is not allowed.",
    404: "There is nothing here.",
    405: "This address does not answer that method.",
    413: "The request is too large.",
    429: "Too many requests. Try again later.",
    500: "Something broke on our side.",
    503: "The service is not ready. Try again later.",
}
TECHNICAL = b"<code>DEBUG = True</code>"  # what tells Django's page for a missing one
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def page(status: int, template: str = "", *, retry_after: int | None = None) -> HttpResponse:
    """The answer for an HTTP status: a page, or JSON for a client that prefers it.

    It is the same for everybody but for the request's ID. `retry_after`, in seconds, is for 429
    and 503. `template` replaces `errors/<status>.html`.
    """
    response = _as_json(status) if _prefers_json() else _as_page(status, template, retry_after)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _prefers_json() -> bool:
    """Whether a program asks: it says so, or it sent JSON and wants no page in return."""
    request = current_request.get()
    if request is None or "HX-Request" in request.headers:
        return False
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return True
    wants_page = "text/html" in request.headers.get("Accept", "")
    return request.content_type == "application/json" and not wants_page


def _as_json(status: int) -> HttpResponse:
    error = {"status": status, "message": MESSAGES[status], "request_id": request_id.get()}
    return JsonResponse({"error": error}, status=status)


def _as_page(status: int, template: str, retry_after: int | None) -> HttpResponse:
    context = {"product": PRODUCT, "request_id": request_id.get(), "retry_after": retry_after}
    try:
        body: str = render_to_string(template or f"errors/{status}.html", context)
    except Exception:
        # An error page that fails shows nothing at all, so it must not; what broke here (a
        # template, the manifest of static files) breaks every page, whose own errors are logged.
        environment = f"<p>{escape(settings.SHOWN_AS)}</p>" if settings.SHOWN_AS else ""
        body = (
            f"<!DOCTYPE html><html lang=en><title>{status}</title>{environment}<h1>{status}</h1>"
            f"<p>{escape(MESSAGES[status])}</p><p>{escape(request_id.get())}</p></html>"
        )
    return HttpResponse(body, status=status)


def dress(response: HttpResponseBase) -> None:
    """Give a refused method, which Django answers with nothing, a page to look at.

    In development a missing page gets the product's own as well: Django's would show whoever
    tries a foreign workspace which view had refused it, and nobody would ever see ours.
    """
    if not isinstance(response, HttpResponse):
        return
    nothing = response.status_code == 405 and not response.content
    technical = settings.DEBUG and response.status_code == 404 and TECHNICAL in response.content
    if nothing or technical:
        dressed = page(response.status_code)
        response.content = dressed.content
        response["Content-Type"] = dressed["Content-Type"]
        response["Content-Length"] = str(len(dressed.content))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(413) if isinstance(exception, TOO_LARGE) else page(400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(500)


def csrf_failure(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return page(403, "errors/403_csrf.html")
