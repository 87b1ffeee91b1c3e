"""Who has stopped which mail: asked before such mail is written, changed by link or on a page.

Needed mail has no topic and is not asked for here, so that it cannot be stopped.
"""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import mailing
from apps.mail import catalogue

SIGNER = Signer(salt="apps.mail.subscriptions")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def of(self, address: str, topic: catalogue.Topic) -> "Subscription":
        """What that reader wants of a topic, made where nothing is kept yet: all of it.

        Whoever has an account keeps it with the account, whatever its address becomes.
        """
        address = address.strip().lower()
        user = User.objects.filter(email=address).first()
        whose: dict[str, Any] = {"user": user} if user else {"user": None, "address": address}
        return self.get_or_create(topic=topic.slug, **whose)[0]

    def by_token(self, token: str) -> "Subscription":
        """The one that a link in a mail names. Raises DoesNotExist for a link that is none."""
        try:
            return self.get(pk=int(SIGNER.unsign(token)))
        except (BadSignature, ValueError) as error:
            raise self.model.DoesNotExist("The link is not one of ours.") from error


class Subscription(models.Model):
    """What one reader wants of one topic: its mails, unless they have stopped them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="mail_subscriptions",
    )
    address = models.CharField(max_length=320, blank=True)  # of somebody without an account
    topic = models.CharField(max_length=40)
    stopped_at = models.DateTimeField(null=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic"],
                condition=Q(user__isnull=False),
                name="mail_subscription_one_per_person",
            ),
            models.UniqueConstraint(
                fields=["address", "topic"],
                condition=Q(user=None),
                name="mail_subscription_one_per_address",
            ),
            models.CheckConstraint(
                condition=Q(user=None) & ~Q(address="") | Q(user__isnull=False, address=""),
                name="mail_subscription_of_one_reader",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} for {self.user or self.address}"

    @property
    def url(self) -> str:
        """Where it is stopped, without a sign-in. The link names a row, so it tells no address."""
        return mailing.absolute(reverse("unsubscription", args=[SIGNER.sign(str(self.pk))]))

    @property
    def is_stopped(self) -> bool:
        return self.stopped_at is not None

    @property
    def about(self) -> catalogue.Topic | None:
        """The topic, or None where the product no longer has it."""
        return catalogue.TOPICS.get(self.topic)

    def stop(self) -> None:
        """Send no more; what is stopped already stays so since then."""
        Subscription.objects.filter(pk=self.pk, stopped_at=None).update(stopped_at=timezone.now())
        self.refresh_from_db(fields=["stopped_at"])

    def resume(self) -> None:
        """Send again."""
        self.stopped_at = None
        self.save(update_fields=["stopped_at"])


def ask_reader(*, template: str, to: str, **kwargs: object) -> dict[str, str]:
    """Answer core.mailing: how a mail that can be stopped is stopped, and nothing for others.

    Raises mailing.Unwanted where its reader has done so.
    """
    entry = catalogue.BY_TEMPLATE.get(template)
    if entry is None or entry.topic is None:
        return {}
    subscription = Subscription.objects.of(to, entry.topic)
    if subscription.is_stopped:
        raise mailing.Unwanted(f"Mail about {entry.topic.slug} was stopped.")
    return {"unsubscribe_url": subscription.url}
