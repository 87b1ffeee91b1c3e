"""Nobody steers the site: not where it leads by `next`, and not what it calls itself by `Host`."""

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.core.surface import Route, routes
from apps.jobs.models import Job
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.accounts.conftest import is_signed_in, quick_passwords
from tests.conftest import PASSWORD, Browser, Mailbox
from tests.policy.samples import url_of
from tests.policy.test_access import files, named

__all__ = ["files", "quick_passwords"]
ROUTES = [route for route in routes() if route.access]
HERE = "https://testserver"
NEIGHBOUR, PARTNER = "neighbour.example", "partner.example"  # both declared, and yet not here

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    " //evil.example",
    "\x01//evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "https://testserver@evil.example/",
    "https://testserver:443@evil.example/",
    "https://testserver.evil.example/",
    "https://testserverevil.example/",
    "https://evil.example\\@testserver/",
    "https://evil.example#@testserver/",
    "https://evil.example%2F@testserver",
    "https://evil。example/",
    "//%65vil.example",
    "ftp://testserver/",
    "http://testserver/",
    "javascript:alert(1)",
    "JaVaScRiPt://testserver/%0aalert(1)",
    "java\nscript:alert(1)",
    "data:text/html,evil.example",
    "vbscript:evil.example",
    "https://[::1",
    "http://[",
    "https://testserver:99999999/",
    f"https://{NEIGHBOUR}/",
    f"//{NEIGHBOUR}",
    f"https://{PARTNER}/",
]
# The kinds of them; every route gets these, and those that take `next` get all.
KINDS = ["https://evil.example/", "//evil.example", "/\\evil.example", f"https://{PARTNER}/"]
PROGRAMS = ("mailto:", "otpauth:")  # no page is opened by these
# The names under which sites are told where to go back to.
NAMES = ("next", "redirect_to", "return_to", "back", "url", "continue", "goto", "r")


@pytest.fixture(autouse=True)
def declared(settings: Any) -> None:
    """The site has another name too, and a partner's origin that it trusts; and no limits."""
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, NEIGHBOUR]
    settings.CSRF_TRUSTED_ORIGINS = [HERE, f"https://{PARTNER}"]
    settings.RATELIMIT_ENABLE = False
    settings.ACCOUNT_RATE_LIMITS = False


def leads_away(url: str, page: str = "/t/acme/") -> bool:
    """Whether a browser that follows this from a page of ours leaves the site."""
    read = re.sub(r"[\t\r\n]", "", url).strip("".join(map(chr, range(33)))).replace("\\", "/")
    try:
        target = urlsplit(urljoin(HERE + page, re.sub(r"^(https?:)?/{2,}", r"\1//", read)))
    except ValueError:
        return False  # a browser follows it nowhere
    return (target.scheme, target.netloc.lower()) != ("https", "testserver")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_each_of_them_would_lead_away_or_nowhere(url: str) -> None:
    """Else the table would prove nothing."""
    assert leads_away(url) or "[" in url


@pytest.mark.parametrize("url", ["/", "/t/acme/?q=a", "?page=2", "#top", "clients/", f"{HERE}/"])
def test_what_stays_is_told_apart(url: str) -> None:
    assert not leads_away(url)


def targets(response: Any) -> Iterator[str]:
    """Where an answer leads: by redirect, by link and by form.

    What a hidden field says is judged when it is sent, as the next test does.
    """
    yield response.headers.get("Location", "/")
    yield unquote(response.headers.get("HX-Redirect", "/"))
    page = b"".join(response).decode() if response.streaming else response.content.decode()
    for found in re.finditer(r'\b(?:href|action|formaction|src|hx-\w+)="([^"]*)"', page):
        yield unescape(found[1])


