"""Signing in and out, and where one lands."""

from typing import Any

import pytest

from apps.accounts.models import User
from tests.accounts.conftest import HOME, is_signed_in, sign_in_by_password
from tests.conftest import PASSWORD, Browser


def test_a_person_signs_in_and_lands_at_home(anonymous: Browser, ada: User) -> None:
    response = sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert response.headers["Location"] == HOME
    assert is_signed_in(anonymous)


def test_a_page_that_asked_for_the_sign_in_is_gone_back_to(anonymous: Browser, ada: User) -> None:
    asked = anonymous.get("/workspaces/new/")
    assert asked.headers["Location"] == "/accounts/login/?next=/workspaces/new/"
    response = sign_in_by_password(anonymous, ada.email, PASSWORD, next="/workspaces/new/")
    assert response.headers["Location"] == "/workspaces/new/"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "///evil.example", "javascript:alert(1)", "\\\\x"],
)
def test_nobody_is_sent_to_another_site_after_signing_in(
    anonymous: Browser, ada: User, elsewhere: str
) -> None:
    response = sign_in_by_password(anonymous, ada.email, PASSWORD, next=elsewhere)
    assert response.headers["Location"] == HOME


def test_a_wrong_password_lets_nobody_in(anonymous: Browser, ada: User) -> None:
    assert sign_in_by_password(anonymous, ada.email, "not the password").status_code == 200
    assert not is_signed_in(anonymous)


def test_a_person_who_is_no_longer_active_does_not_get_in(anonymous: Browser, ada: User) -> None:
    User.objects.update(is_active=False)
    response = sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert response.headers["Location"] == "/accounts/inactive/"
    assert not is_signed_in(anonymous)


def test_guessing_a_password_is_stopped_after_five_attempts(anonymous: Browser, ada: User) -> None:
    for _ in range(5):
        sign_in_by_password(anonymous, ada.email, "not the password")
    response = sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert response.status_code == 429
    assert not is_signed_in(anonymous)


def test_signing_out_ends_the_session_and_shows_the_landing_page(
    anonymous: Browser, ada: User
) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert anonymous.post("/accounts/logout/").headers["Location"] == "/"
    assert not is_signed_in(anonymous)


def test_a_link_alone_signs_nobody_out(anonymous: Browser, ada: User) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert anonymous.get("/accounts/logout/").status_code == 200
    assert is_signed_in(anonymous)


def test_signing_in_makes_a_new_session_key(anonymous: Browser, ada: User) -> None:
    anonymous.get("/accounts/login/")
    before: Any = anonymous.session.session_key
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    assert anonymous.session.session_key != before
