"""Whose account somebody from a provider gets, where their address has one already."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from apps.accounts.models import User
from apps.mail.models import Mail
from tests.accounts.conftest import (
    as_seen,
    code_in,
    is_signed_in,
    link_in,
    sign_in_by_password,
    text_of,
)
from tests.accounts.factors import STEP, next_code, set_up_app
from tests.accounts.social import SIGN_UP, sign_in_at
from tests.conftest import PASSWORD, Browser
from tests.world.oauth import Provider, Somebody

ReadMail = Callable[[], EmailMessage]
OwnersMail = Callable[[str, Somebody, bool], str]
CONFIRM = "/accounts/confirm-email/"


@pytest.fixture
def grace(make_user: Callable[..., User]) -> User:
    """Somebody with a password, whose mailbox Google runs."""
    return make_user("grace@gmail.com", name="Grace Hopper", password=PASSWORD)


GMAIL = Somebody(email="grace@gmail.com")
OWN_DOMAIN = Somebody(email="grace@workspace.example", hd="workspace.example")
ELSEWHERE = Somebody(email="grace@elsewhere.example")


@pytest.mark.parametrize("somebody", [GMAIL, OWN_DOMAIN], ids=lambda each: each.email)
def test_an_account_is_joined_if_google_runs_the_mailbox_and_its_owner_is_told(
    somebody: Somebody,
    provider: Provider,
    make_user: Callable[..., User],
    anonymous: Browser,
    read_mail: ReadMail,
) -> None:
    user = make_user(somebody.email, password=PASSWORD)
    provider.somebody = somebody
    sign_in_at(anonymous, provider)
    assert is_signed_in(anonymous)
    assert SocialAccount.objects.get().user == user
    notice = read_mail()
    assert (notice["To"], "Google" in text_of(notice)) == (somebody.email, True)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_joining_asks_for_the_second_step_and_connects_nothing_before(
    provider: Provider, grace: User, anonymous: Browser
) -> None:
    owner = Browser()
    sign_in_by_password(owner, grace.email, PASSWORD)
    secret = set_up_app(owner)
    provider.somebody = GMAIL
    assert sign_in_at(anonymous, provider).headers["Location"] == STEP
    assert not is_signed_in(anonymous)
    assert not SocialAccount.objects.exists()
    anonymous.post(STEP, {"code": next_code(secret)})
    assert is_signed_in(anonymous)
    assert SocialAccount.objects.get().user == grace


def test_who_is_connected_is_asked_for_the_second_step_too(
    provider: Provider, grace: User, anonymous: Browser
) -> None:
    owner = Browser()
    sign_in_by_password(owner, grace.email, PASSWORD)
    set_up_app(owner)
    grace.socialaccount_set.create(provider="github", uid=GMAIL.id)
    assert sign_in_at(anonymous, provider, "github").headers["Location"] == STEP
    assert not is_signed_in(anonymous)


@pytest.mark.parametrize("proved_here", [True, False])
@pytest.mark.parametrize(
    ("name", "somebody"), [("google", ELSEWHERE), ("github", ELSEWHERE), ("github", GMAIL)]
)
def test_any_other_account_is_not_joined(
    name: str, somebody: Somebody, proved_here: bool, provider: Provider, mail_to_owner: OwnersMail
) -> None:
    assert "already have an account" in mail_to_owner(name, somebody, proved_here)


def test_an_account_whose_address_nobody_has_proved_is_not_joined_by_google_either(
    provider: Provider, mail_to_owner: OwnersMail
) -> None:
    """Somebody else may have made it, to wait there for the owner of the address."""
    assert "already have an account" in mail_to_owner("google", GMAIL, False)


@pytest.fixture
def mail_to_owner(
    provider: Provider, make_user: Callable[..., User], anonymous: Browser, read_mail: ReadMail
) -> OwnersMail:
    """Come with an address that has an account, in vain; return the subject of its owner's mail."""

    def come(name: str, somebody: Somebody, proved_here: bool) -> str:
        make_user(somebody.email, password=PASSWORD)
        EmailAddress.objects.update(verified=proved_here)
        provider.somebody = somebody
        assert sign_in_at(anonymous, provider, name).headers["Location"] == CONFIRM
        assert not is_signed_in(anonymous)
        assert not SocialAccount.objects.exists()
        assert EmailAddress.objects.get().verified == proved_here
        return str(read_mail()["Subject"])

    return come


def test_google_has_to_say_that_the_address_is_proved(
    provider: Provider, grace: User, anonymous: Browser
) -> None:
    provider.somebody = Somebody(email=grace.email, verified=False)
    assert sign_in_at(anonymous, provider).headers["Location"] == SIGN_UP
    assert not is_signed_in(anonymous)


def test_microsofts_word_on_an_address_opens_no_account_even_as_a_form(
    provider: Provider, grace: User, anonymous: Browser, read_mail: ReadMail
) -> None:
    provider.somebody = Somebody(email=grace.email)
    assert sign_in_at(anonymous, provider, "microsoft").headers["Location"] == SIGN_UP
    anonymous.post(SIGN_UP, {"name": "Mallory", "email": grace.email})
    assert "already have an account" in read_mail()["Subject"]
    assert not is_signed_in(anonymous)
    assert not SocialAccount.objects.exists()


def test_the_form_answers_alike_for_an_address_that_is_known(
    provider: Provider, grace: User, quick_passwords: Any
) -> None:
    seen = []
    for number, address in enumerate((grace.email, "nobody@gmail.com")):
        provider.somebody = Somebody(id=str(number), email="mallory@example.com")
        browser = Browser()
        sign_in_at(browser, provider, "microsoft")
        before = (quick_passwords.count, Mail.objects.count())
        posted = browser.post(SIGN_UP, {"name": "Mallory", "email": address})
        work = (quick_passwords.count - before[0], Mail.objects.count() - before[1])
        page = as_seen(browser.get(CONFIRM), address)
        seen.append((as_seen(posted), page, work))
    assert seen[0] == seen[1]
    assert seen[0][2] == (1, 1)


def test_a_key_that_was_there_before_the_address_was_proved_goes_with_a_new_password(
    provider: Provider, anonymous: Browser, read_mail: ReadMail, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": None}
    mallory, victim = Browser(), anonymous
    provider.somebody = Somebody(id="666", email="grace@gmail.com")
    sign_in_at(mallory, provider, "microsoft")
    mallory.post(SIGN_UP, {"name": "Grace Hopper", "email": "grace@gmail.com"})
    read_mail()
    victim.post("/accounts/password/reset/", {"email": "grace@gmail.com"})
    form = victim.get(urlsplit(link_in(read_mail())).path).headers["Location"]
    victim.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    read_mail()
    sign_in_by_password(victim, "grace@gmail.com", PASSWORD)
    victim.post(CONFIRM, {"code": code_in(read_mail())})
    assert is_signed_in(victim)
    sign_in_at(mallory, provider, "microsoft")
    assert not is_signed_in(mallory)
    assert not SocialAccount.objects.exists()


def test_a_new_password_leaves_the_keys_of_a_proved_account_alone(
    provider: Provider, anonymous: Browser, read_mail: ReadMail
) -> None:
    sign_in_at(anonymous, provider)
    victim = Browser()
    victim.post("/accounts/password/reset/", {"email": "ada@gmail.com"})
    form = victim.get(urlsplit(link_in(read_mail())).path).headers["Location"]
    victim.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert SocialAccount.objects.exists()
