"""Memberships: who belongs to a tenant and as what, and the rules for changing that."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.db.models.functions import Lower

from apps.accounts.models import User
from apps.core import events
from apps.tenants.models.tenant import Refused, Tenant
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

if TYPE_CHECKING:
    from apps.tenants.models.invitation import Invitation

ROLE_CHANGED = events.action("membership.role_changed", "made {target} {role}")
REMOVED = events.action("membership.removed", "removed {target}")
LEFT = events.action("membership.left", "left the workspace")

MENU_SIZE = 100


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Those who may come in."""
        return self.filter(suspended_at=None, user__is_active=True)

    def for_pages(self) -> "MembershipQuerySet":
        """With people and tenants at hand, in the order that pages list them."""
        return self.select_related("user", "tenant").order_by(Lower("tenant__name"), "pk")

    def with_head_counts(self) -> "MembershipQuerySet":
        """With `head_count`, how many people the tenant has."""
        return self.annotate(head_count=models.Count("tenant__memberships"))


class Membership(models.Model):
    """One person's place in one tenant."""

    DECIDING: ClassVar[list[str]] = ["role"]

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

    @property
    def is_last_owner(self) -> bool:
        """Whether nobody else could look after the workspace."""
        owners = self.tenant.memberships.filter(role=Role.OWNER).active()
        return self.is_owner and not owners.exclude(pk=self.pk).exists()

    def may_change(self, subject: "Membership | Invitation") -> bool:
        """Whether this member may change or remove that member or invitation."""
        return may_change(self.as_role, subject.as_role)

    @transaction.atomic
    def change_role(self, role: Role, *, by: "Membership") -> None:
        """Give this member another role. Raises Refused where the rules forbid it."""
        self.tenant.take_turns(self, by)
        if not (by.may_change(self) and may_grant(by.as_role, role)):
            raise Refused(f"Your role does not let you make {self} {role.noun}.")
        if role is self.as_role:
            return
        self._keep_an_owner()
        self.role = role
        self.save(update_fields=["role"])
        ROLE_CHANGED.record(tenant=self.tenant, by=by.user, target=self, role=role.noun)
        self._withdraw_invitations(by=by)

    @transaction.atomic
    def remove(self, *, by: "Membership") -> None:
        """Take this member out. Raises Refused where the rules forbid it."""
        self.tenant.take_turns(self, by)
        if not by.may_change(self):
            raise Refused(f"Your role does not let you remove {self}.")
        self._keep_an_owner()
        REMOVED.record(tenant=self.tenant, by=by.user, target=self)
        self._withdraw_invitations(by=by, all_of_them=True)
        self.delete()

    @transaction.atomic
    def leave(self) -> None:
        """Take oneself out. Raises Refused for the last owner."""
        self.tenant.take_turns(self)
        self._keep_an_owner()
        LEFT.record(tenant=self.tenant, by=self.user, target=self)
        self._withdraw_invitations(by=self, all_of_them=True)
        self.delete()

    def _keep_an_owner(self) -> None:
        if self.is_last_owner:
            raise Refused("A workspace needs an owner. Make somebody else an owner first.")

    def _withdraw_invitations(self, *, by: "Membership", all_of_them: bool = False) -> None:
        """Take back what this member may no longer grant, or they could come back through it."""
        for invitation in self.tenant.invitations.open().filter(invited_by=self.user_id):
            if all_of_them or not may_grant(self.as_role, invitation.as_role):
                invitation.take_back(by=by)


def memberships_of(user: Any) -> MembershipQuerySet:
    """The memberships through which `user` may enter, with their tenants."""
    return Membership.objects.filter(user=user).active().for_pages()


def memberships_for_menu(user: Any, *, first: str = "") -> list[Membership]:
    """The memberships that the shell's menu lists, led by the one in the tenant called `first`.

    One query opens the tenant and fills the menu; it is bounded for somebody in thousands.
    """
    named = models.Case(models.When(tenant__slug=first, then=0), default=1)
    return list(memberships_of(user).order_by(named, Lower("tenant__name"), "pk")[:MENU_SIZE])
