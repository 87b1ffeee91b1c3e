"""The addresses that get no mail: which, since when and why; the platform's list, no tenant's."""

from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from apps.core.identity import fingerprint

if TYPE_CHECKING:
    from apps.mail.models import Mail

log = structlog.get_logger("slipway.mail")


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def standing(self) -> "SuppressionQuerySet":
        """Those that hold now."""
        return self.filter(lifted_at=None)

    def against(self, mail: "Mail") -> "Suppression | None":
        """The suppression that keeps `mail` from its recipient, if one does.

        A mailbox that is not there gets nothing: mail to it arrives nowhere and costs the sender's
        reputation. Who called a mail spam still gets what is about their own account, such as the
        link that they ask for to get in again, or a warning that somebody else got in.
        """
        standing = self.standing().filter(address=plain_address(mail.to)).first()
        if standing and standing.is_complaint and mail.is_about_own_account:
            return None
        return standing

    @transaction.atomic
    def add(
        self, to: str, *, reason: str, words: str = "", at: datetime | None = None, mail: Any = None
    ) -> bool:
        """Send no more mail to that address; False where that, or something stricter, stands.

        `at` is when what it is for happened, now if left out. What happened before somebody lifted
        the suppression by hand does not bring it back: providers report late, and twice.
        """
        at, address = at or timezone.now(), plain_address(to)
        if not address:
            return False
        facts = {"reason": reason, "words": words[:500], "since": at, "mail": mail}
        found, is_new = self.select_for_update().get_or_create(facts, address=address)
        if not is_new:
            is_older = found.lifted_at is not None and at <= found.lifted_at
            is_stricter = found.is_complaint and reason != Suppression.Reason.COMPLAINED
            if is_older or (found.lifted_at is None and not is_stricter):
                return False
            for name, value in {**facts, "lifted_at": None}.items():
                setattr(found, name, value)
            found.save()
        log.warning("mail.suppressed", address=fingerprint(found.address), reason=reason)
        return True

    def lift(self, to: str) -> bool:
        """Send to that address again; False if nothing stood against it."""
        lifted = self.standing().filter(address=plain_address(to)).update(lifted_at=timezone.now())
        if lifted:
            log.info("mail.suppression_lifted", address=fingerprint(plain_address(to)))
        return bool(lifted)


class Suppression(models.Model):
    """One address that gets no mail, or got none until this was lifted."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Called spam"
        REFUSED = "refused", "No such mailbox"
        BY_HAND = "by_hand", "By hand"

    address = models.CharField(max_length=320, unique=True)  # in small letters, without a name
    reason = models.CharField(max_length=10, choices=Reason.choices)
    words = models.TextField(blank=True)  # the server's, the provider's or the operator's
    # The mail that it is about; null where that is not known, or gone.
    mail = models.ForeignKey("mail.Mail", null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    objects: ClassVar[SuppressionQuerySet] = SuppressionQuerySet.as_manager()  # type: ignore[assignment]  # as_manager gives a manager with its methods

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(address=""), name="mail_suppression_of_somebody")
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"

    @property
    def is_complaint(self) -> bool:
        return self.reason == self.Reason.COMPLAINED


def plain_address(to: str) -> str:
    """The bare address in small letters, by which two spellings of one are the same."""
    return (parseaddr(to)[1] or to).strip().lower()[:320]
