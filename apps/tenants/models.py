"""Tenants, memberships and invitations: the identity plane, which the walls stand on."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.core import events
from apps.tenants.roles import (
    DELETE,
    MANAGE_MEMBERS,
    MANAGE_WORKSPACE,
    TRANSFER,
    WRITE,
    Role,
    may_change,
    may_grant,
)

CREATED = events.action("workspace.created", "created the workspace")
RENAMED = events.action("workspace.renamed", "renamed the workspace from {before} to {after}")
JOINED = events.action("membership.created", "joined as {role}")
ROLE_CHANGED = events.action("membership.role_changed", "made {target} {role}")
REMOVED = events.action("membership.removed", "removed {target}")
LEFT = events.action("membership.left", "left the workspace")
INVITED = events.action("invitation.created", "invited {target} as {role}")
RESENT = events.action("invitation.resent", "invited {target} once more")
REVOKED = events.action("invitation.revoked", "took back the invitation of {target}")

RESERVED_SLUGS = {"new", "admin", "api", "static", "accounts", "workspaces"}


class Refused(Exception):
    """A rule forbids what was asked; the message is meant for the person who asked."""


class TenantManager(models.Manager["Tenant"]):
    @transaction.atomic
    def found(self, *, name: str, owner: User) -> "Tenant":
        """Make a workspace with `owner` as its first member; its slug is made from the name."""
        tenant = self.create(name=name, slug=self.free_slug(name))
        tenant.memberships.create(user=owner, role=Role.OWNER)
        CREATED.record(tenant=tenant, by=owner)
        return tenant

    def free_slug(self, name: str) -> str:
        """A slug made from `name` that no tenant has; a number is added where one is taken."""
        stem = slugify(name)[:40].strip("-") or "workspace"
        taken = set(self.filter(slug__startswith=stem).values_list("slug", flat=True))
        taken |= RESERVED_SLUGS
        if stem not in taken:
            return stem
        return next(f"{stem}-{n}" for n in range(2, len(taken) + 3) if f"{stem}-{n}" not in taken)


class Tenant(models.Model):
    """A workspace: the wall around one customer's data."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use a-z, 0-9 and single dashes.")],
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[TenantManager] = TenantManager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dashboard", args=[self.slug])

    @property
    def initial(self) -> str:
        """The letter of its mark."""
        return self.name[:1].upper()

    def rename(self, name: str, *, by: User) -> None:
        """Give the workspace another name; its address stays."""
        before, self.name = self.name, name
        if before != name:
            self.save(update_fields=["name"])
            RENAMED.record(tenant=self, by=by, target=self, before=before, after=name)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Those who may come in."""
        return self.filter(suspended_at=None, user__is_active=True)

    def for_pages(self) -> "MembershipQuerySet":
        """With people and tenants at hand, in the order that pages list them."""
        return self.select_related("user", "tenant").order_by(Lower("tenant__name"), "pk")


class Membership(models.Model):
    """One person's place in one tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="tenants_membership_known_role"
            ),
        ]

    def __str__(self) -> str:
        return self.user.display_name

    @property
    def as_role(self) -> Role:
        return Role(self.role)

    @property
    def is_owner(self) -> bool:
        return self.as_role is Role.OWNER

    @property
    def is_admin(self) -> bool:
        return self.as_role.covers(MANAGE_WORKSPACE)

    @property
    def may_write(self) -> bool:
        return self.as_role.covers(WRITE)

    @property
    def may_transfer(self) -> bool:
        return self.as_role.covers(TRANSFER)

    @property
    def may_delete(self) -> bool:
        return self.as_role.covers(DELETE)

    @property
    def may_manage_members(self) -> bool:
        return self.as_role.covers(MANAGE_MEMBERS)

    @property
    def grantable_roles(self) -> list[Role]:
        """The roles that this member may give to others."""
        return [role for role in Role if may_grant(self.as_role, role)]

    def change_role(self, role: Role, *, by: "Membership") -> None:
        """Give this member another role. Raises Refused where the rules forbid it."""
        if not (may_change(by.as_role, self.as_role) and may_grant(by.as_role, role)):
            raise Refused(f"Your role does not let you make {self} {role.label.lower()}.")
        if role is not Role.OWNER:
            self._keep_an_owner()
        self.role = role
        self.save(update_fields=["role"])
        ROLE_CHANGED.record(tenant=self.tenant, by=by.user, target=self, role=role.label.lower())

    def remove(self, *, by: "Membership") -> None:
        """Take this member out. Raises Refused where the rules forbid it."""
        if not may_change(by.as_role, self.as_role):
            raise Refused(f"Your role does not let you remove {self}.")
        self._keep_an_owner()
        REMOVED.record(tenant=self.tenant, by=by.user, target=self)
        self.delete()

    def leave(self) -> None:
        """Take oneself out. Raises Refused for the last owner."""
        self._keep_an_owner()
        LEFT.record(tenant=self.tenant, by=self.user)
        self.delete()

    def _keep_an_owner(self) -> None:
        """Refuse to let the last owner go; the lock keeps two owners from leaving at once."""
        Tenant.objects.select_for_update().get(pk=self.tenant_id)
        owners = Membership.objects.filter(tenant=self.tenant_id, role=Role.OWNER).active()
        if self.is_owner and not owners.exclude(pk=self.pk).exists():
            raise Refused("A workspace needs an owner. Make somebody else an owner first.")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def by_token(self, token: str) -> "Invitation | None":
        """The pending invitation that `token` opens, or None."""
        return self.pending().select_related("tenant").filter(digest=digest(token)).first()


def digest(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot accept an invitation."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """An open seat for an address: single use, seven days, opened by a 256-bit token."""

    LIFETIME: ClassVar[timedelta] = timedelta(days=7)

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
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
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()
        if self.tenant.memberships.filter(user__email=self.email).exists():
            raise ValidationError({"email": f"{self.email} is already a member."})

    def renew(self) -> str:
        """Set a new token and a new term; return the token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        self.digest, self.expires_at = digest(token), timezone.now() + self.LIFETIME
        return token

    def accept(self, *, by: User) -> Membership:
        """Seat `by`, whose verified address has to be the invited one.

        Raises Refused for anybody else, and for an invitation that is used or out of date.
        """
        with transaction.atomic():
            open_one = (
                Invitation.objects.select_for_update()
                .filter(pk=self.pk, accepted_at=None, expires_at__gt=timezone.now())
                .first()
            )
            if open_one is None:
                raise Refused("This invitation was used already or has run out.")
            if by.email.lower() != self.email.lower():
                raise Refused(f"This invitation is for {self.email}.")
            self.accepted_at = timezone.now()
            self.save(update_fields=["accepted_at"])
            membership, made = self.tenant.memberships.get_or_create(
                user=by, defaults={"role": self.role}
            )
            if made:
                JOINED.record(tenant=self.tenant, by=by, role=membership.as_role.label.lower())
            return membership

    def revoke(self, *, by: User) -> None:
        """Close the seat before anybody sat down."""
        REVOKED.record(tenant=self.tenant, by=by, target=self)
        self.delete()


def memberships_of(user: Any) -> MembershipQuerySet:
    """The memberships through which `user` may enter, with their tenants."""
    return Membership.objects.filter(user=user).active().for_pages()
