"""The log of who signed in and who failed to, in a logger of its own: `slipway.signin`.

It holds neither passwords nor addresses; failures for one address have the same fingerprint.
"""

from typing import Any

import structlog
from allauth.account.signals import email_verification_code_rejected
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.accounts.models import User

log = structlog.get_logger("slipway.signin")


def fingerprint(address: str) -> str:
    """Twelve hex digits that stand for an address; only SECRET_KEY's holder can test a guess."""
    plain = address.strip().casefold()
    return salted_hmac("slipway.signin", plain, algorithm="sha256").hexdigest()[:12]


def log_attempt(event: str, request: HttpRequest | None, credentials: dict[str, Any]) -> None:
    """Log an attempt that failed, by what was typed as the address."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    log.warning(event, address=fingerprint(typed), ip=ip_of(request))


def ip_of(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    log_attempt("signin.failed", request, credentials)


@receiver(email_verification_code_rejected)
def wrong_code(request: HttpRequest, user: User, **kwargs: Any) -> None:
    log_attempt("signin.wrong_code", request, {"email": user.email})


@receiver(user_logged_in)
def succeeded(request: HttpRequest, user: User, **kwargs: Any) -> None:
    log.info("signin.succeeded", address=fingerprint(user.email), user=user.pk, ip=ip_of(request))
