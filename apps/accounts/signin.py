"""What follows a sign-in, or a failed one: a line in a logger of its own, `slipway.signin`.

It holds neither passwords nor addresses; failures for one address have the same fingerprint. What
the limits refuse (apps/core/limits.py) is in this log as well.
"""

from typing import Any

import structlog
from allauth.account.signals import email_verification_code_rejected, password_reset
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.identity import fingerprint, welcome

log = structlog.get_logger("slipway.signin")


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
    welcome(request, user.email)


@receiver(password_reset)
def mailbox_proved(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Let in whoever opened a mailed link, even while strangers use up the account's limit."""
    welcome(request, user.email)
