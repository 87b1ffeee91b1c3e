"""`make screenshots`: every page at two widths in both themes, into screenshots/."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dev.portal import Portal
from tests.browser.journey import Person, import_the_sample, person
from tests.browser.pages import SIGNED_IN, SIGNED_OUT, walk
from tests.browser.test_production import ProductionSite

OUT = Path(__file__).resolve().parents[2] / "screenshots"
WIDTHS = {390: 844, 1280: 900}


def photograph(somebody: Person, starts: tuple[str, ...]) -> None:
    page = somebody.page
    for stop in walk(page, somebody.site.url, starts):
        name = stop.route.strip("/").replace("/", "-")
        if (OUT / f"{name}-390-light.png").exists():
            continue  # a page for passers-by, on which somebody signed in is sent on
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=OUT / f"{name}-{width}-{scheme}.png", full_page=True)


@pytest.fixture(scope="module", autouse=True)
def an_empty_folder() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()


def test_photograph_every_page(portal: Portal, chromium: Browser) -> None:
    site = ProductionSite(portal)
    photograph(person(site, chromium), SIGNED_OUT)
    owner = person(site, chromium)
    owner.sign_in("ada@slipway.example")
    import_the_sample(owner)
    photograph(owner, SIGNED_IN)
    assert any(OUT.iterdir())
