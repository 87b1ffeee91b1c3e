"""The pages of workspaces: where sign-in leads, the list, creating, settings, switching."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from apps.accounts.models import User
from apps.tenants.models import Invitation, Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

HOME, LIST, NEW = "/home/", "/workspaces/", "/workspaces/new/"


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.com", name="Ada Okafor")


def test_the_suite_runs_as_a_role_that_owns_no_table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, count(*) FROM pg_tables WHERE tableowner = current_user"
        )
        assert cursor.fetchone() == ("slipway_app", 0)


def test_sign_in_leads_into_the_one_workspace_that_one_has(
    acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    response = sign_in(acme.memberships.get().user).get(HOME)
    assert response.headers["Location"] == "/t/acme/"


def test_sign_in_leads_to_the_list_for_somebody_with_two(
    acme: Tenant, globex: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    user = acme.memberships.get().user
    globex.memberships.create(user=user, role=Role.VIEWER)
    assert sign_in(user).get(HOME).headers["Location"] == LIST


def test_sign_in_leads_to_the_list_for_somebody_who_is_invited_to_another(
    acme: Tenant, globex: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    user = acme.memberships.get().user
    Invitation.invite(user.email, Role.VIEWER, by=globex.memberships.get())
    assert sign_in(user).get(HOME).headers["Location"] == LIST


def test_sign_in_leads_a_newcomer_to_the_list(
    ada: User, sign_in: Callable[[User], Browser]
) -> None:
    assert sign_in(ada).get(HOME).headers["Location"] == LIST


def test_the_list_names_each_workspace_with_role_and_head_count(
    acme: Tenant, globex: Tenant, ada: User, sign_in: Callable[[User], Browser]
) -> None:
    acme.memberships.create(user=ada, role=Role.VIEWER)
    page = sign_in(ada).get(LIST).content.decode()
    assert re.search(r'href="/t/acme/">Acme</a>\s*<p class="soft">2 members</p>', page)
    assert ">Viewer<" in page
    assert "Globex" not in page


def test_the_list_shows_itself_to_somebody_with_one_workspace_too(
    acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    assert sign_in(acme.memberships.get().user).get(LIST).status_code == 200


def test_the_list_of_a_newcomer_says_what_to_do_next(
    ada: User, sign_in: Callable[[User], Browser]
) -> None:
    page = sign_in(ada).get(LIST).content.decode()
    assert "No workspace yet" in page
    assert f'href="{NEW}"' in page


def test_the_list_asks_one_question_for_any_number_of_workspaces(
    ada: User,
    make_tenant: Callable[..., Tenant],
    sign_in: Callable[[User], Browser],
    django_assert_num_queries: Callable[..., object],
) -> None:
    browser = sign_in(ada)
    for number in range(5):
        make_tenant(f"Space {number}", owner=ada)
    # session, person, invitations, memberships of the menu, memberships of the list, notices
    with django_assert_num_queries(6):
        browser.get(LIST)


def test_creating_a_workspace_leads_into_it(ada: User, sign_in: Callable[[User], Browser]) -> None:
    response = sign_in(ada).post(NEW, {"name": "Aldgate Interiors"})
    tenant = Tenant.objects.get(slug="aldgate-interiors")
    assert response.headers["Location"] == reverse("dashboard", args=[tenant.slug])
    assert tenant.memberships.get().user == ada


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "Win at https://evil.example"])
def test_a_workspace_needs_a_name_that_is_one(
    name: str, ada: User, sign_in: Callable[[User], Browser]
) -> None:
    response = sign_in(ada).post(NEW, {"name": name})
    assert response.status_code == 200
    assert response.context["form"].errors["name"]
    assert not Tenant.objects.exists()


def test_the_address_is_shown_while_one_types(
    acme: Tenant, ada: User, sign_in: Callable[[User], Browser]
) -> None:
    page = sign_in(ada).get(NEW, {"name": "Acme"}, headers={"HX-Request": "true"}).content.decode()
    address = f"{settings.SITE_URL}/t/acme-2/"
    assert f'id="id_name_helptext">Its address will be {address}<' in page
    assert 'value="Acme"' in page


def test_a_preview_writes_what_one_typed_as_text(
    ada: User, sign_in: Callable[[User], Browser]
) -> None:
    page = sign_in(ada).get(NEW, {"name": "<b>Bold</b>"}).content.decode()
    assert "<b>" not in page
    assert "/t/bboldb/" in page


def test_an_admin_renames_the_workspace_and_the_address_stays(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    browser = as_role(Role.ADMIN)
    response = browser.post("/t/acme/settings/", {"name": "Acme Ltd"}, follow=True)
    acme.refresh_from_db()
    assert (acme.name, acme.slug) == ("Acme Ltd", "acme")
    assert "The workspace is called Acme Ltd." in response.content.decode()


def test_a_rename_without_a_name_keeps_what_was_typed_and_says_so(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    response = as_role(Role.OWNER).post("/t/acme/settings/", {"name": "https://evil.example"})
    page = response.content.decode()
    assert 'value="https://evil.example"' in page
    assert "There is a problem" in page
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_the_menu_switches_between_workspaces_in_one_click(
    acme: Tenant, globex: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    member: Membership = globex.memberships.get()
    acme.memberships.create(user=member.user, role=Role.VIEWER)
    browser = sign_in(member.user)
    page = browser.get("/t/globex/members/").content.decode()
    assert re.search(r'href="/t/globex/"\s+aria-current="true"', page)
    assert 'href="/t/acme/"' in page
    assert browser.get("/t/acme/members/").status_code == 200
