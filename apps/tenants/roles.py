"""Every permission predicate, on one page: who may do what inside a tenant."""

from django.db import models


class Role(models.TextChoices):
    """What a member is in a tenant; each role may do all that the ones after it may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"

    @property
    def rank(self) -> int:
        """The role's power, 1 for a viewer up to 4 for an owner."""
        return {"owner": 4, "admin": 3, "member": 2, "viewer": 1}[self.value]

    def covers(self, other: "Role") -> bool:
        """Whether this role may do whatever `other` may."""
        return self.rank >= other.rank

    @property
    def noun(self) -> str:
        """The role in a sentence: "an admin"."""
        article = "an" if self.value[0] in "aeiou" else "a"
        return f"{article} {self.value}"

    @property
    def explanation(self) -> str:
        """What the role may do, for the person who chooses one."""
        return {
            "owner": "Everything, including other owners",
            "admin": "Manages members, settings and deletion",
            "member": "Adds, edits, imports and exports",
            "viewer": "Reads only",
        }[self.value]


# What each kind of work asks for. Views name these, templates ask a membership.
READ = Role.VIEWER
WRITE = Role.MEMBER
TRANSFER = Role.MEMBER
DELETE = Role.ADMIN
MANAGE_MEMBERS = Role.ADMIN
MANAGE_WORKSPACE = Role.ADMIN
MANAGE_JOBS = Role.ADMIN
READ_MAIL_LOG = Role.ADMIN
HAND_OVER = Role.OWNER


def may_grant(holder: Role, granted: Role) -> bool:
    """Whether `holder` may invite somebody as, or change somebody to, `granted`."""
    return holder.covers(MANAGE_MEMBERS) and holder.covers(granted)


def may_change(holder: Role, subject: Role) -> bool:
    """Whether `holder` may change or remove a member, or take back an invitation, of `subject`."""
    return holder.covers(MANAGE_MEMBERS) and holder.covers(subject)
