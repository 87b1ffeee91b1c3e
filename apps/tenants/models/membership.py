"""Memberships: who belongs to a tenant and as what, and the rules for changing that."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import events, mailing
from apps.tenants.models.tenant import Refused, Tenant
from apps.tenants.roles import (
    DELETE,
    HAND_OVER,
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
SUSPENDED = events.action("membership.suspended", "suspended {target}")
REINSTATED = events.action("membership.reinstated", "reinstated {target}")
HANDED_OVER = events.action("membership.ownership_transferred", "handed ownership to {target}")

MENU_SIZE = 100


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Those who may come in."""
        return self.filter(suspended_at=None, user__is_active=True)

    def for_pages(self) -> "MembershipQuerySet":
        """With people and tenants at hand, in the order that pages list them."""
        return self.select_related("user", "tenant").order_by(Lower("tenant__name"), "pk")

    def with_head_counts(self) -> "MembershipQuerySet":
        """With `head_count`, how many people may come into the tenant."""
        may_come_in = Q(
            tenant__memberships__suspended_at=None, tenant__memberships__user__is_active=True
        )
        return self.annotate(head_count=models.Count("tenant__memberships", filter=may_come_in))


class Membership(models.Model):
    """One person's place in one tenant; while it is suspended, they are shut out and keep it."""

    DECIDING: ClassVar[list[str]] = ["role", "suspended_at"]

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
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

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
    def may_hand_over(self) -> bool:
        return self.as_role.covers(HAND_OVER)

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
        return not self.is_suspended and may_change(self.as_role, subject.as_role)

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

    @transaction.atomic
    def suspend(self, *, by: "Membership") -> None:
        """Shut this member out from their next request on. Raises Refused where rules forbid it."""
        self.tenant.take_turns(self, by)
        if self == by:
            raise Refused("You cannot suspend yourself. You can leave the workspace.")
        if not by.may_change(self):
            raise Refused(f"Your role does not let you suspend {self}.")
        if self.is_suspended:
            return
        self._keep_an_owner()
        self.suspended_at = timezone.now()
        self.save(update_fields=["suspended_at"])
        SUSPENDED.record(tenant=self.tenant, by=by.user, target=self)
        self._withdraw_invitations(by=by, all_of_them=True)

    @transaction.atomic
    def reinstate(self, *, by: "Membership") -> None:
        """Let a suspended member in again, as what they were. Raises Refused as `suspend` does."""
        self.tenant.take_turns(self, by)
        if not by.may_change(self):
            raise Refused(f"Your role does not let you reinstate {self}.")
        if self.is_suspended:
            self.suspended_at = None
            self.save(update_fields=["suspended_at"])
            REINSTATED.record(tenant=self.tenant, by=by.user, target=self)

    @property
    def heirs(self) -> MembershipQuerySet:
        """Those to whom this member could hand the workspace over, by name."""
        others = self.tenant.memberships.active().exclude(pk=self.pk)
        return others.select_related("user").order_by(Lower("user__name"), "user__email")

    @transaction.atomic
    def hand_over(self, *, to: "Membership") -> None:
        """Make `to` an owner and oneself an admin, in one step; both get a mail.

        Raises Refused for anybody but an owner, and for an heir who could not come in.
        """
        self.tenant.take_turns(self, to)
        if self.is_suspended or not self.may_hand_over:
            raise Refused("Only an owner can transfer ownership.")
        if not self.heirs.filter(pk=to.pk).exists():
            raise Refused(f"{to} cannot become the owner. Choose another active member.")
        to.role, self.role = Role.OWNER, Role.ADMIN
        to.save(update_fields=["role"])
        self.save(update_fields=["role"])
        HANDED_OVER.record(tenant=self.tenant, by=self.user, target=to)
        self._withdraw_invitations(by=self)
        self._tell_of_transfer("ownership_received", to, former=str(self))
        self._tell_of_transfer("ownership_transferred", self, owner=str(to))

    def _tell_of_transfer(self, template: str, reader: "Membership", **context: str) -> None:
        link = mailing.absolute(reverse("member_list", args=[self.tenant.slug]))
        context |= {"workspace": self.tenant.name, "link": link}
        mailing.send(template, to=reader.user.email, tenant=self.tenant, context=context)

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
