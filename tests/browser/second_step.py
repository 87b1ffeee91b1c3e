"""Two-step sign-in as a person does it in a browser: set up, and used."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.accounts.factors import code_of
from tests.browser.journey import Person, Site, person

PASSWORD = "three small grey herons"
SECURITY = "/accounts/2fa/"
ASKED = "Is it still you?"
# What a phone or a laptop has built in: it keeps passkeys, and asks for a finger or a face.
BUILT_IN = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def sign_up(site: Site, chromium: Browser, email: str) -> Person:
    """Open a browser in which somebody new has just signed up."""
    somebody = person(site, chromium)
    page = somebody.page
    somebody.go("/accounts/signup/")
    page.get_by_label("Your name").fill(email.partition("@")[0].title())
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    code = re.search(r"^\s*([A-Z]{4}-[A-Z]{4})\s*$", site.read_mail(email, "code"), re.M)
    assert code
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button", name="Continue").click()
    expect(page).not_to_have_url(re.compile("confirm-email"))
    return somebody


def sign_in(somebody: Person, email: str) -> None:
    """Type address and password; what comes then is another step."""
    somebody.go("/accounts/login/")
    somebody.page.get_by_label("E-mail").fill(email)
    somebody.page.get_by_label("Password", exact=True).fill(PASSWORD)
    somebody.page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(somebody: Person) -> None:
    somebody.go("/accounts/logout/")
    somebody.page.get_by_role("main").get_by_role("button", name="Sign out").click()


def expect_signed_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()


def plug_in(page: Page) -> None:
    """Give the browser an authenticator of its own."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": BUILT_IN})


def begin(somebody: Person, link: str) -> None:
    """Go to a sensitive step from the overview, and confirm who it is if that is asked."""
    page = somebody.page
    somebody.go(SECURITY)
    page.get_by_role("main").get_by_role("link", name=link).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).not_to_have_text("Sign-in and security")
    if heading.inner_text() == ASKED:
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        expect(heading).not_to_have_text(ASKED)
    page.wait_for_load_state()  # and with it for the scripts


def set_up_app(somebody: Person) -> str:
    """Enrol an authenticator app; return its secret."""
    page = somebody.page
    begin(somebody, "Set up an app")
    expect(page.locator(".scan svg")).to_be_visible()
    secret = page.locator("#authenticator_secret").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    page.get_by_role("button", name="Switch on").click()
    return secret
