"""Accepting an invitation: by whom, how often, and where it leads; newcomers included."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.tenants.models import Invitation, Refused, Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import current_tenant
from tests.accounts.conftest import code_in
from tests.conftest import PASSWORD, Browser
from tests.tenants.conftest import path_in

GONE = "This invitation cannot be used"
ACCEPT = "Accept the invitation"
NONCE = re.compile(rb' nonce="[^"]+"')

ReadMail = Callable[[], list[EmailMessage]]
SignIn = Callable[[User], Browser]


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.com", name="Ada Okafor")


@pytest.fixture
def ben(make_user: Callable[..., User]) -> User:
    return make_user("ben@example.com", name="Ben")


@pytest.fixture
def invitation(invite: Callable[..., Invitation]) -> Invitation:
    """Acme's invitation of ada@example.com."""
    return invite("ada@example.com", Role.VIEWER)


@pytest.fixture
def link(invitation: Invitation, read_mail: ReadMail) -> str:
    """The path that her mail leads to."""
    [mail] = read_mail()
    return path_in(mail)


# The rules


def test_the_invited_person_becomes_a_member_with_the_offered_role(
    acme: Tenant, ada: User, invitation: Invitation
) -> None:
    membership = invitation.accept(by=ada)
    assert (membership.user, membership.as_role) == (ada, Role.VIEWER)
    assert str(acme.events.latest("pk")) == "Ada Okafor joined as a viewer"
    assert current_tenant() is None


def test_an_invitation_is_accepted_once(ada: User, invitation: Invitation) -> None:
    invitation.accept(by=ada)
    ada.memberships.all().delete()
    with pytest.raises(Refused, match="accepted already"):
        Invitation.objects.get().accept(by=ada)
    assert not ada.memberships.exists()


def test_an_invitation_that_has_run_out_is_not_accepted(ada: User, invitation: Invitation) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused, match="has run out"):
        invitation.accept(by=ada)


@pytest.mark.parametrize("address", ["none", "unverified", "another"])
def test_only_who_has_proved_the_invited_address_accepts(
    address: str, acme: Tenant, ben: User, invitation: Invitation
) -> None:
    if address == "unverified":
        ben.emailaddress_set.create(email="ada@example.com", verified=False)
    if address == "another":
        ben.emailaddress_set.create(email="ada@example.com.evil.example", verified=True)
    with pytest.raises(Refused, match="This invitation is for ada@"):
        invitation.accept(by=ben)
    assert not acme.memberships.filter(user=ben).exists()


def test_an_account_whose_own_address_was_never_proved_does_not_accept(
    invitation: Invitation,
) -> None:
    claimed = User.objects.create_user("ada@example.com")
    claimed.emailaddress_set.create(email="ada@example.com", verified=False, primary=True)
    with pytest.raises(Refused):
        invitation.accept(by=claimed)


def test_whoever_is_a_member_already_keeps_their_role(
    acme: Tenant, ada: User, invitation: Invitation
) -> None:
    acme.memberships.create(user=ada, role=Role.ADMIN)
    assert invitation.accept(by=ada).as_role is Role.ADMIN
    assert acme.memberships.filter(user=ada).count() == 1


# The page of the link


def test_the_link_tells_who_invites_to_what_and_as_which_role(
    anonymous: Browser, link: str
) -> None:
    response = anonymous.get(link)
    page = re.sub(r"<[^>]+>|\s+", " ", response.content.decode())
    for said in ("Acme Owner", "Acme", "a viewer", "ada@example.com"):
        assert said in page
    assert ACCEPT not in page
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_the_link_leads_the_signed_out_to_sign_in_and_back(anonymous: Browser, link: str) -> None:
    page = anonymous.get(link).content.decode()
    assert f'href="/accounts/login/?next={link}"' in page
    assert f'href="/accounts/signup/?next={link}&amp;email=ada%40example.com"' in page


def test_the_signed_out_accept_nothing(acme: Tenant, anonymous: Browser, link: str) -> None:
    response = anonymous.post(link)
    assert response.status_code == 200
    assert acme.memberships.count() == 1


def test_looking_at_the_link_accepts_nothing(
    acme: Tenant, ada: User, sign_in: SignIn, link: str
) -> None:
    assert ACCEPT in sign_in(ada).get(link).content.decode()
    assert acme.memberships.count() == 1


def test_accepting_leads_into_the_workspace_with_a_welcome(
    acme: Tenant, ada: User, sign_in: SignIn, link: str
) -> None:
    response = sign_in(ada).post(link, follow=True)
    assert response.redirect_chain == [("/t/acme/", 302)]
    assert "Welcome to Acme." in response.content.decode()
    assert acme.memberships.get(user=ada).as_role is Role.VIEWER


