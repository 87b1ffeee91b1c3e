"""Providers as they report: their documented payloads, with signatures computed as they do it.

Nothing here was recorded from a provider; each payload is written by its documentation's fields.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

DELIVERED, HARD, SOFT, COMPLAINED = "delivered", "bounced hard", "bounced soft", "complained"
KINDS = (DELIVERED, HARD, SOFT, COMPLAINED)
PASSWORD = "reports:a-password-of-thirty-two-characters"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-reports"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened to a mail."""

    kind: str
    reference: str = ""
    to: str = "ada@example.com"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    message_id: str = "<elsewhere@provider.example>"

    @property
    def seconds(self) -> int:
        return int(self.at.timestamp())

    @property
    def iso(self) -> str:
        return self.at.isoformat()

    @property
    def metadata(self) -> dict[str, str]:
        return {"reference": self.reference} if self.reference else {}


@dataclass
class Sent:
    """A request as a provider makes it; a test may spoil it before it is posted."""

    body: bytes
    headers: dict[str, str]
    content_type: str = "application/json"


class Postmark:
    name, secret, path = "postmark", PASSWORD, "/mail/reports/postmark/"

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        common = {"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": event.metadata}
        payload = {
            DELIVERED: {"RecordType": "Delivery", "Recipient": event.to, "DeliveredAt": event.iso},
            HARD: self.bounce("HardBounce", event),
            SOFT: self.bounce("SoftBounce", event),
            COMPLAINED: {**self.bounce("SpamComplaint", event), "RecordType": "SpamComplaint"},
        }[event.kind]
        return Sent(as_body({**payload, **common}), with_password(secret or self.secret))

    def bounce(self, kind: str, event: Event) -> dict[str, Any]:
        return {
            "RecordType": "Bounce",
            "ID": 4323372036854775807,
            "Type": kind,
            "Email": event.to,
            "BouncedAt": event.iso,
            "Description": "The server was unable to deliver your message",
            "Details": "smtp;550 5.1.1 The account does not exist",
        }


class Brevo:
    name, secret, path = "brevo", PASSWORD, "/mail/reports/brevo/"
    EVENTS: ClassVar = {
        DELIVERED: "delivered",
        HARD: "hard_bounce",
        SOFT: "soft_bounce",
        COMPLAINED: "spam",
    }

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        payload = {
            "event": self.EVENTS[event.kind],
            "email": event.to,
            "id": 26224,
            "message-id": event.message_id,
            "ts_epoch": event.seconds * 1000,
            "reason": "server is down",
            "X-Mailin-custom": json.dumps(event.metadata),
        }
        return Sent(as_body(payload), with_password(secret or self.secret))


class Mailgun:
    name, secret, path = "mailgun", "0123456789abcdef-mailgun-signing-key", "/mail/reports/mailgun/"

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        told: dict[str, Any] = {
            DELIVERED: {"event": "delivered"},
            HARD: {"event": "failed", "severity": "permanent", "reason": "bounce"},
            # Given up after many attempts.
            SOFT: {"event": "failed", "severity": "permanent", "reason": "old"},
            COMPLAINED: {"event": "complained"},
        }[event.kind]
        data = {
            **told,
            "id": "CPgfbmQMTCKtHW6uIWtuVe",
            "timestamp": event.at.timestamp(),
            "recipient": event.to,
            "message": {"headers": {"message-id": event.message_id.strip("<>")}},
            "user-variables": event.metadata,
            "delivery-status": {"code": 550, "message": "5.1.1 No such user", "description": ""},
        }
        token = hashlib.sha256(f"{event}".encode()).hexdigest()[:50]
        time = str(int((stamp or datetime.now(UTC)).timestamp()))
        key = (secret or self.secret).encode()
        signature = hmac.new(key, f"{time}{token}".encode(), "sha256").hexdigest()
        signed = {"token": token, "timestamp": time, "signature": signature}
        return Sent(as_body({"signature": signed, "event-data": data}), {})


