"""What holds on every page that a person can get to, in a real browser."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from apps.core.surface import routes
from dev.portal import Portal
from tests.browser.accessible import COLOURS, WCAG, faults_in, inject
from tests.browser.addresses import addresses
from tests.browser.journey import person
from tests.browser.pages import LEAVES_THE_PAGE, PARTS, SIGNED_IN, SIGNED_OUT, STAFF, Stop, walk
from tests.browser.test_production import ProductionSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
# Chromium says on the console what its policies refuse, but not in every frame; this does.
TELL = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.effectiveDirective} refused ${event.blockedURI}`);
});
"""
# To be run by a portal: somebody of its staff, and what makes their second step.
FACTORS = """
from allauth.mfa.models import Authenticator
from apps.accounts.models import User
ops = User.objects.get(email="ops@slipway.example")
Authenticator.objects"""
READ = [
    route
    for route in routes()
    if route.access and "GET" in route.access.methods and route.name not in PARTS
]
# Pages about something that nobody has here; other tests come by them.
UNREACHED = {
    "account_reset_password_from_key": "The link in the mail leads there.",
    "invitation_accept": "The link in the mail leads there.",
    "unsubscription": "The link in the mail leads there.",
    "letter_detail": "Staff come by it.",
    "session_delete": "Nobody is signed in twice.",
    "mfa_edit_webauthn": "Nobody has a passkey.",
    "mfa_remove_webauthn": "Nobody has a passkey.",
}


