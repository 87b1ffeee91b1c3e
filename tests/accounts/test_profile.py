"""One's own name and address."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from apps.accounts.models import User
from tests.accounts.conftest import code_in, sign_in_by_password, text_of
from tests.conftest import PASSWORD, Browser, Mailbox

CONFIRM = "/accounts/confirm-email/"


def test_a_person_changes_their_name(ada: User, sign_in: Callable[[User], Browser]) -> None:
    response = sign_in(ada).post("/account/", {"name": "Ada King"}, follow=True)
    assert "Your profile is saved." in response.content.decode()
    assert User.objects.get().name == "Ada King"


def test_a_name_cannot_be_emptied(ada: User, sign_in: Callable[[User], Browser]) -> None:
    response = sign_in(ada).post("/account/", {"name": ""})
    assert response.context["form"].errors["name"]
    assert User.objects.get().name == "Ada Lovelace"


def test_the_profile_leads_to_the_address_and_the_password(
    ada: User, sign_in: Callable[[User], Browser]
) -> None:
    page = sign_in(ada).get("/account/").content.decode()
    assert ada.email in page
    assert 'href="/accounts/email/"' in page
    assert 'href="/accounts/password/change/"' in page


def change_address(browser: Browser, address: str) -> Any:
    """Ask for it, type the password that this needs, and get what the first page answers."""
    asked = browser.post("/accounts/email/", {"email": address, "action_add": ""})
    assert asked.headers["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Femail%2F"
    fields = {"password": PASSWORD, "next": "/accounts/email/"}
    return browser.post("/accounts/reauthenticate/", fields)


def test_a_new_address_is_not_asked_for_without_the_password(
    anonymous: Browser, ada: User, mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    anonymous.post("/accounts/email/", {"email": "ada@new.example", "action_add": ""})
    fields = {"password": "not the password", "next": "/accounts/email/"}
    assert anonymous.post("/accounts/reauthenticate/", fields).status_code == 200
    assert do_jobs() == 0


def test_a_new_address_counts_once_its_code_is_typed_and_the_old_one_is_told(
    anonymous: Browser,
    ada: User,
    mailbox: Mailbox,
    read_mail: Callable[[], EmailMessage],
) -> None:
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    asked = change_address(anonymous, "ada@new.example")
    assert asked.headers["Location"] == CONFIRM
    code_mail = read_mail()
    assert code_mail["To"] == "ada@new.example"
    assert User.objects.get().email == "ada@example.com"
    anonymous.post(CONFIRM, {"code": code_in(code_mail)})
    assert User.objects.get().email == "ada@new.example"
    notice = read_mail()
    assert notice["To"] == "ada@example.com"
    assert "from ada@example.com to ada@new.example" in text_of(notice)


@pytest.mark.parametrize("verified", [True, False], ids=["verified", "not yet verified"])
def test_an_address_that_has_an_account_cannot_be_taken_even_with_its_code(
    anonymous: Browser,
    ada: User,
    make_user: Callable[..., User],
    read_mail: Callable[[], EmailMessage],
    verified: bool,
) -> None:
    make_user("ben@example.com").emailaddress_set.update(verified=verified)
    sign_in_by_password(anonymous, ada.email, PASSWORD)
    change_address(anonymous, "ben@example.com")
    page = anonymous.post(CONFIRM, {"code": code_in(read_mail())})
    assert "another account with this e-mail address" in page.content.decode()
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
