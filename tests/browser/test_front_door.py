"""The headers as the running portal sends them over TLS, and what the Observatory says of them."""

import ssl

import pytest
from django.http import HttpResponse
from playwright.sync_api import APIResponse, Browser

from apps.core.headers import declared
from config.env import SOCIAL_PROVIDERS
from dev.portal import Portal
from tests.browser.journey import Person, person
from tests.browser.test_production import ProductionSite
from tests.core.test_headers import SITE, assert_dressed
from tests.world.observatory import judge, score, told, visit
from tests.world.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LANDING, SIGN_IN = "/", "/accounts/login/"
# The portal offers to sign in through others, whose pages a form may therefore lead to.
OFFERED = {**SITE, "form-action": declared(SOCIAL_PROVIDERS)["form-action"]}


@pytest.fixture(scope="module")
def trust(portal: Portal) -> ssl.SSLContext:
    """Trust in the portal's own authority, and in no other."""
    context = ssl.create_default_context()
    portal.authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def owner(portal: Portal, chromium: Browser) -> Person:
    somebody = person(ProductionSite(portal), chromium)
    somebody.sign_in("ada@slipway.example")
    return somebody


def as_django(answer: APIResponse) -> HttpResponse:
    """The status and the headers that came over the wire, as our tests read them."""
    return HttpResponse(status=answer.status, headers=answer.headers)


# The landing page sets no cookie, so that an edge may keep it, and does without their 5 points.
# Five more are for a name that browsers know to speak HTTPS alone: tests/launch asks under one.
@pytest.mark.parametrize(("path", "reached"), [(LANDING, 155), (SIGN_IN, 160)])
def test_every_test_of_the_observatory_passes(
    portal: Portal, trust: ssl.SSLContext, path: str, reached: int
) -> None:
    results = judge(visit("localhost", portal.port, path, trust))
    print(f"https://localhost{path}\n{told(results)}")  # noqa: T201  (shown by pytest -rP)
    assert [one for one in results if not one.passed] == []
    assert score(results) == reached


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/t/northwind/", "text/html", 200),
        ("/t/northwind/clients/", "text/html", 200),
        ("/t/no-such-workspace/", "text/html", 404),
        ("/t/no-such-workspace/", "application/json", 404),
        ("/t/northwind/clients/archivals/", "text/html", 405),
        ("/healthz", "application/json", 200),
        ("/robots.txt", "text/plain", 200),
        ("/static/nowhere.css", "text/css", 404),
        (SIGN_IN, "text/html", 302),
    ],
)
def test_every_answer_carries_the_headers(
    owner: Person, path: str, accept: str, status: int
) -> None:
    answer = owner.context.request.get(
        owner.site.url + path, headers={"accept": accept}, max_redirects=0
    )
    assert answer.status == status
    assert_dressed(as_django(answer), site=OFFERED)


def test_a_static_file_carries_them_and_is_kept(owner: Person) -> None:
    owner.go("/t/northwind/")
    sheet = owner.page.locator("link[rel=stylesheet]").first.get_attribute("href")
    answer = owner.context.request.get(f"{owner.site.url}{sheet}")
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert_dressed(as_django(answer), site=OFFERED)


def test_a_host_that_is_not_ours_and_a_body_that_is_too_large_get_them_too(owner: Person) -> None:
    ask, url = owner.context.request, owner.site.url
    strange = ask.get(url, headers={"Host": "evil.example"})
    large = ask.post(f"{url}/account/", form={"name": "x" * 3_000_000})
    for answer, status in ((strange, 400), (large, 413)):
        assert answer.status == status
        assert_dressed(as_django(answer), site=OFFERED)


def test_what_a_browser_refuses_is_reported_and_logged(portal: Portal, owner: Person) -> None:
    owner.go("/t/northwind/clients/?q=canary-in-query")
    owner.page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/?canary'}))"
    )
    wait_until(lambda: "csp.violation" in portal.log(), "the browser reports", seconds=90)
    (line,) = (line for line in portal.log().splitlines() if "csp.violation" in line)
    assert f'"document": "{portal.url}/t/northwind/clients/"' in line
    assert '"blocked": "https://evil.example/"' in line
    assert '"directive": "img-src"' in line
    assert "canary" not in line


def test_a_script_without_the_nonce_does_not_run(owner: Person) -> None:
    owner.go("/t/northwind/")
    owner.page.evaluate(
        """
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);
        const file = document.createElement("script");
        file.src = document.querySelector("script[src]").src + "?again";
        file.onload = () => { document.title = "taken over"; };
        document.body.append(file);
        """
    )
    owner.page.wait_for_load_state("networkidle")
    assert owner.page.title() != "taken over"


def test_escape_closes_a_menu_and_goes_back_to_its_button(owner: Person) -> None:
    owner.go("/t/northwind/")
    menu = owner.page.locator("details.dropdown").first
    menu.locator("summary").click()
    owner.page.get_by_role("link", name="All workspaces").focus()
    owner.page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert owner.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_second_click_sends_no_second_form(owner: Person) -> None:
    owner.go("/t/northwind/clients/new/")
    owner.page.get_by_label("Name").fill("Pressed Twice Ltd")
    owner.page.evaluate(
        """
        window.sends = 0;
        addEventListener("submit", (event) => {
          window.sends += event.defaultPrevented ? 0 : 1;
          event.preventDefault();
        });
        """
    )
    owner.page.locator("main button[type=submit]").first.dblclick()
    assert owner.page.evaluate("window.sends") == 1
