"""Two-step sign-in in a real browser, with a virtual authenticator and real codes."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from dev.portal import Portal
from tests.accounts.factors import next_code
from tests.browser.journey import Person, person
from tests.browser.second_step import (
    PASSWORD,
    SECURITY,
    begin,
    expect_signed_in,
    plug_in,
    set_up_app,
    sign_in,
    sign_out,
    sign_up,
)
from tests.browser.test_pages import Watch
from tests.browser.test_production import ProductionSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def site(portal: Portal) -> ProductionSite:
    return ProductionSite(portal)


@pytest.fixture
def newcomer(site: ProductionSite, chromium: Browser) -> Iterator[Callable[[str], Person]]:
    """Open a browser in which somebody new has just signed up."""
    opened: list[Person] = []

    def open_browser(email: str) -> Person:
        opened.append(sign_up(site, chromium, email))
        return opened[-1]

    yield open_browser
    for each in opened:
        each.context.close()


def test_a_passkey_is_added_and_signs_in_by_the_keyboard_alone(
    newcomer: Callable[[str], Person], site: ProductionSite
) -> None:
    pia = newcomer("pia@passkeys.example")
    page = pia.page
    plug_in(page)
    begin(pia, "Add a passkey")
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Work laptop")).to_be_visible()
    assert "A passkey was added" in site.read_mail("pia@passkeys.example", "passkey was added")
    sign_out(pia)

    pia.go("/accounts/login/")
    button = page.get_by_role("button", name="Sign in with a passkey")
    button.focus()
    button.press("Enter")
    expect_signed_in(page)


def test_a_passkey_is_the_second_step(newcomer: Callable[[str], Person]) -> None:
    sven = newcomer("sven@passkeys.example")
    page = sven.page
    plug_in(page)
    begin(sven, "Add a passkey")
    page.get_by_label("Sign in with it alone").uncheck()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    sign_out(sven)
    sign_in(sven, "sven@passkeys.example")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("button", name="Use a passkey").click()
    expect_signed_in(page)


def test_a_browser_without_a_passkey_says_so_and_stays(
    site: ProductionSite, chromium: Browser
) -> None:
    passer_by = person(site, chromium)
    page = passer_by.page
    plug_in(page)
    passer_by.go("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")
    passer_by.context.close()


def test_an_app_is_set_up_and_asked_for_and_a_recovery_code_takes_its_place_once(
    newcomer: Callable[[str], Person], site: ProductionSite
) -> None:
    email = "toto@passkeys.example"
    toto = newcomer(email)
    page = toto.page
    secret = set_up_app(toto)
    codes = page.get_by_label("Recovery codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 left")).to_be_visible()
    assert "With: Chrome on" in site.read_mail(email, "authenticator app was set up")
    sign_out(toto)

    sign_in(toto, email)
    page.get_by_label("Code", exact=True).fill(next_code(secret))
    page.get_by_label("Code", exact=True).press("Enter")
    expect_signed_in(page)
    sign_out(toto)

    sign_in(toto, email)
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page)
    assert "Codes left: 9." in site.read_mail(email, "recovery code was used")
    sign_out(toto)

    sign_in(toto, email)
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This is not the code").first).to_be_visible()


def test_no_page_about_signing_in_has_a_fault(
    newcomer: Callable[[str], Person], site: ProductionSite, chromium: Browser
) -> None:
    """Those that only somebody comes to who has an app, a passkey, and another device."""
    email = "wanda@passkeys.example"
    wanda, elsewhere = newcomer(email), person(site, chromium)
    page = wanda.page
    plug_in(page)
    watch = Watch(page)

    def judge(here: str) -> None:
        watch.here = here
        watch.judge()

    begin(wanda, "Set up an app")
    judge("setting up an app")
    secret = set_up_app(wanda)
    judge("recovery codes, shown once")
    begin(wanda, "Add a passkey")
    judge("adding a passkey")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Sign-in and security")).to_be_visible()
    judge("overview")
    sign_in(elsewhere, email)
    second = Watch(elsewhere.page)
    second.here = "second step"
    second.judge()
    elsewhere.page.get_by_label("Code", exact=True).fill(next_code(secret))
    elsewhere.page.get_by_role("button", name="Continue").click()
    expect_signed_in(elsewhere.page)
    for path, steps in {
        SECURITY: ["Remove app", "Make new codes"],
        "/accounts/2fa/webauthn/": ["Rename", "Remove"],
        "/accounts/sessions/": ["Sign out all others", "Sign out Chrome"],
    }.items():
        for step in steps:
            wanda.go(path)
            page.get_by_role("main").get_by_role("link", name=step).last.click()
            expect(page.get_by_role("link", name="Cancel")).to_be_visible()
            judge(f"{path}: {step}")
    for way in ("2fa/", "2fa/webauthn/"):
        wanda.go(f"/accounts/{way}reauthenticate/")
        judge(f"proof by {way}")
    faults = [*watch.faults, *second.faults]
    elsewhere.context.close()
    assert not faults, "\n".join(faults)


def test_a_device_that_is_signed_out_elsewhere_is_out_at_its_next_page(
    newcomer: Callable[[str], Person], site: ProductionSite, chromium: Browser
) -> None:
    email = "dora@passkeys.example"
    here, there = newcomer(email), person(site, chromium)
    sign_in(there, email)
    expect_signed_in(there.page)
    begin(here, "See devices")
    here.page.get_by_role("link", name="Sign out all others").click()
    here.page.get_by_label("Password", exact=True).fill(PASSWORD)
    here.page.get_by_role("button", name="Confirm").click()
    here.page.get_by_role("button", name="Sign out all others").click()
    expect(here.page.get_by_text("You are signed out everywhere else.")).to_be_visible()
    there.page.reload()
    expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()
    there.context.close()
