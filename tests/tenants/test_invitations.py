"""Invitations as the workspace sees them: sending, sending again, taking back."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.mail.models import Mail
from apps.tenants.forms import AddressesField, addresses_in
from apps.tenants.models import Invitation, Membership, Refused, Tenant
from apps.tenants.models.invitation import digest
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.tenants.conftest import path_in, while_another

OWNER, ADMIN, MEMBER, VIEWER = Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER
NEW = "/t/acme/invitations/new/"
JUST_NOW = "was invited just now. Wait a minute"

Join = Callable[..., Membership]
Invite = Callable[..., Invitation]
ReadMail = Callable[[], list[EmailMessage]]


def url(name: str, invitation: Invitation) -> str:
    return reverse(name, args=["acme", invitation.pk])


# The rules


def test_an_invitation_is_mailed_to_the_address_with_a_link_and_a_term(
    owner: Membership, read_mail: ReadMail
) -> None:
    invitation = Invitation.invite(" Ada@Example.com ", ADMIN, by=owner)
    [mail] = read_mail()
    assert mail["To"] == "ada@example.com"
    assert mail["Subject"] == "Acme Owner invites you to Acme"
    token = path_in(mail).removeprefix("/invitations/").rstrip("/")
    assert Invitation.objects.by_token(token) == invitation
    assert invitation.expires_at - invitation.sent_at == timedelta(days=7)


def test_the_token_has_256_bits_and_is_kept_as_a_digest_only(
    owner: Membership, read_mail: ReadMail
) -> None:
    invitation = Invitation.invite("ada@example.com", MEMBER, by=owner)
    [mail] = read_mail()
    token = path_in(mail).removeprefix("/invitations/").rstrip("/")
    assert len(token) == 43  # 32 bytes in base64url
    row = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert token not in str(row)
    assert row["digest"] == digest(token)
    assert not Mail.objects.filter(text__contains=token).exists()


def test_an_invitation_is_written_down(acme: Tenant, invite: Invite) -> None:
    invite("ada@example.com", ADMIN)
    assert acme.events.latest("pk").sentence == "invited ada@example.com as an admin"


@pytest.mark.parametrize(
    ("by", "role"), [(ADMIN, OWNER), (MEMBER, VIEWER), (MEMBER, MEMBER), (VIEWER, VIEWER)]
)
def test_nobody_invites_above_their_role(
    by: Role, role: Role, acme: Tenant, join: Join, read_mail: ReadMail
) -> None:
    with pytest.raises(Refused, match=f"does not let you invite {role.noun}"):
        Invitation.invite("ada@example.com", role, by=join(acme, by))
    assert not acme.invitations.exists()
    assert read_mail() == []


@pytest.mark.parametrize("suspended", [False, True])
def test_a_member_is_not_invited_again(
    suspended: bool, acme: Tenant, owner: Membership, join: Join
) -> None:
    ben = join(acme, VIEWER, name="Ben")
    if suspended:
        acme.memberships.filter(pk=ben.pk).update(suspended_at=timezone.now())
    with pytest.raises(Refused, match="is already a member"):
        Invitation.invite("BEN@acme.example", VIEWER, by=owner)


def test_a_member_of_another_workspace_is_invited_like_anybody(
    acme: Tenant, globex: Tenant, owner: Membership
) -> None:
    Invitation.invite("owner@globex.example", VIEWER, by=owner)
    assert acme.invitations.get().email == "owner@globex.example"


def test_inviting_the_same_address_again_renews_the_invitation(
    acme: Tenant, owner: Membership, invite: Invite, read_mail: ReadMail
) -> None:
    first = invite("ada@example.com", VIEWER)
    [old] = read_mail()
    again = Invitation.invite("ada@example.com", ADMIN, by=owner)
    [new] = read_mail()
    assert acme.invitations.get() == first == again
    assert again.as_role is ADMIN
    assert Invitation.objects.by_token(path_in(old).split("/")[2]) is None
    assert Invitation.objects.by_token(path_in(new).split("/")[2]) == first


def test_an_expired_invitation_is_renewed_by_sending_it_again(
    owner: Membership, invite: Invite, read_mail: ReadMail
) -> None:
    invitation = invite("ada@example.com")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    [mail] = read_mail()
    token = path_in(mail).split("/")[2]
    assert Invitation.objects.by_token(token) is None
    invitation.resend(by=owner)
    [mail] = read_mail()
    assert Invitation.objects.by_token(path_in(mail).split("/")[2]) == invitation


def test_an_invitation_is_sent_at_most_once_a_minute(
    acme: Tenant, owner: Membership, read_mail: ReadMail
) -> None:
    invitation = Invitation.invite("ada@example.com", VIEWER, by=owner)
    with pytest.raises(Refused, match=JUST_NOW):
        invitation.resend(by=owner)
    with pytest.raises(Refused, match=JUST_NOW):
        Invitation.invite("ada@example.com", ADMIN, by=owner)
    assert len(read_mail()) == 1
    assert acme.invitations.get().as_role is VIEWER


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_one_mail(acme: Tenant, owner: Membership, invite: Invite) -> None:
    first = invite("ada@example.com")
    second = acme.invitations.get()
    before = Mail.objects.count()
    outcome = while_another(lambda: first.resend(by=owner), lambda: second.resend(by=owner))
    assert isinstance(outcome, Refused), outcome
    assert Mail.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_invite_the_same_address_at_once_send_one_mail(
    acme: Tenant, owner: Membership
) -> None:
    outcome = while_another(
        lambda: Invitation.invite("ada@example.com", VIEWER, by=owner),
        lambda: Invitation.invite("ada@example.com", VIEWER, by=acme.memberships.get()),
    )
    assert isinstance(outcome, Refused), outcome
    assert Mail.objects.count() == 1


def test_an_admin_neither_renews_nor_takes_back_what_only_an_owner_may_offer(
    acme: Tenant, invite: Invite, join: Join
) -> None:
    invitation, admin = invite("ada@example.com", OWNER), join(acme, ADMIN)
    for attempt in (
        lambda: Invitation.invite("ada@example.com", VIEWER, by=admin),
        lambda: invitation.resend(by=admin),
        lambda: invitation.revoke(by=admin),
    ):
        with pytest.raises(Refused, match="does not let you change the invitation"):
            attempt()
    assert acme.invitations.get().as_role is OWNER


def test_an_invitation_that_was_taken_back_opens_nothing(
    acme: Tenant, owner: Membership, invite: Invite, read_mail: ReadMail
) -> None:
    invite("ada@example.com").revoke(by=owner)
    [mail] = read_mail()
    assert Invitation.objects.by_token(path_in(mail).split("/")[2]) is None
    assert acme.events.latest("pk").sentence == "took back the invitation of ada@example.com"


def test_there_is_an_end_to_open_invitations(
    owner: Membership, monkeypatch: pytest.MonkeyPatch, invite: Invite
) -> None:
    monkeypatch.setattr(Invitation, "MOST_OPEN", 2)
    invite("one@x.example")
    invite("two@x.example")
    with pytest.raises(Refused, match="2 invitations are open"):
        invite("three@x.example")
    assert Invitation.invite("two@x.example", VIEWER, by=owner).as_role is VIEWER


def test_the_database_holds_one_open_invitation_for_an_address(invite: Invite) -> None:
    row = Invitation.objects.filter(pk=invite("ada@example.com").pk).values().get()
    row |= {"id": None, "email": "ADA@example.com", "digest": "another"}
    with pytest.raises(IntegrityError, match="one_open"), transaction.atomic():
        Invitation.objects.create(**row)


# Addresses as people paste them


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("ada@x.example", ["ada@x.example"]),
        (
            "ada@x.example, ben@x.example;cy@x.example",
            ["ada@x.example", "ben@x.example", "cy@x.example"],
        ),
        ("ada@x.example\r\nben@x.example\n\n", ["ada@x.example", "ben@x.example"]),
        ("Ada Okafor <ada@x.example>, <ben@x.example>", ["ada@x.example", "ben@x.example"]),
        ("ada@x.example ben@x.example", ["ada@x.example", "ben@x.example"]),
    ],
)
def test_addresses_are_found_as_people_paste_them(text: str, addresses: list[str]) -> None:
    assert list(addresses_in(text)) == addresses
    assert AddressesField().clean(text) == addresses


def test_an_address_that_is_named_twice_is_invited_once() -> None:
    assert AddressesField().clean("ada@x.example, ADA@x.example") == ["ada@x.example"]


# The pages


def test_several_people_are_invited_at_once(
    acme: Tenant, as_role: Any, read_mail: ReadMail
) -> None:
    emails = "ada@x.example, ben@x.example"
    response = as_role(ADMIN).post(NEW, {"emails": emails, "role": "viewer"}, follow=True)
    page = response.content.decode()
    assert "The invitation of ada@x.example, ben@x.example is on its way." in page
    assert [mail["To"] for mail in read_mail()] == ["ada@x.example", "ben@x.example"]
    assert {each.as_role for each in acme.invitations.all()} == {VIEWER}


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"emails": "", "role": "viewer"}, "emails", "required"),
        ({"emails": "ada", "role": "viewer"}, "emails", "ada is not an e-mail address."),
        ({"emails": "a@" + "x" * 250 + ".example", "role": "viewer"}, "emails", "is not an"),
        ({"emails": "owner@acme.example", "role": "viewer"}, "emails", "already a member"),
        ({"emails": "ada@x.example", "role": "owner"}, "role", "Select a valid choice"),
        ({"emails": "ada@x.example"}, "role", "required"),
        (
            {"emails": ",".join(f"a{n}@x.example" for n in range(21)), "role": "viewer"},
            "emails",
            "at most 20 people",
        ),
    ],
)
def test_what_cannot_be_sent_is_an_error_beside_the_field_and_the_input_stays(
    data: dict[str, str], field: str, said: str, acme: Tenant, as_role: Any
) -> None:
    response = as_role(ADMIN).post(NEW, data)
    assert response.status_code == 200
    assert said in response.context["form"].errors[field][0]
    assert data["emails"] in response.content.decode()
    assert not acme.invitations.exists()


def test_one_address_that_is_refused_holds_all_of_them_back(
    acme: Tenant, as_role: Any, read_mail: ReadMail
) -> None:
    emails = "ada@x.example\nowner@acme.example"
    response = as_role(ADMIN).post(NEW, {"emails": emails, "role": "viewer"})
    assert response.context["form"].errors["emails"] == ["owner@acme.example is already a member."]
    assert not acme.invitations.exists()
    assert read_mail() == []


def test_who_is_invited_is_listed_for_those_who_manage_members(
    invite: Invite, as_role: Any
) -> None:
    invitation = invite("ada@x.example", MEMBER)
    page = as_role(ADMIN).get("/t/acme/members/").content.decode()
    assert "ada@x.example" in page
    assert url("invitation_resend", invitation) in page
    assert url("invitation_delete", invitation) in page
    assert ">Expired<" not in page
    Invitation.objects.update(expires_at=timezone.now())
    assert ">Expired<" in as_role(OWNER).get("/t/acme/members/").content.decode()


def test_an_admin_is_not_offered_to_change_the_invitation_of_an_owner(
    invite: Invite, as_role: Any
) -> None:
    invitation = invite("ada@x.example", OWNER)
    browser: Browser = as_role(ADMIN)
    page = browser.get("/t/acme/members/").content.decode()
    assert "ada@x.example" in page
    assert url("invitation_delete", invitation) not in page
    assert browser.post(url("invitation_resend", invitation)).status_code == 403
    assert browser.post(url("invitation_delete", invitation)).status_code == 403


def test_an_invitation_is_sent_again_from_the_list_but_not_twice_in_a_minute(
    invite: Invite, as_role: Any, read_mail: ReadMail
) -> None:
    invitation = invite("ada@x.example")
    browser: Browser = as_role(ADMIN)
    assert len(read_mail()) == 1
    once = browser.post(url("invitation_resend", invitation), follow=True).content.decode()
    assert "ada@x.example was invited once more." in once
    twice = browser.post(url("invitation_resend", invitation), follow=True).content.decode()
    assert JUST_NOW in twice
    assert len(read_mail()) == 1


def test_taking_back_asks_first_and_names_the_address(
    acme: Tenant, invite: Invite, as_role: Any
) -> None:
    invitation = invite("ada@x.example")
    browser: Browser = as_role(ADMIN)
    assert "ada@x.example" in browser.get(url("invitation_delete", invitation)).content.decode()
    assert acme.invitations.exists()
    response = browser.post(url("invitation_delete", invitation), follow=True)
    assert "The invitation of ada@x.example is taken back." in response.content.decode()
    assert not acme.invitations.exists()


@pytest.mark.parametrize("page", ["invitation_resend", "invitation_delete"])
def test_an_invitation_of_another_workspace_or_an_accepted_one_is_not_found(
    page: str, globex: Tenant, invite: Invite, as_role: Any
) -> None:
    theirs = Invitation.invite("ada@x.example", VIEWER, by=globex.memberships.get())
    accepted = invite("ada@x.example")
    Invitation.objects.filter(pk=accepted.pk).update(accepted_at=timezone.now())
    browser: Browser = as_role(OWNER)
    assert browser.post(url(page, theirs)).status_code == 404
    assert browser.post(url(page, accepted)).status_code == 404
    assert globex.invitations.exists()
