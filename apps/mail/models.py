"""Every mail that leaves: a row, written with the job that sends it."""

import random
import uuid
from datetime import datetime, timedelta
from email.utils import format_datetime, getaddresses
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import IntegrityError, models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower, Upper
from django.utils import timezone
from django.utils.html import strip_tags

from apps.core.request_id import request_id
from apps.jobs.models import Job
from apps.mail import transport
from apps.mail.carriers import headers_for
from apps.mail.subscriptions import Subscription
from apps.mail.suppressions import Suppression

__all__ = ["Mail", "Subscription", "Suppression"]

# Headers that say whom a mail is from, or whom an answer goes to.
NAMING = {"From", "Reply-To", "Sender"}


class Ended(Exception):
    """The mail has ended without leaving, and cannot leave any more."""


class MailQuerySet(models.QuerySet["Mail"]):
    def queue(self, message: EmailMessage, *, to: str) -> "Mail":
        """Write `message` down for one recipient, with the job that sends it.

        A message whose `key` names an event is written once for each recipient: asked again, also
        by two at once, it returns the mail that is there.
        Raises ValueError for attachments, for parts other than text and HTML, for line breaks in a
        header, by which whoever chose a name could add headers of their own, and for a sender of a
        domain that MAIL_DOMAINS does not name.
        """
        key, tenant = getattr(message, "key", ""), getattr(message, "tenant", None)
        told = self.told_of(key, tenant=tenant, to=to) if key else self.none()
        if there := told.first():
            return there
        try:
            return self._write(message, to=to)
        except IntegrityError:
            # Whoever was at it meanwhile has committed; without a key it is some other trouble.
            if there := told.first():
                return there
            raise

    def told_of(self, key: str, *, tenant: Any, to: str) -> "MailQuerySet":
        """The mail, if there is one, that told this recipient of the event."""
        # As the unique index has them, or else each of the tenant's mails would be read.
        by = self.alias(owner=Coalesce("tenant_id", 0), address=Lower("to"))
        owner = tenant.pk if tenant else 0
        return by.filter(owner=owner, key=key, address=Lower(Value(to)))

    @transaction.atomic
    def _write(self, message: EmailMessage, *, to: str) -> "Mail":
        """Write the mail down with its job. Raises IntegrityError if its key is taken."""
        text, html = parts_of(message)
        subject, tenant = marked(str(message.subject)), getattr(message, "tenant", None)
        headers = {name: str(value) for name, value in message.extra_headers.items()}
        if message.reply_to:
            headers["Reply-To"] = ", ".join(message.reply_to)
        refuse_line_breaks({**headers, "Subject": subject, "From": message.from_email, "To": to})
        reference = uuid.uuid4()
        refuse_foreign_senders([("From", message.from_email), *headers.items()])
        message_id = headers.pop("Message-ID", "") or f"<{reference.hex}@{settings.SITE_HOST}>"
        return self.create(
            tenant=tenant,
            job=Job.ask("mail.send", tenant=tenant),
            template=getattr(message, "template", ""),
            key=getattr(message, "key", ""),
            sender=message.from_email,
            to=to,
            subject=subject,
            headers=headers,
            text=text,
            html=html,
            reference=reference,
            message_id=message_id,
            request_id=request_id.get(),
        )

    def settle(self) -> int:
        """Fail those whose job has ended without sending them, and forget what they said.

        A job's end undoes what its handler wrote, and a job can end without its handler (when it
        kills its worker, or is cancelled), so the mail follows afterwards. Returns how many.
        """
        working = [Job.State.QUEUED, Job.State.RUNNING]
        unsent = self.filter(~Q(job__state__in=working), state=Mail.State.QUEUED)
        mails = list(unsent.select_related("job").select_for_update(of=("self",), skip_locked=True))
        for mail in mails:
            mail.close(Mail.State.FAILED, error=last_words(mail.job))
        return len(mails)

    def purge(self, limit: int = 5000) -> int:
        """Delete some of those that were written long ago and have ended. Returns how many."""
        ended = self.exclude(state=Mail.State.QUEUED)
        long_ago = timezone.now() - Mail.KEPT_FOR
        some = ended.filter(created_at__lt=long_ago).order_by("created_at")[:limit]
        return self.filter(pk__in=[*some.values_list("pk", flat=True)]).delete()[0]


