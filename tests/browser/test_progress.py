"""Progress and notices as a person sees them, with a worker at work, with scripts and without."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from dev.portal import Portal
from tests.browser.accessible import COLOURS, WCAG, faults_in, inject
from tests.browser.journey import Person, person
from tests.browser.test_production import ProductionSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ROWS = 3_000
FILL = f"""
from django.db import connection, transaction
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
tenant = Tenant.objects.get(slug="elsewhere")
with tenant_scope(tenant), transaction.atomic():
    tenant.clients.bulk_create(
        [tenant.clients.model(tenant=tenant, name=f"Client {{n}}") for n in range({ROWS})],
        batch_size=5000,
    )
"""
# An export writes it last of all, so that whoever holds it sees one at 99 % for as long.
HOLD = "LOCK TABLE audit_event IN EXCLUSIVE MODE"
READY = "Your export of clients is ready"
NOTICES = "#job-notices"


@pytest.fixture(scope="module")
def sam(portal: Portal, chromium: Browser) -> Iterator[Person]:
    """The owner of a workspace with so many clients that an export takes some seconds."""
    portal.manage("shell", "--command", FILL)
    somebody = person(ProductionSite(portal), chromium)
    somebody.sign_in("sam@slipway.example")
    yield somebody
    somebody.context.close()


@contextmanager
def held_up(portal: Portal) -> Iterator[None]:
    """Let exports go on to their last step and no further, for the 5 s that they wait for it."""
    variables = portal.environment()
    url = variables.get("DATABASE_OWNER_URL") or variables["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute(HOLD)
        yield


def ask(page: Page, url: str, format: str) -> None:
    page.goto(f"{url}/t/elsewhere/exports/new/clients/")
    page.locator(f"input[name=format][value={format}]").check()
    page.get_by_role("button", name="Export", exact=True).click()


def faults(page: Page) -> list[str]:
    """What is wrong with the page in either theme, or on a narrow screen."""
    found: list[str] = []
    inject(page)
    for scheme, rules in (("light", WCAG), ("dark", COLOURS)):
        found += faults_in(page, scheme, rules)
    page.set_viewport_size({"width": 320, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than a screen of 320 px")
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


def test_the_bar_moves_and_the_notice_comes_on_another_page_without_a_reload(
    sam: Person, portal: Portal
) -> None:
    page = sam.page
    with held_up(portal):
        ask(page, portal.url, "xlsx")
        page.evaluate("window.untouched = true")
        expect(page.get_by_role("progressbar", name="clients")).to_have_attribute("value", "99")
        expect(page.get_by_text(f"{ROWS:,} of {ROWS:,} rows, finishing")).to_be_visible()
        assert faults(page) == []
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("Done")
    assert page.evaluate("window.untouched")

    with held_up(portal):
        ask(page, portal.url, "csv")
        page.goto(f"{portal.url}/t/elsewhere/clients/")
        page.evaluate("window.untouched = true")
        expect(page.locator(NOTICES)).to_have_attribute("hx-get", re.compile("shown=&"))
    expect(page.locator(NOTICES)).to_contain_text(READY)
    expect(page.locator("#announcer")).to_contain_text(READY)
    assert faults(page) == []
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(NOTICES)).to_be_hidden()
    assert page.evaluate("window.untouched")
    page.reload()
    expect(page.locator(NOTICES)).to_be_hidden()


def test_the_same_comes_by_reloads_where_scripts_are_off(
    sam: Person, portal: Portal, chromium: Browser
) -> None:
    context = chromium.new_context(
        ignore_https_errors=True,
        java_script_enabled=False,
        storage_state=sam.context.storage_state(),
    )
    page = context.new_page()
    with held_up(portal):
        ask(page, portal.url, "xlsx")
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_role("link", name="Stop reloading")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)

    ask(page, portal.url, "csv")
    page.goto(f"{portal.url}/t/elsewhere/")
    notices = page.locator(NOTICES)
    for _ in range(60):
        page.goto(f"{portal.url}/account/")
        if READY in notices.inner_text():
            break
        page.wait_for_timeout(250)
    expect(notices).to_contain_text("(Elsewhere)")
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page).to_have_url(f"{portal.url}/account/")
    expect(notices).to_be_hidden()
    context.close()
