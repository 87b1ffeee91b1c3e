"""`make screenshots`: every page at two widths in both themes, into screenshots/."""

import shutil
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from dev.portal import Portal
from tests.accounts.factors import next_code
from tests.browser.journey import Person, import_the_sample, person
from tests.browser.pages import SIGNED_IN, SIGNED_OUT, STAFF, route_of, walk
from tests.browser.second_step import (
    begin,
    expect_signed_in,
    plug_in,
    set_up_app,
    sign_in,
    sign_up,
)
from tests.browser.test_production import ProductionSite

OUT = Path(__file__).resolve().parents[2] / "screenshots"
WIDTHS = {390: 844, 1280: 900}


def photograph(somebody: Person, starts: tuple[str, ...]) -> None:
    page = somebody.page
    for stop in walk(page, somebody.site.url, starts):
        name = stop.route.strip("/").replace("/", "-")
        if (OUT / f"{name}-390-light.png").exists():
            continue  # a page for passers-by, on which somebody signed in is sent on
        take(page, name)


def take(page: Page, name: str) -> None:
    """Photograph the page as it stands."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=OUT / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture(scope="module", autouse=True)
def an_empty_folder() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()


def test_photograph_two_step_sign_in(portal: Portal, chromium: Browser) -> None:
    """It comes first: for others, these pages ask for the password."""
    site, email = ProductionSite(portal), "wanda@pictures.example"
    wanda = sign_up(site, chromium, email)
    page = wanda.page
    plug_in(page)
    begin(wanda, "Set up an app")
    take(page, "mfa_activate_totp")
    secret = set_up_app(wanda)
    take(page, "mfa_view_recovery_codes")
    begin(wanda, "Add a passkey")
    take(page, "mfa_add_webauthn")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Sign-in and security")).to_be_visible()
    elsewhere = person(site, chromium)
    sign_in(elsewhere, email)
    take(elsewhere.page, "mfa_authenticate")
    elsewhere.page.get_by_label("Code", exact=True).fill(next_code(secret))
    elsewhere.page.get_by_role("button", name="Continue").click()
    expect_signed_in(elsewhere.page)
    for name in ("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_reauthenticate"):
        wanda.go(reverse(name))
        take(page, name)
    pending = [reverse(name) for name in ("mfa_index", "mfa_list_webauthn", "usersessions_list")]
    while pending:
        path = pending.pop(0)
        name = route_of(path)
        if (OUT / f"{name}-390-light.png").exists():
            continue
        wanda.go(path)
        take(page, name)
        links = page.eval_on_selector_all("main a", "all => all.map(a => a.getAttribute('href'))")
        pending += [link for link in links if link.startswith(("/accounts/2fa", "/accounts/ses"))]


def test_photograph_every_page(portal: Portal, chromium: Browser) -> None:
    site = ProductionSite(portal)
    photograph(person(site, chromium), SIGNED_OUT)
    owner = person(site, chromium)
    owner.sign_in("ada@slipway.example")
    import_the_sample(owner)
    photograph(owner, SIGNED_IN)
    operator = person(site, chromium)
    operator.sign_in("ops@slipway.example")
    photograph(operator, STAFF)
    assert any(OUT.iterdir())