class Mail(models.Model):
    """One mail to one address. It belongs to a tenant only if it is about one."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Sent"  # the mail server has taken it on
        DELIVERED = "delivered", "Delivered"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Called spam"
        FAILED = "failed", "Failed"
        WITHHELD = "withheld", "Held back"
        SUPPRESSED = "suppressed", "Not sent"

    # What may still happen to a mail that has left; a higher one is never undone by a lower one.
    REPORTED: ClassVar[dict[str, int]] = {
        State.SENT: 1,
        State.DELIVERED: 2,
        State.BOUNCED: 2,
        State.COMPLAINED: 3,
    }
    # How long to wait before each further attempt while the server says "not now": two days and
    # more in all, so that a password that ran out on Friday evening costs no mail.
    WAITS: ClassVar[tuple[timedelta, ...]] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
        *(timedelta(hours=hours) for hours in (1, 2, 4, 8, 12, 24)),
    )

    # Whom we wrote to is about people; a provider's late report comes within days.
    KEPT_FOR: ClassVar[timedelta] = timedelta(days=90)

    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="mails"
    )
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="mail")
    template = models.CharField(max_length=80, blank=True)
    # Names the event that it tells of, such as "export 42 is ready"; blank for one of its own.
    key = models.CharField(max_length=200, blank=True, default="", db_default="")
    sender = models.CharField(max_length=320)
    to = models.CharField(max_length=320)
    subject = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    # Codes and links stand in these two, so both are blanked once it is known how the mail ended.
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    # Made once: a server that sees a mail again, because the first attempt's end was lost, can
    # tell that it is the same.
    message_id = models.CharField(max_length=255)
    # What providers are given to name it by, since some put a Message-ID of their own in its place.
    reference = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    error = models.TextField(blank=True)  # what was last said about it, while it waits as well
    # How often the server has said "not now".
    put_off = models.SmallIntegerField(default=0, db_default=0)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When it came into the state that it is in; null while it waits, and of older rows.
    state_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state="queued"), name="mail_mail_queued"
            ),
            models.Index(fields=["created_at"], name="mail_mail_written"),
            # The log: all of a workspace's, or those in one state; and an address in either.
            models.Index(fields=["tenant", "-id"], name="mail_mail_newest"),
            models.Index(fields=["tenant", "state", "-id"], name="mail_mail_in_state"),
            models.Index(fields=["state", "-id"], name="mail_mail_everybodys"),
            GinIndex(OpClass(Upper("to"), "gin_trgm_ops"), name="mail_mail_search"),
        ]
        constraints = [
            models.UniqueConstraint(
                Coalesce("tenant_id", 0),
                "key",
                Lower("to"),
                condition=~Q(key=""),
                name="mail_mail_once_for_each_event",
            ),
            models.UniqueConstraint(fields=["reference"], name="mail_mail_reference"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    def message(self) -> EmailMultiAlternatives:
        """What goes to the mail server, the same at every attempt."""
        headers = {
            **self.headers,
            "Date": format_datetime(self.created_at),
            "Message-ID": self.message_id,
        }
        if self.request_id:
            headers["X-Request-ID"] = self.request_id
        headers |= headers_for(self.reference)
        message = EmailMultiAlternatives(
            self.subject, self.text, self.sender, [self.to], headers=headers
        )
        if self.html:
            message.attach_alternative(self.html, "text/html")
        return message

    @property
    def is_about_own_account(self) -> bool:
        """Whether it concerns its reader's account: no workspace, nothing to unsubscribe from."""
        return self.tenant_id is None and "List-Unsubscribe" not in self.headers

    def deliver(self) -> None:
        """Hand it to the mail server, or note why not; one that has left already stays as it is.

        What the suppression list or MAIL_ALLOWLIST keeps from its recipient, and what the server
        will never take, ends here. What the server does not take now is put off.
        Raises Ended for one that has ended before without leaving: what it said is gone.
        """
        if self.state in self.REPORTED:
            return
        if self.state != self.State.QUEUED:
            raise Ended("This mail has ended before, and what it said is gone.")
        if standing := Suppression.objects.against(self):
            return self.close(self.State.SUPPRESSED, error=standing.get_reason_display())
        message = self.message()
        try:
            with transaction.atomic():
                # Noted before, since afterwards nothing but the commit may be left to do.
                self.close(self.State.SENT)
                transport.deliver(message)
        except (transport.Withheld, transport.Refused, transport.Unavailable) as trouble:
            self.refresh_from_db()
            self.stay(trouble)

    def stay(self, trouble: Exception) -> None:
        """Note why it has not left: for good, or for now."""
        if isinstance(trouble, transport.Unavailable):
            return self.put_it_off(str(trouble))
        if isinstance(trouble, transport.Withheld):
            return self.close(self.State.WITHHELD, error=str(trouble))
        self.close(self.State.FAILED, error=str(trouble))
        if isinstance(trouble, transport.Refused) and trouble.reply.means_no_mailbox:
            Suppression.objects.add(self.to, reason="refused", words=str(trouble), mail=self)
        return None

    def put_it_off(self, words: str) -> None:
        """Try again later, in a job of its own; fail if that was often enough."""
        if self.put_off >= len(self.WAITS):
            return self.close(self.State.FAILED, error=words)
        # Not all at once when a server comes back.
        wait = self.WAITS[self.put_off] * random.uniform(1, 1.2)  # noqa: S311  (no secret)
        self.job = Job.ask("mail.send", tenant=self.tenant)
        due = timezone.now() + wait
        Job.objects.filter(pk=self.job.pk).update(run_after=due, wake_after=due)
        self.error, self.put_off = words, self.put_off + 1
        self.save(update_fields=["job", "error", "put_off"])

    def report(self, state: str, *, at: datetime, words: str = "") -> bool:
        """Note what the provider says became of it; False where that is no news.

        Reports come late, twice and in any order. A complaint outweighs all others; of delivered
        and bounced, the later one holds, by the provider's clock. One that waits or has failed here
        has left after all, if a provider knows it: its end was lost.
        """
        own, told = self.REPORTED.get(self.state, 0), self.REPORTED[state]
        if self.state in {self.State.WITHHELD, self.State.SUPPRESSED} or told < own:
            return False
        if told == own:
            since = self.state_at or at
            if self.state == state or at < since or (at == since and state != self.State.BOUNCED):
                return False
        self.close(self.State(state), error=words[:500], at=at)
        return True

    def close(self, state: "Mail.State", *, error: str = "", at: datetime | None = None) -> None:
        """Note what became of it, and blank what it said."""
        self.state, self.error, self.text, self.html = state, error, "", ""
        self.state_at = at or timezone.now()
        if state in self.REPORTED:
            self.sent_at = self.sent_at or self.state_at
        if state == self.State.DELIVERED:
            self.delivered_at = self.state_at
        self.save(
            update_fields=["state", "error", "text", "html", "state_at", "sent_at", "delivered_at"]
        )


