"""Attempts to sign in, from anywhere: whole ones, and as far as the limits look at them."""

import itertools
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.client import MULTIPART_CONTENT
from django.urls import resolve

from apps.core.limits import LimitMiddleware
from tests.conftest import Browser

HOME, OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.20", "192.0.2.99"
STRANGERS = [f"10.0.0.{number}" for number in range(60)]
ADA = "ada@example.com"
SIGN_IN, RESET = "/accounts/login/", "/accounts/password/reset/"
WRONG = "not the password"


def sign_in(
    password: str = WRONG,
    email: str = ADA,
    *,
    at: str = HOME,
    browser: Browser | None = None,
    **more: Any,
) -> Any:
    form = {"login": email, "password": password}
    return (browser or Browser()).post(SIGN_IN, form, REMOTE_ADDR=at, **more)


def attempt(email: str = ADA, *, at: str = HOME, body: str = "") -> HttpResponse | None:
    """What the middleware makes of a sign-in, or of a JSON body; None lets it go on to the view."""
    request: HttpRequest = RequestFactory().post(
        SIGN_IN,
        body or {"login": email},
        REMOTE_ADDR=at,
        content_type="application/json" if body else MULTIPART_CONTENT,
    )
    request.resolver_match = resolve(SIGN_IN)
    middleware = LimitMiddleware(lambda request: HttpResponse())
    return middleware.process_view(request, request.resolver_match.func, (), {})


def use_up(*addresses: str, email: str = ADA) -> None:
    """Try from one address or in turn from several until the next attempt is refused."""
    for address in itertools.cycle(addresses):
        if attempt(email, at=address) is not None:
            return
