"""What is told when somebody's second step changes or is used: the log, and the owner by mail.

The library mails all of it but that a recovery code was used. Refusals are logged by mfa_forms.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import signin
from apps.accounts.models import User
from apps.core.identity import fingerprint


def log(event: str, request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    signin.log.info(
        event,
        address=fingerprint(user.email),
        user=user.pk,
        ip=signin.ip_of(request),
        type=authenticator.type,
    )


@receiver([authenticator_added, authenticator_reset])
def added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    log("signin.second_step_added", request, user, authenticator)


@receiver(authenticator_removed)
def removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    log("signin.second_step_removed", request, user, authenticator)


@receiver(authenticator_used)
def used(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    log("signin.second_step", request, user, authenticator)
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        authenticator.refresh_from_db()
        left = len(authenticator.wrap().get_unused_codes())
        get_adapter().send_notification_mail(
            "mfa/email/recovery_code_used", user, {"codes_left": left}
        )
