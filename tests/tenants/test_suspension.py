"""Suspending members: they are shut out and keep their place, and an owner always stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.tenants.models import Invitation, Membership, Refused, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.tenants.conftest import while_another

OWNER, ADMIN, MEMBER, VIEWER = Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER

Join = Callable[..., Membership]
SignIn = Callable[[User], Browser]


def url(name: str, member: Membership | None = None) -> str:
    return reverse(name, args=["acme", member.pk] if member else ["acme"])


def suspended(member: Membership) -> bool:
    return Membership.objects.get(pk=member.pk).is_suspended


# The rules


@pytest.mark.parametrize("role", [ADMIN, MEMBER, VIEWER])
def test_an_admin_suspends_and_reinstates_others_and_both_are_written_down(
    role: Role, acme: Tenant, join: Join
) -> None:
    admin, ben = join(acme, ADMIN), join(acme, role, name="Ben")
    ben.suspend(by=admin)
    assert suspended(ben)
    ben.reinstate(by=admin)
    assert not suspended(ben)
    assert acme.memberships.get(pk=ben.pk).as_role is role
    said = acme.events.filter(action__in=["membership.suspended", "membership.reinstated"])
    assert [str(event) for event in said.order_by("pk")] == [
        "Admin suspended Ben",
        "Admin reinstated Ben",
    ]


def test_doing_it_twice_is_written_down_once(acme: Tenant, owner: Membership, join: Join) -> None:
    ben = join(acme, MEMBER, name="Ben")
    for _ in range(2):
        ben.suspend(by=owner)
    since = acme.memberships.get(pk=ben.pk).suspended_at
    ben.suspend(by=owner)
    assert acme.memberships.get(pk=ben.pk).suspended_at == since
    for _ in range(2):
        ben.reinstate(by=owner)
    assert acme.events.filter(action="membership.suspended").count() == 1
    assert acme.events.filter(action="membership.reinstated").count() == 1


@pytest.mark.parametrize(("by", "subject"), [(ADMIN, OWNER), (MEMBER, VIEWER), (VIEWER, VIEWER)])
def test_nobody_suspends_or_reinstates_somebody_above_them(
    by: Role, subject: Role, acme: Tenant, owner: Membership, join: Join
) -> None:
    actor, ben = join(acme, by, name="Actor"), join(acme, subject, name="Ben")
    with pytest.raises(Refused, match="does not let you suspend Ben"):
        ben.suspend(by=actor)
    assert not suspended(ben)
    ben.suspend(by=owner)
    with pytest.raises(Refused, match="does not let you reinstate Ben"):
        ben.reinstate(by=actor)
    assert suspended(ben)


@pytest.mark.parametrize("role", [OWNER, ADMIN])
def test_nobody_suspends_themselves(role: Role, acme: Tenant, join: Join) -> None:
    ben = join(acme, role, name="Ben")
    with pytest.raises(Refused, match="cannot suspend yourself"):
        ben.suspend(by=acme.memberships.get(pk=ben.pk))
    assert not suspended(ben)


def test_nobody_reinstates_themselves(acme: Tenant, owner: Membership, join: Join) -> None:
    ben = join(acme, OWNER, name="Ben")
    same = acme.memberships.get(pk=ben.pk)
    ben.suspend(by=owner)
    with pytest.raises(Refused, match="does not let you reinstate Ben"):
        same.reinstate(by=same)
    assert suspended(ben)


def test_the_last_owner_who_could_come_in_is_not_suspended(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    gone = join(acme, OWNER, name="Gone")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    with pytest.raises(Refused, match="A workspace needs an owner"):
        owner.suspend(by=gone)
    assert not suspended(owner)


@pytest.mark.parametrize(
    "doing",
    [
        lambda ben, cleo: cleo.suspend(by=ben),
        lambda ben, cleo: cleo.reinstate(by=ben),
        lambda ben, cleo: cleo.remove(by=ben),
        lambda ben, cleo: cleo.change_role(VIEWER, by=ben),
        lambda ben, cleo: Invitation.invite("new@x.example", VIEWER, by=ben),
        lambda ben, cleo: cleo.tenant.invitations.get().revoke(by=ben),
        lambda ben, cleo: cleo.tenant.invitations.get().resend(by=ben),
        lambda ben, cleo: ben.hand_over(to=cleo),
    ],
    ids=["suspend", "reinstate", "remove", "change", "invite", "revoke", "resend", "transfer"],
)
def test_whoever_was_suspended_meanwhile_changes_nobody(
    doing: Callable[[Membership, Membership], Any],
    acme: Tenant,
    owner: Membership,
    join: Join,
    invite: Callable[..., Invitation],
) -> None:
    ben, cleo = join(acme, OWNER, name="Ben"), join(acme, MEMBER, name="Cleo")
    invite("waiting@x.example", VIEWER)
    acme.memberships.get(pk=ben.pk).suspend(by=owner)
    before = list(acme.memberships.order_by("pk").values())
    with pytest.raises(Refused):
        doing(ben, cleo)
    assert list(acme.memberships.order_by("pk").values()) == before
    assert [each.email for each in acme.invitations.open()] == ["waiting@x.example"]


def test_what_a_suspended_member_offered_is_taken_back(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    ben = join(acme, ADMIN, name="Ben")
    Invitation.invite("bens-other-address@x.example", ADMIN, by=ben)
    Invitation.invite("newcomer@x.example", VIEWER, by=owner)
    ben.suspend(by=owner)
    assert [each.email for each in acme.invitations.open()] == ["newcomer@x.example"]


def test_an_invitation_to_another_address_is_no_way_back(
    acme: Tenant, owner: Membership, join: Join, sign_in: SignIn
) -> None:
    ben = join(acme, MEMBER, name="Ben")
    ben.user.emailaddress_set.create(email="ben@home.example", verified=True)
    invitation = Invitation.invite("ben@home.example", ADMIN, by=owner)
    ben.suspend(by=owner)
    accept = reverse("acceptance_create", args=[invitation.pk])
    page = sign_in(ben.user).post(accept, follow=True).content.decode()
    assert "Your membership of Acme is suspended." in page
    assert suspended(ben)
    assert acme.invitations.open().exists()


def test_a_suspended_owner_does_not_count_when_the_other_wants_to_go(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    join(acme, OWNER, name="Ben").suspend(by=owner)
    with pytest.raises(Refused, match="A workspace needs an owner"):
        owner.leave()


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_suspend_each_other_at_once_one_stays(acme: Tenant, join: Join) -> None:
    first, second = acme.memberships.get(), join(acme, OWNER, name="Second")
    other_first, other_second = (acme.memberships.get(pk=row.pk) for row in (first, second))
    outcome = while_another(
        lambda: second.suspend(by=first), lambda: other_first.suspend(by=other_second)
    )
    assert isinstance(outcome, Refused), outcome
    assert acme.memberships.filter(role=OWNER).active().get() == first


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("going", ["leave", "suspension"])
def test_an_owner_who_goes_while_another_is_suspended_stays(
    going: str, acme: Tenant, join: Join
) -> None:
    """The one who is on the way out was an owner among two, and is the last one by then."""
    first, second = acme.memberships.get(), join(acme, OWNER, name="Second")
    same = acme.memberships.get(pk=first.pk)
    if going == "leave":
        outcome = while_another(lambda: second.suspend(by=first), same.leave)
        assert isinstance(outcome, Refused), outcome
    else:
        outcome = while_another(same.leave, lambda: second.suspend(by=first))
        assert isinstance(outcome, Refused), outcome
    assert acme.memberships.filter(role=OWNER).active().exists()


# The pages


def test_suspension_asks_first_and_names_the_person(acme: Tenant, join: Join, as_role: Any) -> None:
    ben, browser = join(acme, MEMBER, name="Ben"), as_role(ADMIN)
    page = browser.get(url("suspension_create", ben)).content.decode()
    assert "Suspend Ben?" in page
    assert not suspended(ben)
    response = browser.post(url("suspension_create", ben), follow=True)
    assert "Ben is suspended." in response.content.decode()
    assert suspended(ben)


def test_a_suspended_member_is_marked_and_can_be_let_in_again_from_the_list(
    acme: Tenant, owner: Membership, join: Join, as_role: Any
) -> None:
    ben = join(acme, MEMBER, name="Ben")
    browser = as_role(ADMIN)
    page = browser.get(url("member_list")).content.decode()
    assert url("suspension_create", ben) in page
    assert ">Suspended<" not in page
    ben.suspend(by=owner)
    page = browser.get(url("member_list")).content.decode()
    assert ">Suspended<" in page
    assert f'"{url("suspension_create", ben)}"' not in page
    assert f'"{url("suspension_delete", ben)}"' in page
    page = browser.post(url("suspension_delete", ben), follow=True).content.decode()
    assert "Ben can come in again." in page
    assert not suspended(ben)


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_a_members_page_offers_what_their_state_allows(
    state: str, acme: Tenant, owner: Membership, join: Join, as_role: Any
) -> None:
    ben = join(acme, MEMBER, name="Ben")
    if state == "suspended":
        ben.suspend(by=owner)
    page = as_role(ADMIN).get(url("membership_update", ben)).content.decode()
    assert (f'"{url("suspension_create", ben)}"' in page) is (state == "active")
    assert (f'"{url("suspension_delete", ben)}"' in page) is (state == "suspended")


def test_nobody_is_offered_to_suspend_themselves_or_somebody_above(
    acme: Tenant, owner: Membership, join: Join, sign_in: SignIn
) -> None:
    admin = join(acme, ADMIN)
    browser = sign_in(admin.user)
    for page in (url("member_list"), url("membership_update", admin)):
        shown = browser.get(page).content.decode()
        assert url("suspension_create", admin) not in shown
        assert url("suspension_create", owner) not in shown
    response = browser.post(url("suspension_create", admin))
    assert response.headers["Location"] == url("departure_create")
    assert not suspended(admin)


@pytest.mark.parametrize("page", ["suspension_create", "suspension_delete"])
def test_an_admin_does_not_get_to_an_owner(page: str, owner: Membership, as_role: Any) -> None:
    assert as_role(ADMIN).post(url(page, owner)).status_code == 403


@pytest.mark.parametrize("page", ["suspension_create", "suspension_delete"])
def test_a_member_of_another_workspace_is_not_found(
    page: str, globex: Tenant, as_role: Any, join: Join
) -> None:
    theirs = join(globex, VIEWER, name="Theirs")
    assert as_role(OWNER).post(url(page, theirs)).status_code == 404
    assert not suspended(theirs)


def test_a_suspended_member_is_out_at_once_and_in_again_at_once(
    acme: Tenant, owner: Membership, join: Join, sign_in: SignIn
) -> None:
    ben = join(acme, ADMIN, name="Ben")
    browser = sign_in(ben.user)
    ben.suspend(by=owner)
    assert browser.get(url("member_list")).status_code == 404
    listed = browser.get("/workspaces/").content.decode()
    assert "Acme" not in listed
    ben.reinstate(by=owner)
    assert browser.get(url("member_list")).status_code == 200
    assert "Acme" in browser.get("/workspaces/").content.decode()


def test_head_counts_leave_out_whoever_cannot_come_in(
    acme: Tenant, owner: Membership, join: Join, as_role: Any
) -> None:
    join(acme, MEMBER, name="Ben").suspend(by=owner)
    gone = join(acme, MEMBER, name="Gone")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    browser = as_role(OWNER)
    assert ">1 member<" in browser.get("/workspaces/").content.decode()
    assert browser.get("/t/acme/").context["members"] == 1
