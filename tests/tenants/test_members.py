"""Members: who may change, remove or leave, and that a workspace always keeps an owner."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.tenants.models import Invitation, Membership, Refused, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.tenants.conftest import while_another

OWNER, ADMIN, MEMBER, VIEWER = Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER
LAST_OWNER = "A workspace needs an owner"

Join = Callable[..., Membership]
SignIn = Callable[[User], Browser]


def url(name: str, member: Membership | None = None) -> str:
    return reverse(name, args=["acme", member.pk] if member else ["acme"])


# The rules


@pytest.mark.parametrize("role", [ADMIN, MEMBER, VIEWER])
def test_an_admin_gives_others_any_role_up_to_their_own(
    role: Role, acme: Tenant, join: Join
) -> None:
    admin, ben = join(acme, ADMIN), join(acme, VIEWER, name="Ben")
    ben.change_role(role, by=admin)
    assert acme.memberships.get(pk=ben.pk).as_role is role


@pytest.mark.parametrize(
    ("by", "subject", "role"),
    [
        (ADMIN, MEMBER, OWNER),  # above their own
        (ADMIN, ADMIN, OWNER),
        (ADMIN, OWNER, ADMIN),  # somebody above them
        (MEMBER, VIEWER, VIEWER),
        (VIEWER, VIEWER, ADMIN),
    ],
)
def test_nobody_grants_above_their_role_or_changes_somebody_above(
    by: Role, subject: Role, role: Role, acme: Tenant, join: Join
) -> None:
    actor, ben = join(acme, by, name="Actor"), join(acme, subject, name="Ben")
    with pytest.raises(Refused, match=f"does not let you make Ben {role.noun}"):
        ben.change_role(role, by=actor)
    assert acme.memberships.get(pk=ben.pk).as_role is subject


def test_nobody_raises_themselves(acme: Tenant, join: Join) -> None:
    admin = join(acme, ADMIN)
    with pytest.raises(Refused):
        admin.change_role(OWNER, by=admin)


def test_a_changed_role_is_written_down_and_an_unchanged_one_is_not(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    ben = join(acme, VIEWER, name="Ben")
    ben.change_role(ADMIN, by=owner)
    ben.change_role(ADMIN, by=owner)
    assert [event.sentence for event in acme.events.filter(action="membership.role_changed")] == [
        "made Ben an admin"
    ]


def test_a_role_counts_as_it_is_now_and_not_as_it_was_when_the_page_was_asked_for(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    admin, ben = join(acme, ADMIN), join(acme, VIEWER, name="Ben")
    acme.memberships.get(pk=admin.pk).change_role(VIEWER, by=owner)
    with pytest.raises(Refused):
        ben.remove(by=admin)


@pytest.mark.parametrize("subject", [ADMIN, MEMBER, VIEWER])
def test_an_admin_removes_others_and_it_is_written_down(
    subject: Role, acme: Tenant, join: Join
) -> None:
    ben = join(acme, subject, name="Ben")
    ben.remove(by=join(acme, ADMIN))
    assert not acme.memberships.filter(user=ben.user).exists()
    assert acme.events.latest("pk").sentence == "removed Ben"


@pytest.mark.parametrize(("by", "subject"), [(ADMIN, OWNER), (MEMBER, VIEWER), (VIEWER, VIEWER)])
def test_nobody_removes_somebody_above_them(
    by: Role, subject: Role, acme: Tenant, join: Join
) -> None:
    actor, ben = join(acme, by, name="Actor"), join(acme, subject, name="Ben")
    with pytest.raises(Refused, match="does not let you remove Ben"):
        ben.remove(by=actor)
    assert acme.memberships.filter(pk=ben.pk).exists()


@pytest.mark.parametrize(
    "going",
    [
        lambda owner: owner.leave(),
        lambda owner: owner.remove(by=owner),
        lambda owner: owner.change_role(ADMIN, by=owner),
    ],
    ids=["leaving", "being removed", "stepping down"],
)
def test_the_last_owner_stays(
    going: Callable[[Membership], None], acme: Tenant, owner: Membership, join: Join
) -> None:
    join(acme, ADMIN)
    suspended = join(acme, OWNER, name="Suspended")
    suspended.suspended_at = timezone.now()
    suspended.save()
    gone = join(acme, OWNER, name="Gone")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    with pytest.raises(Refused, match=LAST_OWNER):
        going(owner)
    assert acme.memberships.get(pk=owner.pk).is_owner


def test_a_workspace_is_handed_over_by_making_an_owner_and_leaving(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    ben = join(acme, MEMBER, name="Ben")
    ben.change_role(OWNER, by=owner)
    owner.leave()
    assert acme.memberships.get().user == ben.user
    assert str(acme.events.latest("pk")) == f"{owner} left the workspace"


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_get_away(acme: Tenant, join: Join) -> None:
    first, second = acme.memberships.get(), join(acme, OWNER, name="Second")
    outcome = while_another(first.leave, second.leave)
    assert isinstance(outcome, Refused), outcome
    assert acme.memberships.get() == second


@pytest.mark.django_db(transaction=True)
def test_an_admin_who_removes_somebody_that_another_has_just_removed_is_told_so(
    acme: Tenant, join: Join
) -> None:
    admin, ben = join(acme, ADMIN), join(acme, VIEWER, name="Ben")
    same = acme.memberships.get(pk=ben.pk)
    outcome = while_another(lambda: ben.remove(by=admin), lambda: same.remove(by=admin))
    assert isinstance(outcome, Refused), outcome
    assert "a moment ago" in str(outcome)


@pytest.mark.parametrize(
    ("going", "left"),
    [
        (lambda ben, owner: ben.remove(by=owner), set()),
        (lambda ben, owner: ben.leave(), set()),
        (lambda ben, owner: ben.change_role(MEMBER, by=owner), set()),
        (lambda ben, owner: ben.change_role(ADMIN, by=owner), {"admin@x.example"}),
    ],
    ids=["removed", "left", "made a member", "made an admin"],
)
def test_what_somebody_may_no_longer_grant_they_have_no_longer_offered(
    going: Callable[[Membership, Membership], None],
    left: set[str],
    acme: Tenant,
    owner: Membership,
    join: Join,
) -> None:
    ben = join(acme, OWNER, name="Ben")
    Invitation.invite("admin@x.example", ADMIN, by=ben)
    Invitation.invite("owner@x.example", OWNER, by=ben)
    Invitation.invite("other@x.example", OWNER, by=owner)
    going(ben, owner)
    assert {each.email for each in acme.invitations.open()} == left | {"other@x.example"}


# The pages


def test_the_list_names_everybody_with_address_and_role(
    acme: Tenant, join: Join, as_role: Any
) -> None:
    join(acme, VIEWER, name="Ben")
    page = as_role(MEMBER).get(url("member_list")).content.decode()
    for said in ("Acme Owner", "owner@acme.example", ">Owner<", "Ben", "ben@acme.example"):
        assert said in page
    assert "(you)" in page


def test_a_member_who_manages_nobody_is_offered_nothing_to_change(
    acme: Tenant, join: Join, as_role: Any, invite: Callable[..., Invitation]
) -> None:
    ben = join(acme, VIEWER, name="Ben")
    invite("newcomer@x.example")
    page = as_role(MEMBER).get(url("member_list")).content.decode()
    assert url("membership_update", ben) not in page
    assert "newcomer@x.example" not in page
    assert url("invitation_create") not in page
    assert url("departure_create") in page


def test_an_admin_is_offered_to_change_others_but_not_an_owner(
    acme: Tenant, owner: Membership, join: Join, as_role: Any
) -> None:
    ben = join(acme, MEMBER, name="Ben")
    page = as_role(ADMIN).get(url("member_list")).content.decode()
    assert url("membership_update", ben) in page
    assert url("membership_update", owner) not in page


def test_a_suspended_member_is_marked_in_the_list(acme: Tenant, join: Join, as_role: Any) -> None:
    ben = join(acme, MEMBER, name="Ben")
    acme.memberships.filter(pk=ben.pk).update(suspended_at=timezone.now())
    assert ">Suspended<" in as_role(VIEWER).get(url("member_list")).content.decode()


def test_the_list_is_cut_into_pages_and_costs_the_same_with_many_members(
    acme: Tenant, join: Join, as_role: Any, django_assert_num_queries: Any
) -> None:
    browser = as_role(ADMIN)
    for number in range(30):
        join(acme, VIEWER, name=f"Person{number:02}")
    # the test's savepoint (2), session, person, memberships, rows, count, invitations, notices
    with django_assert_num_queries(9):
        page = browser.get(url("member_list")).content.decode()
    assert "Person20" in page
    assert "Person29" not in page
    assert "of 32" in page


def test_an_owner_changes_a_role(acme: Tenant, join: Join, as_role: Any) -> None:
    ben = join(acme, VIEWER, name="Ben")
    response = as_role(OWNER).post(url("membership_update", ben), {"role": "admin"}, follow=True)
    assert acme.memberships.get(pk=ben.pk).as_role is ADMIN
    assert "Ben is an admin now." in response.content.decode()


def test_the_form_offers_only_the_roles_that_one_may_grant(
    acme: Tenant, join: Join, as_role: Any
) -> None:
    ben = join(acme, VIEWER, name="Ben")
    page = as_role(ADMIN).get(url("membership_update", ben)).content.decode()
    assert 'value="admin"' in page
    assert 'value="owner"' not in page


@pytest.mark.parametrize("role", ["owner", "king", ""])
def test_a_role_that_was_not_offered_is_an_error_beside_the_field(
    role: str, acme: Tenant, join: Join, as_role: Any
) -> None:
    ben = join(acme, VIEWER, name="Ben")
    response = as_role(ADMIN).post(url("membership_update", ben), {"role": role})
    assert response.status_code == 200
    assert response.context["form"].errors["role"]
    assert acme.memberships.get(pk=ben.pk).as_role is VIEWER


def test_the_last_owner_who_steps_down_reads_why_not(owner: Membership, as_role: Any) -> None:
    response = as_role(OWNER).post(url("membership_update", owner), {"role": "admin"})
    assert response.status_code == 200
    assert LAST_OWNER in response.content.decode()


@pytest.mark.parametrize("page", ["membership_update", "membership_delete"])
def test_an_admin_may_not_even_look_at_the_pages_that_change_an_owner(
    page: str, owner: Membership, as_role: Any
) -> None:
    assert as_role(ADMIN).get(url(page, owner)).status_code == 403
    assert as_role(OWNER).get(url("membership_update", owner)).status_code == 200


def test_removal_asks_first_and_names_the_person(acme: Tenant, join: Join, as_role: Any) -> None:
    ben = join(acme, MEMBER, name="Ben")
    browser = as_role(ADMIN)
    page = browser.get(url("membership_delete", ben)).content.decode()
    assert "Remove Ben?" in page
    assert acme.memberships.filter(pk=ben.pk).exists()
    response = browser.post(url("membership_delete", ben), follow=True)
    assert "Ben is no longer a member." in response.content.decode()
    assert not acme.memberships.filter(pk=ben.pk).exists()


def test_whoever_removes_themselves_is_asked_whether_to_leave(
    acme: Tenant, join: Join, sign_in: SignIn
) -> None:
    admin = join(acme, ADMIN)
    response = sign_in(admin.user).post(url("membership_delete", admin))
    assert response.headers["Location"] == url("departure_create")
    assert acme.memberships.filter(pk=admin.pk).exists()


def test_leaving_asks_first_and_then_leads_out(acme: Tenant, join: Join, sign_in: SignIn) -> None:
    browser = sign_in(join(acme, MEMBER).user)
    assert "Leave Acme?" in browser.get(url("departure_create")).content.decode()
    response = browser.post(url("departure_create"), follow=True)
    assert response.redirect_chain == [("/workspaces/", 302)]
    assert "You have left Acme." in response.content.decode()
    assert browser.get(url("member_list")).status_code == 404


def test_the_last_owner_who_wants_to_leave_is_shown_the_way(
    acme: Tenant, owner: Membership, as_role: Any
) -> None:
    browser = as_role(OWNER)
    page = browser.get(url("departure_create")).content.decode()
    assert "You are the only owner" in page
    assert 'type="submit">Leave' not in page
    response = browser.post(url("departure_create"), follow=True)
    assert LAST_OWNER in response.content.decode()
    assert acme.memberships.filter(pk=owner.pk).exists()


@pytest.mark.parametrize("way", ["removed", "suspended"])
def test_somebody_who_is_out_meets_404_at_the_very_next_request(
    way: str, acme: Tenant, owner: Membership, join: Join, sign_in: SignIn
) -> None:
    ben = join(acme, ADMIN, name="Ben")
    browser = sign_in(ben.user)
    assert browser.get(url("member_list")).status_code == 200
    if way == "removed":
        ben.remove(by=owner)
    else:
        acme.memberships.filter(pk=ben.pk).update(suspended_at=timezone.now())
    assert browser.get(url("member_list")).status_code == 404


def test_somebody_whose_role_was_lowered_is_held_to_it_at_the_very_next_request(
    acme: Tenant, owner: Membership, join: Join, sign_in: SignIn
) -> None:
    ben = join(acme, ADMIN, name="Ben")
    browser = sign_in(ben.user)
    assert browser.get(url("invitation_create")).status_code == 200
    ben.change_role(MEMBER, by=owner)
    assert browser.get(url("invitation_create")).status_code == 403


@pytest.mark.parametrize("page", ["membership_update", "membership_delete"])
def test_a_member_of_another_workspace_is_not_found(
    page: str, globex: Tenant, as_role: Any, join: Join
) -> None:
    theirs = join(globex, VIEWER, name="Theirs")
    browser = as_role(OWNER)
    assert browser.get(url(page, theirs)).status_code == 404
    assert browser.post(url(page, theirs), {"role": "admin"}).status_code == 404
    assert globex.memberships.get(pk=theirs.pk).as_role is VIEWER