class Watch:
    """A page that is watched: `faults` is what went wrong, each with where."""

    def __init__(self, page: Page) -> None:
        self.page, self.here = page, ""
        self.faults: list[str] = []
        self.asked: set[str] = set()
        page.add_init_script(TELL)
        page.on("pageerror", lambda error: self.fault(f"script error {error}"))
        page.on("console", self.listen)
        page.on("response", self.look)

    def fault(self, words: str) -> None:
        self.faults.append(f"{self.here}: {words}")

    def listen(self, line: ConsoleMessage) -> None:
        """Take an error or a warning for a fault, unless it tells of a page's own status."""
        where = line.location["url"]
        # Chromium looks for an icon of what is no page, and so names none.
        expected = where in self.asked or where.endswith("/favicon.ico")
        of_status = expected and "the server responded" in line.text
        if line.type in {"error", "warning"} and not of_status:
            self.fault(f"console says {line.text}")

    def look(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.asked.add(response.url)
        if "content-security-policy" not in response.headers:
            self.fault(f"{response.url} has no policy")

    def judge(self) -> None:
        """Look at the page in both themes: accessibility, width, heading."""
        if self.page.evaluate("document.contentType") != "text/html":
            return
        inject(self.page)
        for scheme, rules in (("light", WCAG), ("dark", COLOURS)):
            for words in faults_in(self.page, scheme, rules):
                self.fault(words)
        self.page.set_viewport_size({"width": 320, "height": 640})
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.fault("wider than a screen of 320 px")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        if self.page.get_by_role("heading", level=1).count() != 1:
            self.fault("has not one heading of the first level")


@pytest.fixture(scope="module")
def visitor(portal: Portal, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a browser: of the person with that address, signed in, or of a passer-by."""
    site, opened = ProductionSite(portal), []

    def open_browser(email: str = "") -> Page:
        somebody = person(site, chromium)
        opened.append(somebody.context)
        if email:
            somebody.sign_in(email)
        return somebody.page

    yield open_browser
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def signed_in(visitor: Callable[[str], Page]) -> Page:
    return visitor("ada@slipway.example")


@pytest.fixture(scope="module")
def made(portal: Portal) -> dict[str, str]:
    """An address for each page of a workspace."""
    return addresses(portal)


def stops(
    page: Page, portal: Portal, starts: tuple[str, ...], made: Mapping[str, str]
) -> Iterator[Stop]:
    """The pages that links lead to from `starts`, then all others that have an address."""
    seen = set(LEAVES_THE_PAGE)
    for stop in walk(page, portal.url, starts):
        seen.add(stop.route)
        yield stop
    for route in READ:
        path = made.get(route.name) or f"/{route.path}"
        if route.name not in seen and "<" not in path:
            page.goto(portal.url + path)
            yield Stop(route.name, path)


def faults_of(
    page: Page, portal: Portal, starts: tuple[str, ...], made: Mapping[str, str]
) -> tuple[list[str], list[Stop]]:
    """What is wrong on the pages, and which they were."""
    watch, visited, judged = Watch(page), [], set()
    for stop in stops(page, portal, starts, made):
        watch.here = stop.path
        visited.append(stop)
        address = page.url.partition("?")[0]
        if address not in judged:
            judged.add(address)
            watch.judge()
    return watch.faults, visited


def test_no_page_for_a_passer_by_has_a_fault(visitor: Callable[[], Page], portal: Portal) -> None:
    faults, _ = faults_of(visitor(), portal, SIGNED_OUT, made={})
    assert not faults, "\n".join(faults)


def test_no_page_for_an_owner_has_a_fault(
    signed_in: Page, visitor: Callable[[], Page], portal: Portal, made: dict[str, str]
) -> None:
    faults, visited = faults_of(signed_in, portal, SIGNED_IN, made)
    assert not faults, "\n".join(faults)
    missed = {route.name for route in READ} - {stop.route for stop in visited} - LEAVES_THE_PAGE
    # What else this person did in the same portal may lead to one of those.
    assert missed <= UNREACHED.keys()

    # The same addresses, signed out: most lead to the sign-in.
    watch = Watch(visitor())
    for stop in visited:
        watch.here = stop.path
        watch.page.goto(portal.url + stop.path)
    assert not watch.faults, "\n".join(watch.faults)


def test_no_page_for_an_operator_has_a_fault(
    visitor: Callable[[str], Page], portal: Portal
) -> None:
    watch, visited = Watch(visitor("ops@slipway.example")), set()
    # Without one, staff are led to where it is set up; at the sign-in nobody would have asked.
    portal.manage(
        "shell", "--no-imports", "-c", f"{FACTORS}.create(user=ops, type='totp', data={{}})"
    )
    try:
        for stop in walk(watch.page, portal.url, STAFF):
            watch.here = stop.path
            visited.add(stop.route)
            watch.judge()
    finally:
        portal.manage("shell", "--no-imports", "-c", f"{FACTORS}.filter(user=ops).delete()")
    assert not watch.faults, "\n".join(watch.faults)
    assert visited >= {"operations", "operations_mail_list", "letter_list", "letter_detail"}


def test_no_error_page_has_a_fault(visitor: Callable[[str], Page], portal: Portal) -> None:
    watch = Watch(visitor("mateo@slipway.example"))
    page = watch.page

    def meet(status: int, where: str) -> None:
        answer = page.goto(portal.url + where)
        assert answer
        assert answer.status == status
        watch.here = f"{status}"
        watch.judge()

    def send(status: int, length: int) -> None:
        """Save a name of that length on one's own page."""
        page.get_by_label("Name").evaluate("(field, n) => field.value = 'x'.repeat(n)", length)
        with page.expect_navigation() as answered:
            page.get_by_role("button", name="Save").click()
        assert answered.value
        assert answered.value.status == status
        watch.here = f"{status} of a form"
        watch.judge()

    meet(403, "/t/northwind/settings/")
    meet(404, "/t/no-such-workspace/")
    meet(405, "/csp-report")
    meet(200, "/account/")
    send(413, 3_000_000)
    meet(200, "/account/")
    page.context.clear_cookies(name="__Host-csrf")
    send(403, 5)
    assert not watch.faults, "\n".join(watch.faults)


def test_the_keyboard_alone_leads_past_the_navigation_to_the_content(
    signed_in: Page, portal: Portal
) -> None:
    signed_in.goto(f"{portal.url}/t/northwind/clients/")
    signed_in.keyboard.press("Tab")
    skip = signed_in.locator(":focus")
    assert "Skip" in skip.inner_text()
    signed_in.keyboard.press("Enter")
    assert signed_in.evaluate("document.activeElement.id") == "main"
