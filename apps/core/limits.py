"""How often what may be tried: one table, by route name, and the middleware that counts.

A line is the route's name and its limits, each a rate and what is counted together by it. This is
what lines for an API and for webhooks look like:

    "api_invoice_list": (
        Limit("600/m", ACCOUNT, methods=ANY),
        Limit("60/m", ADDRESS, methods=ANY),
    ),
    "billing_webhook_create": (Limit("600/m", ADDRESS),),

django-ratelimit counts in fixed windows, so that at the edge of two an account may be tried twice
as often. While Redis is away each process counts for itself (apps/core/cache.py).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_ratelimit.core import get_usage

from apps.core import errors, familiar
from apps.core.identity import (
    address_of,
    fingerprint,
    halfway_in,
    key_of,
    signed_in,
    typed,
)


class By(Enum):
    """What is counted together."""

    ADDRESS = "address"  # the client's, or the /64 that an IPv6 one is in
    ACCOUNT = "account"  # strangers to it together; each browser and address that it knows apart
    BOTH = "both"  # the account, by each browser or address
    WORKSPACE = "workspace"


ADDRESS, ACCOUNT, BOTH, WORKSPACE = By.ADDRESS, By.ACCOUNT, By.BOTH, By.WORKSPACE
ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Limit:
    """A rate, as in 5/m, 5/5m, 50/h or 200/d; routes whose limits name one pool count together."""

    rate: str
    by: By
    pool: str = ""
    methods: tuple[str, ...] = ("POST",)


# A page that anyone may send to. An office with one address must get through on a Monday.
PUBLIC = Limit("20/m", ADDRESS)
# Password and codes of somebody who is signed in: guesses by whoever took over the session.
CONFIRMING = Limit("5/5m", ACCOUNT, pool="confirming")
OWN_SETTINGS = Limit("20/h", ACCOUNT)
INVITING = (
    Limit("30/h", ACCOUNT, pool="inviting"),
    Limit("100/d", WORKSPACE, pool="inviting"),
)
EXPORTING = (Limit("60/h", ACCOUNT), Limit("200/h", WORKSPACE))
IMPORTING = (
    Limit("60/h", ACCOUNT, pool="importing"),
    Limit("200/h", WORKSPACE, pool="importing"),
)

# The narrowest comes first, since what one refuses is not counted by those after it.
LIMITS: dict[str, tuple[Limit, ...]] = {
    # Signing in
    "account_login": (PUBLIC, Limit("5/5m", BOTH), Limit("50/h", ACCOUNT)),
    "mfa_authenticate": (PUBLIC, Limit("5/5m", ACCOUNT)),
    "mfa_login_webauthn": (PUBLIC,),
    "google_login": (PUBLIC,),
    "github_login": (PUBLIC,),
    "microsoft_login": (PUBLIC,),
    # Signing up; whoever owns the address gets a mail each time
    "account_signup": (Limit("10/h", ADDRESS), Limit("5/h", ACCOUNT)),
    "socialaccount_signup": (Limit("10/h", ADDRESS),),
    # A code is good for three guesses, and a new one takes another sign-up
    "account_email_verification_sent": (Limit("30/10m", ADDRESS),),
    # A forgotten password; whoever is refused has three mails already
    "account_reset_password": (Limit("20/h", ADDRESS), Limit("3/h", ACCOUNT)),
    "account_reset_password_from_key": (Limit("20/h", ADDRESS),),
    # One's own account
    "account_reauthenticate": (CONFIRMING,),
    "mfa_reauthenticate": (CONFIRMING,),
    "mfa_reauthenticate_webauthn": (CONFIRMING,),
    "account_change_password": (Limit("10/h", ACCOUNT),),
    "account_set_password": (Limit("10/h", ACCOUNT),),
    "account_email": (Limit("10/h", ACCOUNT),),
    "email_change_confirm": (OWN_SETTINGS,),
    "profile": (OWN_SETTINGS,),
    "mfa_activate_totp": (OWN_SETTINGS,),
    "mfa_deactivate_totp": (OWN_SETTINGS,),
    "mfa_add_webauthn": (OWN_SETTINGS,),
    "mfa_edit_webauthn": (OWN_SETTINGS,),
    "mfa_remove_webauthn": (OWN_SETTINGS,),
    "mfa_generate_recovery_codes": (OWN_SETTINGS,),
    "socialaccount_connections": (OWN_SETTINGS,),
    # What one gets by mail. A mailbox provider's few addresses stop mail for many
    "subscription_list": (OWN_SETTINGS,),
    "unsubscription": (Limit("600/m", ADDRESS),),
    "unsubscription_delete": (PUBLIC,),
    # Workspaces
    "workspace_create": (Limit("10/h", ACCOUNT),),
    "invitation_accept": (PUBLIC,),
    "acceptance_create": (OWN_SETTINGS,),
    "ownership_transfer_create": (Limit("10/h", ACCOUNT),),
    "invitation_create": INVITING,
    "invitation_resend": INVITING,
    "export_create": EXPORTING,
    "import_create": IMPORTING,
    "import_start": IMPORTING,
    "import_trial_create": IMPORTING,
    "import_undoing_create": IMPORTING,
    # What a smoke test asks for every few minutes; each is a mail
    "round_trip_create": (Limit("30/h", ACCOUNT), Limit("60/h", WORKSPACE)),
    # What browsers report by themselves
    "csp_report_create": (Limit("60/m", ADDRESS),),
    # What the mail provider reports; it tries again what is refused
    "mail_report_create": (Limit("1200/m", ADDRESS),),
}


# Whose account a request is about: the address that is typed into this field, or who has yet to
# take the second step; elsewhere whoever is signed in.
TYPED = {"account_login": "login", "account_signup": "email", "account_reset_password": "email"}
HALFWAY = {"mfa_authenticate"}


def value_of(request: HttpRequest, route: str, by: By) -> str:
    """What a request is counted under; "" for one that is about no account, which is not."""
    place = address_of(request)
    if by is ADDRESS:
        return place
    if by is WORKSPACE:
        return str(request.tenant.pk)  # type: ignore[attr-defined]  # ours
    if route in TYPED:
        account = key_of(typed(request, TYPED[route]))
        mark = familiar.mark_of(request, account, place) if account else ""
    else:
        account, mark = key_of((halfway_in if route in HALFWAY else signed_in)(request)), ""
    if not account:
        return ""
    return f"{account} {mark or (place if by is BOTH else '')}"


def seconds_to_wait(request: HttpRequest, pool: str, limit: Limit, value: str) -> int:
    """Count one attempt; 0 if it may go on, else in how many seconds the next one may."""
    usage: dict[str, Any] | None = None
    for _ in range(2):
        usage = get_usage(
            request, group=pool, key=lambda *_: value, rate=limit.rate, increment=True
        )
        # Redis went or came back between the two questions that a count takes. Ask once more.
        if usage is None or usage["limit"]:
            break
    if usage is None or not usage["should_limit"]:
        return 0
    return max(1, usage["time_left"])


KEPT_HOURS = 48


def count_refusal(route: str) -> None:
    """Add one to the hour's refusals of a route."""
    key = refusals_key(route, hours_ago=0)
    if not cache.add(key, 1, KEPT_HOURS * 3600):
        try:
            cache.incr(key)
        except ValueError:
            return  # Redis went or came back just now: one refusal less is told.


