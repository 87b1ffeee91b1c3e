"""Tenants, memberships and invitations: the identity plane, which the walls stand on."""

from apps.tenants.models.invitation import Invitation
from apps.tenants.models.membership import Membership, memberships_for_menu, memberships_of
from apps.tenants.models.tenant import Refused, Tenant, slug_of

__all__ = [
    "Invitation",
    "Membership",
    "Refused",
    "Tenant",
    "memberships_for_menu",
    "memberships_of",
    "slug_of",
]
