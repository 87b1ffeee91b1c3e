"""The activity page: what happened here, in words, with ways to what still exists."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.clients.models import Client
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

PAGE = "/t/acme/activity/"
AsRole = Callable[[Role], Browser]


@pytest.fixture
def owner(acme: Tenant) -> User:
    return acme.memberships.get(role=Role.OWNER).user


def add(tenant: Tenant, name: str, by: User) -> Client:
    client = Client(tenant=tenant, name=name)
    client.add(by=by)
    return client


def text(browser: Browser, query: str = "") -> str:
    return browser.get(f"{PAGE}?{query}").content.decode()


def test_a_viewer_reads_what_happened_in_this_workspace_alone(
    acme: Tenant, globex: Tenant, owner: User, as_role: AsRole
) -> None:
    add(acme, "Aldgate", owner)
    add(globex, "Brightwater", globex.memberships.get().user)
    page = text(as_role(Role.VIEWER))
    assert "Aldgate" in page
    assert "created the workspace" in page
    assert "Brightwater" not in page
    assert page.index("Aldgate") < page.index("created the workspace")


def test_what_still_exists_is_a_link_and_what_is_gone_a_name(
    acme: Tenant, owner: User, as_role: AsRole
) -> None:
    kept, gone = add(acme, "Aldgate", owner), add(acme, "Brightwater", owner)
    gone.remove(by=owner)
    page = text(as_role(Role.VIEWER))
    assert f'added <a href="{kept.get_absolute_url()}">Aldgate</a>' in page
    assert "added Brightwater" in page
    assert "deleted Brightwater" in page


def test_a_link_never_leads_into_another_workspace(
    acme: Tenant, globex: Tenant, owner: User, as_role: AsRole
) -> None:
    foreign = add(globex, "Brightwater", owner)
    acme.events.create(
        actor_name="Mallory",
        action="client.created",
        target_type="clients.client",
        target_id=str(foreign.pk),
        target_name="Brightwater",
    )
    page = text(as_role(Role.VIEWER))
    assert "added Brightwater" in page
    assert foreign.get_absolute_url() not in page


def test_names_are_text_and_never_markup(acme: Tenant, owner: User, as_role: AsRole) -> None:
    client = add(acme, "<script>alert(1)</script>", owner)
    client.remove(by=owner)
    add(acme, "<img src=x>", owner)
    page = text(as_role(Role.VIEWER))
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_the_page_keeps_to_one_kind_when_asked(acme: Tenant, owner: User, as_role: AsRole) -> None:
    client = add(acme, "Aldgate", owner)
    client.add_note(by=owner, body="They called.")
    browser = as_role(Role.VIEWER)
    notes = text(browser, "about=note")
    assert "wrote a note about" in notes
    assert "added <a" not in notes
    assert "created the workspace" in text(browser, "about=junk")
    assert "Nothing of this kind yet" in text(browser, "about=invitation")


def test_pages_go_on_from_the_oldest_one_shown(acme: Tenant, owner: User, as_role: AsRole) -> None:
    for number in range(30):
        add(acme, f"Client {number:02}", owner)
    browser = as_role(Role.VIEWER)
    first = browser.get(PAGE)
    assert "1\N{EN DASH}25 of 31" in first.content.decode()
    second = browser.get(first.context["page"].next_url).content.decode()
    assert "Client 04" in second
    assert "Client 05" not in second


def test_the_page_takes_as_many_queries_for_25_events_as_for_2(
    acme: Tenant, owner: User, as_role: AsRole
) -> None:
    browser = as_role(Role.VIEWER)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(PAGE)
        return len(captured)

    add(acme, "Aldgate", owner)
    few = queries()
    for number in range(30):
        add(acme, f"Client {number}", owner)
    assert queries() == few


def test_an_action_that_the_code_has_forgotten_is_still_listed(
    acme: Tenant, as_role: AsRole
) -> None:
    acme.events.create(actor_name="Ada", action="ferry.boarded", target_name="MV Skye")
    assert "ferry.boarded" in text(as_role(Role.VIEWER))