def refusals(hours: int = 24) -> dict[str, int]:
    """How many requests were refused in the last hours, by route, for the operations page.

    48 hours are kept. While Redis is away each process knows its own.
    """
    keys = {
        refusals_key(route, hours_ago=ago): route
        for route in LIMITS
        for ago in range(min(hours, KEPT_HOURS))
    }
    counted: dict[str, int] = {}
    for key, count in cache.get_many(keys).items():
        counted[keys[key]] = counted.get(keys[key], 0) + count
    return counted


def refusals_key(route: str, *, hours_ago: int) -> str:
    return f"limits:refused:{int(time.time()) // 3600 - hours_ago}:{route}"


SIGN_IN = {"account_login", "mfa_authenticate", "mfa_login_webauthn"}

log = structlog.get_logger("slipway.limits")
signin_log = structlog.get_logger("slipway.signin")


def refuse(request: HttpRequest, *, by: str, retry_after: int) -> HttpResponse:
    """Log, count and answer a request that was one too many; `by` names what was counted."""
    route = request.resolver_match.view_name if request.resolver_match else ""
    log.warning("limit.refused", route=route, by=by, retry_after=retry_after)
    if route in SIGN_IN:
        account = fingerprint(typed(request, TYPED[route])) if route in TYPED else None
        ip = request.META.get("REMOTE_ADDR", "")
        signin_log.warning("signin.limited", address=account, ip=ip)
    count_refusal(route)
    return errors.page(429, retry_after=retry_after)


def is_served(request: HttpRequest, view: object) -> bool:
    """Whether the view takes the request: who lacks the role must not use up what others share."""
    declared = getattr(view, "access", None)
    membership = getattr(request, "membership", None)
    if declared is None or declared.role is None:
        return True
    return membership is not None and membership.as_role.covers(declared.role)


class LimitMiddleware:
    """Refuse what exceeds its route's limits, before its view and its forms have any work.

    It looks at the session only where a limit is by account and nobody typed one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        familiar.hand_out(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        assert request.resolver_match
        route = request.resolver_match.view_name
        limits = [one for one in LIMITS.get(route, ()) if request.method in one.methods]
        if not limits or not is_served(request, view):
            return None
        for limit in limits:
            pool = f"{limit.pool or route}:{limit.by.value}"
            value = value_of(request, route, limit.by)
            if value and (seconds := seconds_to_wait(request, pool, limit, value)):
                return refuse(request, by=limit.by.value, retry_after=seconds)
        return None
