"""What a provider reports of a mail, and what follows: its state and the suppression list."""

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.utils import timezone

from apps.mail.models import Mail, Suppression

log = structlog.get_logger("slipway.mail")


@dataclass(frozen=True, kw_only=True)
class Report:
    """One event of one mail; JSON values alone, since it waits in a job's arguments."""

    state: str  # delivered, bounced or complained
    at: str
    reference: str = ""  # of the mail, where the provider sent it back
    recipient: str = ""
    words: str = ""
    is_hard: bool = False  # of a bounce: the address will never work

    @property
    def suppresses(self) -> bool:
        """Whether no more mail should go to the address."""
        return self.state == Mail.State.COMPLAINED or self.is_hard


def moment(at: datetime | None) -> str:
    """When something happened, for a report: aware, and never later than now."""
    now = timezone.now()
    if at is None:
        return now.isoformat()
    return min(now, at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def reference_in(metadata: Any, message_id: Any) -> str:
    """Our reference as it comes back: in metadata, or in the Message-ID that we made of it."""
    named = metadata.get("reference") if isinstance(metadata, dict) else None
    for text in (named, str(message_id or "").strip("<> ").partition("@")[0]):
        try:
            return uuid.UUID(str(text)).hex
        except ValueError:
            continue
    return ""


def packed(reports: list[Report]) -> list[dict[str, Any]]:
    """Reports as a job's arguments, in an order in which two jobs cannot wait for each other."""
    return [asdict(one) for one in sorted(reports, key=lambda one: (one.reference, one.at))]


def unpacked(arguments: list[dict[str, Any]]) -> Iterator[Report]:
    return (Report(**one) for one in arguments)


def note(report: Report) -> None:
    """Let a report take effect. Doing so twice, or late, changes nothing more."""
    at = datetime.fromisoformat(report.at)
    mail = None
    if report.reference:
        mail = Mail.objects.select_for_update().filter(reference=report.reference).first()
    is_news = mail is not None and mail.report(report.state, at=at, words=report.words)
    if report.suppresses:
        to = mail.to if mail else report.recipient
        Suppression.objects.add(to, reason=report.state, words=report.words, at=at, mail=mail)
    log.info("mail.reported", mail=mail and mail.pk, state=report.state, news=is_news)
