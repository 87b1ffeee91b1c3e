"""Invitations: how somebody who is not a member is asked in, and how they take the seat."""

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.db import models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import events, mailing
from apps.tenants.models.membership import Membership
from apps.tenants.models.tenant import Refused, Tenant
from apps.tenants.roles import Role, may_grant
from apps.tenants.scope import tenant_scope

JOINED = events.action("membership.created", "joined as {role}")
INVITED = events.action("invitation.created", "invited {target} as {role}")
RESENT = events.action("invitation.resent", "invited {target} once more")
REVOKED = events.action("invitation.revoked", "took back the invitation of {target}")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Those that nobody has accepted, the ones that ran out included."""
        return self.filter(accepted_at=None)

    def pending(self) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.open().filter(expires_at__gt=timezone.now())

    def by_token(self, token: str) -> "Invitation | None":
        """The pending invitation that `token` opens, or None."""
        return self.pending().for_pages().filter(digest=digest(token)).first()

    def addressed_to(self, user: User) -> "InvitationQuerySet":
        """Those for an address that `user` has proved to be theirs."""
        proved = EmailAddress.objects.filter(user=user, verified=True)
        return self.filter(email__in=proved.values_list(Lower("email")))

    def for_pages(self) -> "InvitationQuerySet":
        """With tenants and inviters at hand, the newest first."""
        return self.select_related("tenant", "invited_by").order_by("-pk")


def digest(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot accept an invitation."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """An open seat for an address: single use, seven days, opened by a 256-bit token."""

    LIFETIME: ClassVar[timedelta] = timedelta(days=7)
    PAUSE: ClassVar[timedelta] = timedelta(minutes=1)
    MOST_OPEN: ClassVar[int] = 100
    DECIDING: ClassVar[list[str]] = ["role", "accepted_at", "expires_at", "sent_at"]

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at=None),
                name="tenants_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="tenants_invitation_known_role"
            ),
        ]
        indexes = [
            # What somebody who signs in is asked to: across tenants, by address.
            models.Index(
                fields=["email"],
                condition=models.Q(accepted_at=None),
                name="tenants_invitation_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def as_role(self) -> Role:
        return Role(self.role)

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @classmethod
    @transaction.atomic
    def invite(cls, email: str, role: Role, *, by: Membership) -> "Invitation":
        """Invite `email` into the tenant of `by`, by mail; an open invitation is renewed.

        Raises Refused for a role that `by` may not grant, for somebody who is a member
        already, for an invitation that was sent within the last minute, and for too many of them.
        """
        email = email.strip().lower()
        by.tenant.take_turns(by)
        if not may_grant(by.as_role, role):
            raise Refused(f"Your role does not let you invite {role.noun}.")
        if by.tenant.memberships.filter(user__email__iexact=email).exists():
            raise Refused(f"{email} is already a member.")
        open_ones = by.tenant.invitations.open()
        invitation = open_ones.filter(email=email).first()
        if invitation is None:
            if open_ones.count() >= cls.MOST_OPEN:
                raise Refused(
                    f"{cls.MOST_OPEN} invitations are open. Take back some of them first."
                )
            invitation = cls(tenant=by.tenant, email=email, role=role)
        invitation._require_right_of(by)
        invitation._require_pause()
        invitation.role = role
        invitation._send(by=by)
        INVITED.record(tenant=by.tenant, by=by.user, target=invitation, role=role.noun)
        return invitation

    def is_for(self, user: User) -> bool:
        """Whether `user` has proved that the invited address is theirs."""
        return Invitation.objects.addressed_to(user).filter(pk=self.pk).exists()

    def _require_right_of(self, member: Membership) -> None:
        """Refuse somebody who could not have made this invitation."""
        if not member.may_change(self):
            raise Refused(f"Your role does not let you change the invitation of {self}.")

    def _require_pause(self) -> None:
        """Refuse a second mail within a minute: nobody's inbox is to be filled through us."""
        if self.sent_at and self.sent_at > timezone.now() - self.PAUSE:
            raise Refused(f"{self} was invited just now. Wait a minute before you do it again.")

    def _send(self, *, by: Membership) -> None:
        """Mail a new token, which is kept nowhere, for a new term; former ones open nothing."""
        token = secrets.token_urlsafe(32)
        now = timezone.now()
        self.digest, self.invited_by = digest(token), by.user
        self.sent_at, self.expires_at = now, now + self.LIFETIME
        self.save()
        mailing.send(
            "invitation",
            to=self.email,
            tenant=self.tenant,
            context={
                "inviter": by.user.display_name,
                "workspace": self.tenant.name,
                "role": self.as_role.noun,
                "link": mailing.absolute(reverse("invitation_accept", args=[token])),
                "ends": self.expires_at,
            },
        )

    @transaction.atomic
    def resend(self, *, by: Membership) -> None:
        """Mail it once more, renewed. Raises Refused where the rules forbid it."""
        self.tenant.take_turns(self, by)
        self._require_open()
        self._require_right_of(by)
        self._require_pause()
        self._send(by=by)
        RESENT.record(tenant=self.tenant, by=by.user, target=self)

    @transaction.atomic
    def revoke(self, *, by: Membership) -> None:
        """Close the seat before anybody sat down. Raises Refused where the rules forbid it."""
        self.tenant.take_turns(self, by)
        self._require_open()
        self._require_right_of(by)
        self.take_back(by=by)

    @transaction.atomic
    def accept(self, *, by: User) -> Membership:
        """Seat `by`, who has to have proved the invited address.

        Raises Refused for anybody else, for an invitation that is used or out of date, and for a
        member who is suspended: it is no way back.
        """
        with tenant_scope(self.tenant):
            self.tenant.take_turns(self)
            self._require_open()
            if self.has_expired:
                raise Refused("This invitation has run out. Ask for a new one.")
            if not self.is_for(by):
                raise Refused(f"This invitation is for {self.email}.")
            self.accepted_at = timezone.now()
            self.save(update_fields=["accepted_at"])
            membership, made = self.tenant.memberships.get_or_create(
                user=by, defaults={"role": self.role}
            )
            if membership.is_suspended:
                raise Refused(f"Your membership of {self.tenant} is suspended. Ask an admin there.")
            if made:
                JOINED.record(tenant=self.tenant, by=by, target=membership, role=self.as_role.noun)
            return membership

    def _require_open(self) -> None:
        if self.accepted_at:
            raise Refused(f"The invitation of {self} was accepted already.")

    def take_back(self, *, by: Membership) -> None:
        """Delete it, in the turn of whoever calls."""
        REVOKED.record(tenant=self.tenant, by=by.user, target=self)
        self.delete()
