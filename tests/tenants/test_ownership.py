"""Transferring ownership: in one step, to somebody who is there, and both are told."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.tenants.models import Invitation, Membership, Refused, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.tenants.conftest import while_another

OWNER, ADMIN, MEMBER, VIEWER = Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER
PAGE = "/t/acme/ownership/"

Join = Callable[..., Membership]


def roles(tenant: Tenant) -> dict[str, Role]:
    """Who is what, by name."""
    return {str(row): row.as_role for row in tenant.memberships.select_related("user")}


@pytest.mark.parametrize("role", list(Role))
def test_the_heir_becomes_an_owner_and_the_owner_an_admin(
    role: Role, acme: Tenant, owner: Membership, join: Join
) -> None:
    owner.hand_over(to=join(acme, role, name="Ben"))
    assert roles(acme) == {"Acme Owner": ADMIN, "Ben": OWNER}
    event = acme.events.get(action="membership.ownership_transferred")
    assert str(event) == "Acme Owner handed ownership to Ben"


def test_both_get_a_mail_that_says_so(
    acme: Tenant,
    owner: Membership,
    join: Join,
    read_mail: Callable[[], list[EmailMessage]],
) -> None:
    owner.hand_over(to=join(acme, MEMBER, name="Ben"))
    to_ben, to_former = read_mail()
    assert (to_ben["To"], to_ben["Subject"]) == ("ben@acme.example", "You are an owner of Acme")
    assert "Acme Owner handed the workspace Acme over to you." in body_of(to_ben)
    assert (to_former["To"], to_former["Subject"]) == ("owner@acme.example", "You handed over Acme")
    assert "over to Ben, who is an owner now. You are an admin." in body_of(to_former)


def body_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return " ".join(str(part.get_content()).split())


@pytest.mark.parametrize("role", [ADMIN, MEMBER, VIEWER])
def test_only_an_owner_hands_over(role: Role, acme: Tenant, join: Join) -> None:
    actor, ben = join(acme, role, name="Actor"), join(acme, VIEWER, name="Ben")
    with pytest.raises(Refused, match="Only an owner"):
        actor.hand_over(to=ben)
    assert roles(acme)["Ben"] is VIEWER


@pytest.mark.parametrize("who", ["oneself", "suspended", "closed", "elsewhere"])
def test_whoever_could_not_look_after_it_does_not_get_it(
    who: str, acme: Tenant, globex: Tenant, owner: Membership, join: Join
) -> None:
    heir = join(globex if who == "elsewhere" else acme, MEMBER, name="Ben")
    if who == "oneself":
        heir = acme.memberships.get(pk=owner.pk)
    elif who == "suspended":
        heir.suspend(by=owner)
    elif who == "closed":
        User.objects.filter(pk=heir.user_id).update(is_active=False)
    before = roles(acme) | roles(globex)
    with pytest.raises(Refused, match="cannot become the owner"):
        owner.hand_over(to=heir)
    assert roles(acme) | roles(globex) == before


def test_what_the_former_owner_may_no_longer_grant_is_taken_back(
    acme: Tenant, owner: Membership, join: Join
) -> None:
    Invitation.invite("owner@x.example", OWNER, by=owner)
    Invitation.invite("admin@x.example", ADMIN, by=owner)
    owner.hand_over(to=join(acme, MEMBER, name="Ben"))
    assert [each.email for each in acme.invitations.open()] == ["admin@x.example"]


@pytest.mark.django_db(transaction=True)
def test_a_workspace_is_handed_over_once_even_if_two_windows_do_it_at_once(
    acme: Tenant, join: Join
) -> None:
    owner = acme.memberships.get()
    same, ben, cleo = (
        acme.memberships.get(pk=owner.pk),
        join(acme, MEMBER, name="Ben"),
        join(acme, MEMBER, name="Cleo"),
    )
    outcome = while_another(lambda: owner.hand_over(to=ben), lambda: same.hand_over(to=cleo))
    assert isinstance(outcome, Refused), outcome
    assert roles(acme) == {"Acme Owner": ADMIN, "Ben": OWNER, "Cleo": MEMBER}


@pytest.mark.django_db(transaction=True)
def test_an_heir_who_leaves_at_the_same_moment_does_not_leave_it_without_an_owner(
    acme: Tenant, join: Join
) -> None:
    owner, ben = acme.memberships.get(), join(acme, MEMBER, name="Ben")
    same = acme.memberships.get(pk=ben.pk)
    outcome = while_another(lambda: owner.hand_over(to=ben), same.leave)
    assert isinstance(outcome, Refused), outcome
    assert roles(acme) == {"Acme Owner": ADMIN, "Ben": OWNER}


# The page


def test_an_owner_chooses_reads_what_happens_and_confirms(
    acme: Tenant, join: Join, as_role: Any
) -> None:
    ben, browser = join(acme, VIEWER, name="Ben"), as_role(OWNER)
    assert "Ben (ben@acme.example), viewer" in browser.get(PAGE).content.decode()
    asked = browser.get(PAGE, {"member": ben.pk}).content.decode()
    assert "Transfer ownership to Ben?" in " ".join(asked.split())
    assert roles(acme)["Ben"] is VIEWER
    response = browser.post(PAGE, {"member": ben.pk}, follow=True)
    assert "Ben is an owner now, and you are an admin." in response.content.decode()
    assert roles(acme) == {"Acme Owner": ADMIN, "Ben": OWNER}
    assert browser.get(PAGE).status_code == 403


@pytest.mark.parametrize("who", ["nobody", "oneself", "suspended", "elsewhere"])
def test_a_choice_that_was_not_offered_is_an_error_beside_the_field(
    who: str, acme: Tenant, globex: Tenant, join: Join, as_role: Any
) -> None:
    owner, ben, browser = acme.memberships.get(), join(acme, MEMBER, name="Ben"), as_role(OWNER)
    ben.suspend(by=owner)
    join(acme, MEMBER, name="Cleo")
    keys = {"oneself": owner.pk, "suspended": ben.pk, "elsewhere": globex.memberships.get().pk}
    for ask in (browser.get, browser.post):
        response = ask(PAGE, {"member": keys.get(who, "")})
        assert response.status_code == 200
        assert response.context["form"].errors["member"]
    assert roles(acme) == {"Acme Owner": OWNER, "Ben": MEMBER, "Cleo": MEMBER}


def test_an_owner_who_is_alone_is_told_to_invite_somebody(acme: Tenant, as_role: Any) -> None:
    page = as_role(OWNER).get(PAGE).content.decode()
    assert "Nobody to hand over to yet" in page
    assert reverse("invitation_create", args=["acme"]) in page


@pytest.mark.parametrize("where", ["settings/", "leave/", "members/"])
def test_the_way_there_is_shown_to_an_owner(where: str, acme: Tenant, as_role: Any) -> None:
    assert f'href="{PAGE}"' in as_role(OWNER).get(f"/t/acme/{where}").content.decode()


@pytest.mark.parametrize("where", ["settings/", "leave/", "members/"])
def test_an_admin_is_not_led_to_a_page_that_refuses_them(
    where: str, acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    assert PAGE not in as_role(ADMIN).get(f"/t/acme/{where}").content.decode()
