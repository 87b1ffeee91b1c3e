"""The accounts elsewhere that open one's own: connecting, disconnecting, and being asked again."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount

from apps.accounts.models import User
from tests.accounts.conftest import sign_in_by_password, text_of
from tests.accounts.social import BUTTON, CONNECTIONS, sign_in_at
from tests.conftest import PASSWORD, Browser
from tests.world.oauth import Provider

ReadMail = Callable[[], EmailMessage]


def confirm_password(browser: Browser, then: str) -> Any:
    return browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": then})


def test_an_account_is_connected_after_the_password_and_its_owner_is_told(
    provider: Provider, ada: User, anonymous: Browser, read_mail: ReadMail
) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert "No account is connected" in anonymous.get(CONNECTIONS).content.decode()
    response = sign_in_at(anonymous, provider, "github", process="connect")
    assert response.headers["Location"] == "/accounts/reauthenticate/"
    assert not SocialAccount.objects.exists()
    confirm_password(anonymous, CONNECTIONS)
    assert SocialAccount.objects.get().user == ada
    assert "GitHub" in text_of(read_mail())
    page = anonymous.get(CONNECTIONS).content.decode()
    assert 'aria-label="Disconnect GitHub ada"' in page
    assert ada.emailaddress_set.get().email == ada.email


def test_an_account_that_is_somebody_elses_is_not_connected(
    provider: Provider, ada: User, anonymous: Browser, db: None
) -> None:
    sign_in_at(Browser(), provider, "github")
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    sign_in_at(anonymous, provider, "github", process="connect")
    page = anonymous.get(confirm_password(anonymous, CONNECTIONS).headers["Location"])
    assert "with somebody else" in page.content.decode()
    assert not SocialAccount.objects.filter(user=ada).exists()


@pytest.fixture
def connected(ada: User) -> SocialAccount:
    """Ada's account at GitHub."""
    row: SocialAccount = ada.socialaccount_set.create(
        provider="github", uid="1001", extra_data={"login": "ada"}
    )
    return row


def disconnect(browser: Browser, account: SocialAccount) -> Any:
    return browser.post(CONNECTIONS, {"account": account.pk}, follow=True)


def test_an_account_is_disconnected_after_the_password_and_its_owner_is_told(
    provider: Provider, ada: User, connected: SocialAccount, anonymous: Browser, read_mail: ReadMail
) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    disconnect(anonymous, connected)
    assert SocialAccount.objects.exists()
    confirm_password(anonymous, CONNECTIONS)
    assert not SocialAccount.objects.exists()
    assert "GitHub no longer opens" in text_of(read_mail())


def test_an_account_is_disconnected_though_its_providers_keys_are_gone(
    ada: User, connected: SocialAccount, anonymous: Browser, settings: Any
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert "Disconnect GitHub ada" in anonymous.get(CONNECTIONS).content.decode()
    disconnect(anonymous, connected)
    confirm_password(anonymous, CONNECTIONS)
    assert not SocialAccount.objects.exists()


def test_somebody_elses_account_cannot_be_disconnected(
    provider: Provider,
    connected: SocialAccount,
    make_user: Callable[..., User],
    anonymous: Browser,
) -> None:
    ben = make_user("ben@example.com", password=PASSWORD)
    sign_in_by_password(anonymous, ben.email, PASSWORD)
    confirm_password(anonymous, CONNECTIONS)
    assert "There is a problem" in disconnect(anonymous, connected).content.decode()
    assert SocialAccount.objects.exists()


def test_the_last_way_in_is_not_disconnected(
    provider: Provider, anonymous: Browser, db: None
) -> None:
    sign_in_at(anonymous, provider)
    page = disconnect(anonymous, SocialAccount.objects.get()).content.decode()
    assert "Choose a password first" in page
    assert SocialAccount.objects.exists()


def test_who_has_nothing_but_a_provider_signs_in_there_again_before_a_sensitive_step(
    provider: Provider, anonymous: Browser, db: None, settings: Any
) -> None:
    sign_in_at(anonymous, provider)
    assert anonymous.get("/accounts/password/set/").status_code == 200
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    asked = anonymous.get("/accounts/password/set/").headers["Location"]
    assert asked == "/accounts/3rdparty/reauthenticate/?next=%2Faccounts%2Fpassword%2Fset%2F"
    page = anonymous.get(asked).content.decode()
    assert BUTTON.findall(page) == ["google"]
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    response = sign_in_at(anonymous, provider, next="/accounts/password/set/")
    assert response.headers["Location"] == "/accounts/password/set/"
    assert anonymous.get("/accounts/password/set/").status_code == 200
