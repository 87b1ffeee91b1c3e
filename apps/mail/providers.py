"""How each provider's reports are proved and read: django-anymail's readers, and what they lack.

They check Postmark's and Brevo's password and the signatures of Mailgun and SendGrid. They do not
look at a signature's age, nor at Amazon's; and for Resend's they want a package that brings a dozen
others, to compute one HMAC.
"""

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.amazon_ses import AmazonSESBaseWebhookView, AmazonSESTrackingWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.http import HttpRequest
from urllib3.exceptions import HTTPError

from apps.mail import sns
from apps.mail.reports import Report, moment, reference_in

# SendGrid's reader is no longer tried against SendGrid by those who keep it; docs/mail.md says so.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)

DAY, MINUTES = 86_400, 300
STATES = {
    EventType.DELIVERED: "delivered",
    EventType.BOUNCED: "bounced",
    EventType.REJECTED: "bounced",
    EventType.FAILED: "bounced",
    EventType.COMPLAINED: "complained",
}


class Unproven(Exception):
    """The request is not the provider's, or too old; the words say what gives it away."""


class Unreadable(Exception):
    """The provider sent it, and it is nothing that we know how to read."""


def fresh(timestamp: str, *, within: int) -> None:
    """Raise Unproven unless the seconds since 1970 are at most `within` away from now."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise Unproven("Its signature names no time.")
    if abs(time.time() - int(timestamp)) > within:
        raise Unproven("Its signature is too old.")


class Postmark(PostmarkTrackingWebhookView):
    """Proved by a password in the address."""

    def __init__(self, secret: str) -> None:
        super().__init__(webhook_secret=secret)

    def is_hard(self, event: dict[str, Any]) -> bool:
        told = {event.get("Type"), event.get("SuppressionReason")}
        return not told.isdisjoint({"HardBounce", "BadEmailAddress"})


class Brevo(BrevoTrackingWebhookView):
    """Proved by a password in the address."""

    def __init__(self, secret: str) -> None:
        super().__init__(webhook_secret=secret)

    def is_hard(self, event: dict[str, Any]) -> bool:
        return event.get("event") in {"hard_bounce", "invalid_email"}


class Mailgun(MailgunTrackingWebhookView):
    """Proved by a signature over time and token; the body is not signed, so a token counts once."""

    def __init__(self, secret: str) -> None:
        super().__init__(webhook_signing_key=secret, webhook_secret=[])

    def validate_request(self, request: HttpRequest) -> None:
        # Its retries go on for eight hours, under the first one's signature.
        fresh(str(json.loads(request.body)["signature"]["timestamp"]), within=DAY)

    def once(self, request: HttpRequest) -> str:
        return str(json.loads(request.body)["signature"]["token"])

    def is_hard(self, event: dict[str, Any]) -> bool:
        data = event["event-data"]
        is_permanent = data.get("severity") == "permanent"
        return is_permanent and data.get("reason") in {"bounce", "suppress-bounce"}


class SendGrid(SendGridTrackingWebhookView):
    """Proved by an ECDSA signature over time and body."""

    def __init__(self, secret: str) -> None:
        super().__init__(tracking_webhook_verification_key=secret, webhook_secret=[])

    def validate_request(self, request: HttpRequest) -> None:
        fresh(request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", ""), within=DAY)

    def is_hard(self, event: dict[str, Any]) -> bool:
        if event.get("event") == "dropped":
            return event.get("reason") in {"Bounced Address", "Invalid"}
        return event.get("event") == "bounce" and event.get("type") != "blocked"


class Resend(ResendTrackingWebhookView):
    """Proved by an HMAC over id, time and body, in the manner of Svix."""

    def __init__(self, secret: str) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        # Made for each attempt anew, so it need not be good for long.
        super().__init__(signing_secret=None, webhook_secret=["unused"])
        self.basic_auth: list[str] = []

    def validate_request(self, request: HttpRequest) -> None:
        stamp = request.headers.get("svix-timestamp", "")
        fresh(stamp, within=MINUTES)
        signed = f"{request.headers.get('svix-id', '')}.{stamp}.".encode() + request.body
        right = b"v1," + base64.b64encode(hmac.digest(self.key, signed, "sha256"))
        # Several while the secret changes.
        sent = request.headers.get("svix-signature", "").encode().split()
        if not any(hmac.compare_digest(right, one) for one in sent):
            raise Unproven("Its signature is wrong.")

    def is_hard(self, event: dict[str, Any]) -> bool:
        return bool(event["data"].get("bounce", {}).get("type") == "Permanent")


class Ses(AmazonSESTrackingWebhookView):
    """Proved by Amazon's signature over a message of our own topic."""

    warn_if_no_basic_auth = False

    def __init__(self, secret: str) -> None:
        self.topic = secret
        # Past the next one, which wants boto3 and a way into an account at Amazon.
        super(AmazonSESBaseWebhookView, self).__init__(webhook_secret=[])

    def validate_request(self, request: HttpRequest) -> None:
        message = self._parse_sns_message(request)
        try:
            sns.verify(message, topic=self.topic)
        except (sns.Forged, HTTPError) as error:
            raise Unproven(str(error)) from error
        # It is tried again for an hour.
        fresh(f"{datetime.fromisoformat(message['Timestamp']).timestamp():.0f}", within=DAY)

    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        sns.confirm(sns_message, topic=self.topic)

    def is_hard(self, event: dict[str, Any]) -> bool:
        return bool(event.get("bounce", {}).get("bounceType") == "Permanent")


PROVIDERS: dict[str, Callable[[str], Any]] = {
    "brevo": Brevo,
    "mailgun": Mailgun,
    "postmark": Postmark,
    "resend": Resend,
    "sendgrid": SendGrid,
    "ses": Ses,
}


def read(request: HttpRequest, provider: str, secret: str) -> tuple[list[Report], str]:
    """The reports that a request brings, and a text that is the same when they are brought again.

    Raises Unproven where it is not proved that the provider sent it, and Unreadable where what it
    sent cannot be read, for whatever reason.
    """
    view = PROVIDERS[provider](secret)
    try:
        view.run_validators(request)
    except (Unproven, AnymailWebhookValidationFailure) as error:
        raise Unproven(str(error)) from error
    except Exception as error:  # a validator reads what anybody may have sent
        raise Unproven(f"It cannot be read: {type(error).__name__}.") from error
    try:
        told = [report_of(view, event) for event in view.parse_events(request)]
        once = view.once(request) if hasattr(view, "once") else hashed(request.body)
    except Exception as error:  # providers change their formats, and none may be an error page
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from error
    return [report for report in told if report], f"{provider} {once}"[:200]


def hashed(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def report_of(view: Any, event: AnymailTrackingEvent) -> Report | None:
    """An event as a report; None for what changes nothing, such as a delay or a click."""
    state = STATES.get(event.event_type)
    if state is None:
        return None
    words = next((text for text in (event.mta_response, event.description) if text), "")
    return Report(
        state=state,
        at=moment(event.timestamp),
        reference=reference_in(event.metadata, event.message_id),
        recipient=str(event.recipient or "")[:320],
        words=str(words)[:500],
        is_hard=state == "bounced" and view.is_hard(event.esp_event),
    )