def parts_of(message: EmailMessage) -> tuple[str, str]:
    """A message's text and HTML. Raises ValueError for what the queue does not carry."""
    if message.attachments:
        raise ValueError("The mail queue carries no attachments: put a link into the mail instead.")
    if message.content_subtype == "html":
        return strip_tags(str(message.body)), str(message.body)
    html = ""
    for content, mimetype in getattr(message, "alternatives", []):
        if mimetype != "text/html":
            raise ValueError(f"The mail queue carries text and HTML, not {mimetype}.")
        html = str(content)
    return str(message.body), html


def marked(subject: str) -> str:
    """The subject, which outside of production says where the mail is from."""
    return f"[{settings.SHOWN_AS}] {subject}" if settings.SHOWN_AS else subject


def refuse_line_breaks(headers: dict[str, str]) -> None:
    """Raise ValueError for a header that would become two."""
    for name, value in headers.items():
        if len(f"{name}: {value}".splitlines()) > 1:
            raise ValueError(f"The mail's header {name!r} has a line break in it.")


def refuse_foreign_senders(headers: list[tuple[str, str]]) -> None:
    """Raise ValueError where one of them names an address of a domain that is not ours to use."""
    naming = [(name.title(), value) for name, value in headers if name.title() in NAMING]
    for name, value in naming:
        for _, address in getaddresses([value]):
            domain = address.rpartition("@")[2].lower() if "@" in address else ""
            if domain not in settings.MAIL_DOMAINS:
                raise ValueError(
                    f"The mail's {name} is of {domain or 'no domain'}, and mail may name "
                    f"{', '.join(settings.MAIL_DOMAINS)} there. Add it to MAIL_DOMAINS once the "
                    "mail provider signs for it."
                )


def last_words(job: Job | None) -> str:
    """Why a job ended: the mail server's refusal, or the error of its last attempt."""
    if job is None:
        return ""
    return job.traceback.strip().rpartition("\n")[2] or job.error or job.get_state_display()
