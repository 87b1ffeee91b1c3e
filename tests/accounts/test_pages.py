"""Which pages of django-allauth are open, and to whom."""

import pytest
from allauth.account import urls as theirs
from django.urls import NoReverseMatch, reverse

from apps.accounts import urls as ours
from apps.accounts.models import User
from apps.core.access import Plane
from tests.accounts.conftest import sign_in_by_password
from tests.conftest import PASSWORD, Browser

LEFT_OUT = {"account_confirm_login_code"}


def names(module: object) -> set[str]:
    return {pattern.name for pattern in module.urlpatterns}  # type: ignore[attr-defined]  # a URLconf


def test_every_page_of_allauth_is_mounted_or_left_out_on_purpose() -> None:
    assert names(theirs) - names(ours) == LEFT_OUT
    assert not names(ours) - names(theirs)


def test_ours_have_the_addresses_that_the_library_gives_them() -> None:
    addresses = {pattern.name: str(pattern.pattern) for pattern in theirs.urlpatterns}
    for pattern in ours.urlpatterns:
        assert str(pattern.pattern) == addresses[pattern.name]


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
