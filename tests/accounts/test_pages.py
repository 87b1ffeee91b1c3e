"""Which pages of django-allauth are open, and to whom."""

from types import ModuleType

import pytest
from allauth.account import urls as account
from allauth.mfa import urls as mfa
from allauth.usersessions import urls as usersessions
from django.urls import NoReverseMatch, URLPattern, reverse

from apps.accounts import urls as ours
from apps.accounts.models import User
from apps.core.access import Plane
from tests.accounts.conftest import sign_in_by_password
from tests.conftest import PASSWORD, Browser

# The library's URLconfs, by where it mounts them itself.
THEIRS = {"": account, "2fa/": mfa, "sessions/": usersessions}
LEFT_OUT = {
    "account_confirm_login_code": "we send no sign-in codes",
    "mfa_download_recovery_codes": "the page that shows them once has the file in itself",
}


def pages(module: ModuleType) -> dict[str, str]:
    """The addresses of a URLconf's pages by their names."""
    found: dict[str, str] = {}
    pending = [("", entry) for entry in module.urlpatterns]
    while pending:
        prefix, entry = pending.pop()
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found[entry.name or ""] = address
        else:
            pending += [(address, each) for each in entry.url_patterns]
    return found


@pytest.mark.parametrize("mounted", THEIRS)
def test_every_page_of_allauth_is_mounted_at_its_address_or_left_out_on_purpose(
    mounted: str,
) -> None:
    own = pages(ours)
    theirs = {name: mounted + address for name, address in pages(THEIRS[mounted]).items()}
    assert {name: own[name] for name in theirs if name in own} == {
        name: address for name, address in theirs.items() if name not in LEFT_OUT
    }


@pytest.mark.parametrize(
    "name",
    [
        "account_confirm_email",
        "account_confirm_login_code",
        "account_request_login_code",
        "account_verify_phone",
        "account_change_phone",
    ],
)
def test_a_way_in_that_we_do_not_offer_has_no_page(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_every_page_declares_who_may_call_it() -> None:
    for pattern in ours.urlpatterns:
        assert pattern.callback.access.plane in {Plane.PUBLIC, Plane.ACCOUNT}  # type: ignore[attr-defined]  # set by @access


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/sessions/",
        "/accounts/sessions/others/delete/",
    ],
)
def test_a_page_of_ones_own_asks_a_stranger_to_sign_in(
    anonymous: Browser, db: None, path: str
) -> None:
    response = anonymous.get(path)
    assert response.headers["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/inactive/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
    ],
)
def test_a_public_page_is_shown_to_a_stranger(anonymous: Browser, db: None, path: str) -> None:
    response = anonymous.get(path)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/account/", "/accounts/email/", "/accounts/password/change/", "/accounts/logout/"]
)
def test_a_page_of_ones_own_is_shown_to_its_owner(anonymous: Browser, ada: User, path: str) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert anonymous.get(path).status_code == 200


def test_a_page_takes_no_method_that_it_has_no_use_for(anonymous: Browser, db: None) -> None:
    assert anonymous.put("/accounts/login/").status_code == 405
    assert anonymous.post("/accounts/inactive/").status_code == 405
