"""What happens to every request, whoever asks: its ID and line, health, host, sign-in, caching."""

import sys
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from apps.core import errors, health, redact
from apps.core.request_id import accept, current_request, request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]
HEALTH = {"/healthz": health.healthz, "/readyz": health.readyz}

log = structlog.get_logger("slipway.http")


@receiver(got_request_exception)
def remember_failure(sender: object, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Keep the exception that became a 500, for the request's log line."""
    if request is not None:
        request.failure = sys.exc_info()[1]  # type: ignore[attr-defined]  # ours


class RequestMiddleware:
    """Give the request an ID, hand it back in the response, and write the request's one line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        own_id = request_id.set(accept(request.headers.get("X-Request-ID")))
        own_request = current_request.set(request)
        try:
            response = self.get_response(request)
            errors.dress(response)
            response["X-Request-ID"] = request_id.get()
            if settings.RELEASE_HEADER and "public" not in response.get("Cache-Control", ""):
                # An edge would keep the name with the page, and tell of a release that is gone.
                response[settings.RELEASE_HEADER] = settings.RELEASE
            write_line(request, response, time.perf_counter() - began)
            return response
        finally:
            current_request.reset(own_request)
            request_id.reset(own_id)
            # The thread's next request has nothing to do with what this one bound.
            structlog.contextvars.clear_contextvars()


def write_line(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Say in one line what was asked and how it went; health and static files only at DEBUG."""
    name_the_route(request)
    failure = request.__dict__.pop("failure", None) if response.status_code >= 500 else None
    routine = request.path_info in HEALTH or (
        request.path_info.startswith(settings.STATIC_URL) and response.status_code < 400
    )
    write = log.debug if routine else log.error if response.status_code >= 500 else log.info
    write(
        "http.request",
        method=request.method,
        route=request.resolver_match.view_name if request.resolver_match else None,
        path=redact.path(request),
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        bytes=size_of(response),
        ip=request.META["REMOTE_ADDR"],
        **({"exc_info": failure} if failure else {}),
    )


def name_the_route(request: HttpRequest) -> None:
    """Find the route of a request that was answered before Django looked for it."""
    if request.resolver_match is None:
        try:
            request.resolver_match = resolve(request.path_info)
        except Resolver404:
            return


def size_of(response: HttpResponseBase) -> int | None:
    """The body's length, or None for a stream that does not know it."""
    if isinstance(response, HttpResponse):
        return len(response.content)
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


class HealthMiddleware:
    """Answer the health endpoints before hosts, redirects, sessions or limits have a say."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return HEALTH.get(request.path_info, self.get_response)(request)


class CanonicalHostMiddleware:
    """Lead whoever comes by another of the product's names to the same page at SITE_URL.

    A name of ALLOWED_HOSTS would else have sessions and search results of its own. HTTP comes
    first to HTTPS on the name that was typed, so that a browser learns HSTS for it
    (hstspreload.org, requirements). A form is taken where it was sent, or it would be lost.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host, _ = split_domain_port(request.get_host())
        if request.is_secure() and request.method in {"GET", "HEAD"} and host != settings.SITE_HOST:
            return HttpResponsePermanentRedirect(settings.SITE_URL + request.get_full_path())
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Ask for a sign-in where the view wants one; elsewhere do not even look at the session."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        # Django's asks who the user is first, which would make every public page a personal one.
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class CacheControlMiddleware:
    """Keep every page out of every cache, but for those whose view calls them public.

    A page that depends on a cookie, sets one or carries a nonce is nobody else's, whatever its
    view says.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        said = {word.strip() for word in response.get("Cache-Control", "").lower().split(",")}
        depends = {word.strip() for word in response.get("Vary", "").lower().split(",")}
        own = response.cookies or "cookie" in depends or getattr(request, "csp_nonce", None)
        if own or "public" not in said:
            response["Cache-Control"] = "private, no-store"
            del response["Expires"]
        return response