def test_somebody_else_is_told_whose_invitation_it_is_and_accepts_nothing(
    acme: Tenant, ben: User, sign_in: SignIn, link: str
) -> None:
    browser = sign_in(ben)
    for page in (browser.get(link).content.decode(), browser.post(link).content.decode()):
        assert "This invitation is for another address than yours." in page
        assert "ben@example.com" in page
        assert ACCEPT not in page
        assert f'name="next" value="{link}"' in page
    assert not acme.memberships.filter(user=ben).exists()


def test_somebody_else_signs_out_and_is_back_at_the_link(
    ben: User, sign_in: SignIn, link: str
) -> None:
    response = sign_in(ben).post("/accounts/logout/", {"next": link})
    assert response.headers["Location"] == link


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_link_that_was_used_ran_out_was_taken_back_or_never_was_shows_one_and_the_same_page(
    signed_in: bool, ada: User, sign_in: SignIn, link: str, invitation: Invitation
) -> None:
    browser = sign_in(ada) if signed_in else Browser()

    def gone(path: str) -> tuple[int, bytes]:
        response = browser.get(path)
        assert browser.post(path).status_code == 404
        return response.status_code, NONCE.sub(b"", response.content)

    never = gone("/invitations/never-was/")
    assert never[0] == 404
    assert GONE in never[1].decode()
    Invitation.objects.update(expires_at=timezone.now())
    assert gone(link) == never
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    invitation.refresh_from_db()
    invitation.accept(by=ada)
    assert gone(link) == never
    Invitation.objects.update(accepted_at=None)
    invitation.tenant.memberships.get(user=ada).delete()
    Invitation.objects.get().revoke(by=invitation.tenant.memberships.get())
    assert gone(link) == never


# The list of one's workspaces


def test_an_invitation_waits_in_the_list_of_workspaces_and_is_accepted_there(
    acme: Tenant, ada: User, sign_in: SignIn, invitation: Invitation
) -> None:
    browser = sign_in(ada)
    page = browser.get("/workspaces/").content.decode()
    assert "Acme Owner invites you as a viewer" in page
    path = f"/workspaces/invitations/{invitation.pk}/acceptance/"
    assert path in page
    assert browser.post(path).headers["Location"] == "/t/acme/"
    assert acme.memberships.get(user=ada).as_role is Role.VIEWER
    assert browser.post(path).status_code == 404


def test_nobody_accepts_from_the_list_what_was_not_sent_to_them(
    acme: Tenant, ben: User, sign_in: SignIn, anonymous: Browser, invitation: Invitation
) -> None:
    path = f"/workspaces/invitations/{invitation.pk}/acceptance/"
    assert "Acme" not in sign_in(ben).get("/workspaces/").content.decode()
    assert sign_in(ben).post(path).status_code == 404
    assert anonymous.post(path).headers["Location"].startswith("/accounts/login/")
    assert acme.memberships.count() == 1


@pytest.mark.parametrize("state", ["expired", "accepted"])
def test_an_invitation_that_cannot_be_accepted_is_not_in_the_list(
    state: str, ada: User, sign_in: SignIn, invitation: Invitation
) -> None:
    now = timezone.now()
    Invitation.objects.update(**{"expires_at" if state == "expired" else "accepted_at": now})
    assert "No workspace yet" in sign_in(ada).get("/workspaces/").content.decode()
    path = f"/workspaces/invitations/{invitation.pk}/acceptance/"
    assert sign_in(ada).post(path).status_code == 404


# Newcomers


def test_a_newcomer_goes_from_the_mail_to_an_account_and_into_the_workspace_that_invited_them(
    acme: Tenant, anonymous: Browser, link: str, read_mail: ReadMail, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    form = anonymous.get("/accounts/signup/", {"next": link, "email": "ada@example.com"})
    assert 'value="ada@example.com"' in form.content.decode()
    person = {"name": "Ada Okafor", "email": "ada@example.com", "password1": PASSWORD}
    anonymous.post("/accounts/signup/", {**person, "next": link})
    [mail] = read_mail()
    response = anonymous.post("/accounts/confirm-email/", {"code": code_in(mail)})
    assert response.headers["Location"] == link
    assert anonymous.post(link).headers["Location"] == "/t/acme/"
    ada = User.objects.get(email="ada@example.com")
    assert [membership.tenant for membership in ada.memberships.all()] == [acme]
