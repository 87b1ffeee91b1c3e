"""The tenant itself: its name, its address, and who takes turns at changing who belongs to it."""

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.text import slugify

from apps.accounts.models import SECOND_FACTORS, User
from apps.core import events
from apps.tenants.roles import Role
from apps.tenants.scope import tenant_scope

if TYPE_CHECKING:
    from apps.tenants.models.invitation import Invitation
    from apps.tenants.models.membership import Membership, MembershipQuerySet

CREATED = events.action("workspace.created", "created the workspace")
RENAMED = events.action("workspace.renamed", "renamed the workspace from {before} to {after}")

MFA_REQUIRED = events.action("workspace.mfa_required", "made two-step sign-in required")
MFA_OPTIONAL = events.action("workspace.mfa_optional", "made two-step sign-in optional")

RESERVED_SLUGS = {"new", "admin", "api", "static", "accounts", "workspaces"}


class Refused(Exception):
    """A rule forbids what was asked; the message is meant for the person who asked."""


class TenantManager(models.Manager["Tenant"]):
    @transaction.atomic
    def found(self, *, name: str, owner: User) -> "Tenant":
        """Make a workspace with `owner` as its first member; its slug is made from the name.

        Raises Refused if others take every slug for the name faster than we do.
        """
        tenant = self._create(name)
        with tenant_scope(tenant):
            tenant.memberships.create(user=owner, role=Role.OWNER)
            CREATED.record(tenant=tenant, by=owner)
        return tenant

    def _create(self, name: str) -> "Tenant":
        for slug in self.free_slugs(name):
            # Whoever took the slug since we looked lets us try the next one.
            with suppress(IntegrityError), transaction.atomic():
                return self.create(name=name, slug=slug)
        raise Refused("All addresses for this name are taken. Choose another name.")

    def free_slugs(self, name: str) -> list[str]:
        """The slugs for `name` that no tenant has, the best first: numbered, at last by chance."""
        stem = slug_of(name)
        numbered = [f"{stem}-{number}" for number in range(2, 10)]
        candidates = [stem, *numbered, f"{stem}-{secrets.token_hex(4)}"]
        taken = set(self.filter(slug__in=candidates).values_list("slug", flat=True))
        return [slug for slug in candidates if slug not in taken | RESERVED_SLUGS]


def slug_of(name: str) -> str:
    """What a name becomes in an address: "Aldgate Interiors" is aldgate-interiors."""
    return slugify(name.replace("_", " "))[:40].strip("-") or "workspace"


class Tenant(models.Model):
    """A workspace: the wall around one customer's data."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use a-z, 0-9 and single dashes.")],
    )
    # Whether members come in only with a second factor. The database knows the default too, so that
    # the release before this one can go on while the column is there already.
    requires_mfa = models.BooleanField(default=False, db_default=False)
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

    @property
    def members_without_second_factor(self) -> "MembershipQuerySet":
        """Those whom requiring a second factor would keep out until they have one, by name."""
        having = {"user__authenticator__type__in": SECOND_FACTORS}
        members = self.memberships.active().exclude(**having).select_related("user")
        return members.order_by(Lower("user__name"), "user__email")

    @transaction.atomic
    def require_mfa(self, *, by: User) -> None:
        """Let members in only with a second factor.

        Raises Refused if `by` has none, who would shut themselves out as well.
        """
        if not by.has_second_factor:
            raise Refused("Set up two-step sign-in for yourself first.")
        if not self.requires_mfa:
            self.requires_mfa = True
            self.save(update_fields=["requires_mfa"])
            MFA_REQUIRED.record(tenant=self, by=by, target=self)

    @transaction.atomic
    def make_mfa_optional(self, *, by: User) -> None:
        """Let members in without a second factor again."""
        if self.requires_mfa:
            self.requires_mfa = False
            self.save(update_fields=["requires_mfa"])
            MFA_OPTIONAL.record(tenant=self, by=by, target=self)

    def take_turns(self, *rows: "Membership | Invitation") -> None:
        """Let one transaction at a time change members and invitations; read `rows` afresh.

        Without it two owners could each see the other and both leave. Raises Refused if a row has
        gone while we waited.
        """
        Tenant.objects.select_for_update(no_key=True).get(pk=self.pk)
        try:
            for row in rows:
                row.refresh_from_db(fields=row.DECIDING)
        except ObjectDoesNotExist:
            raise Refused("Somebody else changed this a moment ago. Look again.") from None