class Resend:
    name, path = "resend", "/mail/reports/resend/"
    secret = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        bounces = {
            HARD: {
                "type": "Permanent",
                "subType": "General",
                "message": "sent a hard bounce message",
            },
            SOFT: {
                "type": "Transient",
                "subType": "MailboxFull",
                "message": "sent a bounce message",
            },
        }
        data: dict[str, Any] = {
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "created_at": event.iso,
            "to": [event.to],
            "headers": [{"name": "X-Metadata", "value": json.dumps(event.metadata)}],
        }
        if event.kind in bounces:
            data["bounce"] = bounces[event.kind]
        kind = f"email.{event.kind.partition(' ')[0]}"
        body = as_body({"type": kind, "created_at": event.iso, "data": data})
        identity, time = "msg_1", str(int((stamp or datetime.now(UTC)).timestamp()))
        key = base64.b64decode((secret or self.secret).removeprefix("whsec_"))
        digest = hmac.digest(key, f"{identity}.{time}.".encode() + body, "sha256")
        signature = (
            f"v1,{base64.b64encode(b'former').decode()} v1,{base64.b64encode(digest).decode()}"
        )
        headers = {"svix-id": identity, "svix-timestamp": time, "svix-signature": signature}
        return Sent(body, headers)


class SendGrid:
    name, path = "sendgrid", "/mail/reports/sendgrid/"
    KEY = ec.derive_private_key(42, ec.SECP256R1())
    secret = base64.b64encode(
        KEY.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        told: dict[str, Any] = {
            DELIVERED: {"event": "delivered", "response": "250 OK"},
            HARD: {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1"},
            SOFT: {"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "550 5.7.1"},
            COMPLAINED: {"event": "spamreport"},
        }[event.kind]
        payload = {
            **told,
            "email": event.to,
            "timestamp": event.seconds,
            "smtp-id": event.message_id,
            "sg_event_id": "sg_event_id",
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
            **event.metadata,
        }
        body = as_body([payload])
        time = str(int((stamp or datetime.now(UTC)).timestamp()))
        key = ec.derive_private_key(43, ec.SECP256R1()) if secret else self.KEY
        signature = key.sign(time.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": time,
        }
        return Sent(body, headers)


class Ses:
    name, secret, path = "ses", TOPIC, "/mail/reports/ses/"

    def sent(self, event: Event, *, secret: str = "", stamp: datetime | None = None) -> Sent:
        recipients = [{"emailAddress": event.to, "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
        kind, told = {
            DELIVERED: ("Delivery", {"recipients": [event.to], "smtpResponse": "250 ok"}),
            HARD: ("Bounce", self.bounce("Permanent", recipients)),
            SOFT: ("Bounce", self.bounce("Transient", recipients)),
            COMPLAINED: ("Complaint", {"complainedRecipients": recipients}),
        }[event.kind]
        mail = {
            "messageId": "EXAMPLE7c191be45",
            "destination": [event.to],
            "headers": [{"name": "X-Metadata", "value": json.dumps(event.metadata)}],
        }
        told = {"eventType": kind, "mail": mail, kind.lower(): told}
        return self.notification(
            "Notification", json.dumps(told), at=stamp or event.at, forged=bool(secret)
        )

    def bounce(self, kind: str, recipients: list[dict[str, str]]) -> dict[str, Any]:
        return {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients}

    def notification(
        self, kind: str, text: str, *, at: datetime, forged: bool = False, **changes: str
    ) -> Sent:
        message = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": text,
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        }
        if kind == "SubscriptionConfirmation":
            message |= {
                "Token": "2336412f37",
                "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
            }
        message |= changes
        names = sorted({*message} - {"SignatureVersion", "SigningCertURL"})
        signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
        key = other_key() if forged else amazons_key()
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        message["Signature"] = base64.b64encode(signature).decode()
        headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": message["MessageId"]}
        return Sent(as_body(message), headers, "text/plain; charset=UTF-8")


PROVIDERS = (Postmark(), Brevo(), Mailgun(), Resend(), SendGrid(), Ses())


def as_body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def with_password(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}


@cache
def amazons_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def amazons_certificate() -> bytes:
    """What stands at CERTIFICATE, made here: nobody but Amazon has a name on its host."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(amazons_key().public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(amazons_key(), hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
