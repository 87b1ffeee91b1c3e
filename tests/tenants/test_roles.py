"""Roles: who may do what, as a table."""

import pytest

from apps.tenants import roles
from apps.tenants.roles import Role, may_change, may_grant

OWNER, ADMIN, MEMBER, VIEWER = Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER


@pytest.mark.parametrize(
    ("work", "who"),
    [
        (roles.READ, {OWNER, ADMIN, MEMBER, VIEWER}),
        (roles.WRITE, {OWNER, ADMIN, MEMBER}),
        (roles.TRANSFER, {OWNER, ADMIN, MEMBER}),
        (roles.DELETE, {OWNER, ADMIN}),
        (roles.MANAGE_MEMBERS, {OWNER, ADMIN}),
        (roles.MANAGE_WORKSPACE, {OWNER, ADMIN}),
        (roles.HAND_OVER, {OWNER}),
    ],
)
def test_each_kind_of_work_is_open_to_these_roles_and_no_others(work: Role, who: set[Role]) -> None:
    assert {role for role in Role if role.covers(work)} == who


@pytest.mark.parametrize(
    ("holder", "grants"),
    [(OWNER, {OWNER, ADMIN, MEMBER, VIEWER}), (ADMIN, {ADMIN, MEMBER, VIEWER})]
    + [(holder, set()) for holder in (MEMBER, VIEWER)],
)
def test_nobody_grants_or_changes_a_role_above_their_own(holder: Role, grants: set[Role]) -> None:
    assert {role for role in Role if may_grant(holder, role)} == grants
    assert {role for role in Role if may_change(holder, role)} == grants


def test_every_role_explains_itself() -> None:
    assert all(role.explanation for role in Role)
    assert [role.noun for role in Role] == ["an owner", "an admin", "a member", "a viewer"]
