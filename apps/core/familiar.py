"""From where an account was signed in to before, so that what strangers try is not held against it.

Whoever signs in leaves a mark in two places: in a cookie, which goes where the browser goes, and
with the address in the cache, which needs no cookie. The marks decide nothing but what is counted
together (apps/core/limits.py), and each sign-in makes new ones, so that counts begin anew.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

SALT = "slipway.familiar"
KEPT_FOR = int(timedelta(days=90).total_seconds())


def mark_of(request: HttpRequest, account: str, address: str) -> str:
    """What tells this browser, or else this address, from strangers to the account; "" for one."""
    signed = request.get_signed_cookie(cookie_name(), default="", salt=SALT, max_age=KEPT_FOR)
    known, _, mark = (signed or "").partition(":")
    if mark and known == account:
        return f"browser:{mark}"
    mark = cache.get(place(account, address), "")
    return f"address:{mark}" if mark else ""


def remember(request: HttpRequest, account: str, address: str) -> None:
    """From now on know the request's browser and address as the account's own."""
    mark = secrets.token_urlsafe(12)
    request.familiar = f"{account}:{mark}"  # type: ignore[attr-defined]  # ours, for `hand_out`
    if address:
        cache.set(place(account, address), mark, KEPT_FOR)


def hand_out(request: HttpRequest, response: HttpResponseBase) -> None:
    """Send the cookie along with the answer to a request that was remembered."""
    if signed := getattr(request, "familiar", ""):
        response.set_signed_cookie(
            cookie_name(),
            signed,
            salt=SALT,
            max_age=KEPT_FOR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )


def cookie_name() -> str:
    return "__Host-familiar" if settings.SESSION_COOKIE_SECURE else "familiar"


def place(account: str, address: str) -> str:
    """The cache key of an address from which the account was signed in to."""
    return f"familiar:{account}:{address}"
