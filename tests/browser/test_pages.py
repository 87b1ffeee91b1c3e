"""What holds on every page that a person can get to, in a real browser."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dev.portal import Portal
from tests.browser.journey import person
from tests.browser.pages import SIGNED_IN, SIGNED_OUT, walk
from tests.browser.test_production import ProductionSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WCAG = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
}


@pytest.fixture(scope="module")
def signed_in(portal: Portal, chromium: Browser) -> Iterator[Page]:
    owner = person(ProductionSite(portal), chromium)
    owner.sign_in("ada@slipway.example")
    yield owner.page
    owner.context.close()


@pytest.fixture(scope="module")
def signed_out(portal: Portal, chromium: Browser) -> Iterator[Page]:
    passer_by = person(ProductionSite(portal), chromium)
    yield passer_by.page
    passer_by.context.close()


def faults_of(page: Page, portal: Portal, starts: tuple[str, ...]) -> list[str]:
    """What is wrong on the pages reached from `starts`: errors, accessibility, overflow."""
    faults: list[str] = []
    here = ""
    page.on("pageerror", lambda error: faults.append(f"{here}: script error {error}"))
    page.on(
        "console",
        lambda line: (
            faults.append(f"{here}: console says {line.text}")
            if line.type == "error" and "404" not in line.text
            else None
        ),
    )
    for stop in walk(page, portal.url, starts):
        here = stop.path
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for found in Axe().run(page, options=WCAG).response["violations"]:
                nodes = ", ".join(node["html"][:120] for node in found["nodes"][:2])
                faults.append(f"{here} ({scheme}): {found['id']}, {found['help']}: {nodes}")
        page.set_viewport_size({"width": 320, "height": 640})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{here}: wider than a screen of 320 px")
        page.set_viewport_size({"width": 1280, "height": 900})
        if page.get_by_role("heading", level=1).count() != 1:
            faults.append(f"{here}: has not one heading of the first level")
    return faults


def test_no_page_for_a_passer_by_has_a_fault(signed_out: Page, portal: Portal) -> None:
    assert not (faults := faults_of(signed_out, portal, SIGNED_OUT)), "\n".join(faults)


def test_no_page_for_an_owner_has_a_fault(signed_in: Page, portal: Portal) -> None:
    assert not (faults := faults_of(signed_in, portal, SIGNED_IN)), "\n".join(faults)


def test_the_keyboard_alone_leads_past_the_navigation_to_the_content(
    signed_in: Page, portal: Portal
) -> None:
    signed_in.goto(f"{portal.url}/t/northwind/clients/")
    signed_in.keyboard.press("Tab")
    skip = signed_in.locator(":focus")
    assert "Skip" in skip.inner_text()
    signed_in.keyboard.press("Enter")
    assert signed_in.evaluate("document.activeElement.id") == "main"