def lead_away(response: Any) -> list[str]:
    return [url for url in targets(response) if leads_away(url) and not url.startswith(PROGRAMS)]


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_no_route_is_steered_away(
    route: Route, acme: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    url, found = url_of(route, acme, by=owner), []
    for browser in (sign_in(owner), Browser()):
        for elsewhere in KINDS:
            told = "&".join(f"{name}={quote(elsewhere)}" for name in NAMES)
            asked = f"{url}{'&' if '?' in url else '?'}{told}"
            with transaction.atomic():
                response: Any = browser.get(asked, headers={"referer": "https://evil.example/"})
                away = lead_away(response)
                transaction.set_rollback(True)
            found += [f"{elsewhere!r} led to {url}" for url in away]
    assert not found, "\n".join(found)


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.com", name="Ada", password=PASSWORD)


def login(browser: Browser, user: User, **more: str) -> Any:
    return browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD, **more})


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_form_that_is_sent_well_leads_home_whatever_next_says(
    elsewhere: str, ada: User, acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    there = f"?next={quote(elsewhere)}"
    ours = acme.memberships.get(role=Role.OWNER).user
    job = Job.ask("tests.any", tenant=acme, by=ours)
    browser = Browser()
    assert lead_away(login(browser, ada, next=elsewhere)) == []
    assert is_signed_in(browser)
    assert lead_away(browser.get(f"/accounts/login/{there}")) == []  # one is signed in already
    again = browser.post(f"/accounts/reauthenticate/{there}", {"password": PASSWORD})
    assert again.status_code == 302
    assert lead_away(again) == []
    assert lead_away(browser.post(f"/accounts/logout/{there}", {"next": elsewhere})) == []
    assert not is_signed_in(browser)
    new = {"name": "Eve", "email": "eve@example.com", "password1": PASSWORD, "next": elsewhere}
    assert lead_away(Browser().post(f"/accounts/signup/{there}", new)) == []
    cancel = reverse("job_cancellation_create", args=[acme.slug, job.pk])
    assert lead_away(sign_in(ours).post(f"{cancel}{there}")) == []


def test_a_page_of_ours_is_gone_back_to(ada: User) -> None:
    browser = Browser()
    inside = "/workspaces/new/?name=a%20b"
    assert login(browser, ada, next=inside).headers["Location"] == inside
    assert browser.post("/accounts/logout/", {"next": inside}).headers["Location"] == inside


STEERED = {"host": NEIGHBOUR, "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}


def test_no_link_in_a_mail_is_built_from_the_request(
    ada: User,
    acme: Tenant,
    sign_in: Callable[[User], Browser],
    mailbox: Mailbox,
    do_jobs: Callable[[], int],
) -> None:
    new = {"name": "Eve", "email": "eve@example.com", "password1": PASSWORD}
    boss = sign_in(acme.memberships.get(role=Role.OWNER).user)
    invited = {"emails": "new@example.com", "role": "viewer"}
    Browser().post("/accounts/password/reset/", {"email": ada.email}, headers=STEERED)
    Browser().post("/accounts/signup/", new, headers=STEERED)
    Browser().post("/accounts/signup/", {**new, "email": ada.email}, headers=STEERED)
    boss.post(reverse("invitation_create", args=[acme.slug]), invited, headers=STEERED)
    do_jobs()
    mails = [whole(mail) for mail in mailbox.messages]
    links = [re.findall(r"https?://[^\s\"'<>]+", mail) for mail in mails]
    assert [bool(found) for found in links].count(True) >= 3  # one brings a code instead
    assert {urlsplit(link).netloc for found in links for link in found} == {"testserver"}
    assert not any(name in mail for mail in mails for name in (NEIGHBOUR, "evil.example"))


def whole(mail: EmailMessage) -> str:
    """All of a mail: its headers and its parts, decoded."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, mail.values()), *map(str, parts)])


def test_a_host_that_is_not_declared_is_refused_whoever_forwards_it(ada: User) -> None:
    for headers in ({"host": "evil.example"}, {"host": "testserver.evil.example"}):
        assert Browser().get("/accounts/login/", headers=headers).status_code == 400
    answer = Browser().get("/accounts/login/", headers={"x-forwarded-host": "evil.example"})
    assert "evil.example" not in answer.content.decode()
