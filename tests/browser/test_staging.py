"""The banner of staging in a real browser, on the processes that staging runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.portal import Portal
from tests.browser.conftest import SOCIAL
from tests.browser.journey import person
from tests.browser.screenshots import WIDTHS
from tests.browser.test_pages import Watch
from tests.browser.test_production import ProductionSite

pytestmark = [pytest.mark.browser, pytest.mark.prove, pytest.mark.xdist_group("browser")]
PAGES = ("/", "/accounts/login/", "/no-such-page/")


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("staging")
    with Portal(servers=os.environ, folder=folder, variables=SOCIAL, settings="staging") as running:
        yield running


def photograph(page: Page, folder: Path, name: str) -> None:
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=folder / f"staging-{name}-{width}-{scheme}.png")


def test_every_page_says_that_it_is_staging_and_anyone_can_read_it(
    staging: Portal, chromium: Browser, tmp_path: Path
) -> None:
    somebody = person(ProductionSite(staging), chromium)
    watch, page = Watch(somebody.page), somebody.page
    for path in (*PAGES, "/t/northwind/", "/t/elsewhere/"):
        if path == "/t/northwind/":
            somebody.sign_in("ada@slipway.example")
        watch.here = path
        page.goto(staging.url + path)
        banner = page.get_by_role("region", name="Environment")
        expect(banner).to_contain_text("Staging")
        if path == "/t/northwind/":
            menu = page.locator(".nav summary", has_text="Ada Okafor")
            expect(menu).to_be_in_viewport(ratio=1)
        assert banner.evaluate("one => one.getBoundingClientRect().top") == 0
        photograph(page, tmp_path, path.strip("/").replace("/", "-") or "landing")
        watch.judge()
    # What a browser keeps open, a server that stops waits for.
    somebody.context.close()
    assert not watch.faults, "\n".join(watch.faults)
