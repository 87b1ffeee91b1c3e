"""One's own name and address."""

from collections.abc import Callable

from apps.accounts.models import User
from tests.conftest import Browser

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
