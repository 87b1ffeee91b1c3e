"""The journey that a first customer makes, as functions over any running portal."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser, BrowserContext, Page, expect

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "samples" / "clients-10000.csv"
NEWCOMER = "noor@newcomer.example"
GUARD = re.compile(r"^'(?=[=+@-])")


class Site(Protocol):
    """A running portal, seeded."""

    url: str
    password: str

    def read_mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to `to` whose subject contains `subject`; waits for it."""
        ...


@dataclass
class Person:
    """Somebody with a browser of their own."""

    site: Site
    context: BrowserContext
    page: Page

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, email: str) -> None:
        self.go("/accounts/login/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(self.site.password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def person(site: Site, chromium: Browser) -> Person:
    """Open a browser that nobody has used before."""
    context = chromium.new_context(
        ignore_https_errors=True, viewport={"width": 1280, "height": 900}, locale="en-GB"
    )
    context.set_default_timeout(20_000)
    return Person(site, context, context.new_page())


def whole_journey(site: Site, chromium: Browser, downloads: Path) -> None:
    """Sign in, search, import, watch, export, compare, invite, accept, meet a stranger's 404."""
    owner, newcomer, stranger = (person(site, chromium) for _ in range(3))
    owner.sign_in("ada@slipway.example")
    search_for_a_client(owner)
    import_the_sample(owner)
    export_and_compare(owner, downloads)
    invite_and_accept(owner, newcomer)
    stranger.sign_in("sam@slipway.example")
    meet_a_404(stranger)
    for each in (owner, newcomer, stranger):
        each.context.close()


def search_for_a_client(owner: Person) -> None:
    """The search narrows the list as one types, and its address can be shared."""
    owner.go("/t/northwind/clients/")
    rows = owner.page.get_by_role("row")
    before = rows.count()
    name = owner.page.locator("tbody a.row-link").nth(4).inner_text()
    owner.page.get_by_role("searchbox").press_sequentially(name)
    expect(rows).not_to_have_count(before)
    expect(owner.page.get_by_role("link", name=name)).to_be_visible()
    expect(owner.page).to_have_url(re.compile(r"[?&]q="))


def import_the_sample(owner: Person) -> None:
    """Ten thousand rows are checked and go in by the file's own columns, with progress in sight."""
    owner.go("/t/northwind/clients/")
    owner.page.get_by_role("link", name="Import", exact=True).click()
    owner.page.locator("input[type=file]").set_input_files(SAMPLE)
    owner.page.get_by_role("button", name="Upload").click()
    owner.page.get_by_role("button", name=re.compile("^Check 10,000")).click()
    see = owner.page.get_by_role("link", name="See what it would do")
    now = owner.page.get_by_role("button", name="Import now")
    expect(see.or_(now)).to_be_visible(timeout=120_000)
    if see.is_visible():
        see.click()
    now.click()
    done = owner.page.get_by_text("10,000 added, 0 refused", exact=True)
    expect(owner.page.get_by_role("progressbar").or_(done)).to_be_visible()
    expect(done).to_be_visible(timeout=120_000)


def export_and_compare(owner: Person, downloads: Path) -> None:
    """What went in comes out, to the byte, but for the apostrophe before a formula."""
    owner.go("/t/northwind/clients/")
    owner.page.get_by_role("link", name="Export", exact=True).click()
    owner.page.get_by_role("button", name="Export", exact=True).click()
    link = owner.page.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=120_000)
    with owner.page.expect_download() as download:
        link.click()
    exported = downloads / "clients.csv"
    download.value.save_as(exported)
    assert only_sampled(exported) == SAMPLE.read_bytes()


def only_sampled(exported: Path) -> bytes:
    """The exported file with the sample's columns and rows alone, in the sample's order."""
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        sample = csv.DictReader(file)
        columns, emails = list(sample.fieldnames or ()), [row["email"] for row in sample]
    with exported.open(newline="", encoding="utf-8") as file:
        found = {row["email"]: row for row in csv.DictReader(file)}
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for email in emails:
        writer.writerow({name: GUARD.sub("", value) for name, value in found[email].items()})
    return out.getvalue().encode()


def invite_and_accept(owner: Person, newcomer: Person) -> None:
    """A newcomer gets from the mail to the same clients, without a workspace of their own."""
    owner.go("/t/northwind/members/")
    owner.page.get_by_role("link", name="Invite people").click()
    owner.page.get_by_label("E-mail addresses").fill(NEWCOMER)
    owner.page.get_by_role("button", name="Send invitation").click()
    expect(owner.page.get_by_text(NEWCOMER).first).to_be_visible()

    invitation = owner.site.read_mail(NEWCOMER, "invites you")
    newcomer.page.goto(link_in(invitation, "/invitations/"))
    newcomer.page.get_by_role("link", name="Create your account").click()
    newcomer.page.get_by_label("Your name").fill("Noor Haddad")
    expect(newcomer.page.get_by_label("E-mail")).to_have_value(NEWCOMER)
    newcomer.page.get_by_label("Password", exact=True).fill("three small grey herons")
    newcomer.page.get_by_role("button", name="Create account").click()
    code = re.search(
        r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{4}|[A-Z0-9]{6})\s*$",
        newcomer.site.read_mail(NEWCOMER, "code"),
        re.M,
    )
    assert code
    newcomer.page.get_by_label("Code").fill(code[1])
    newcomer.page.get_by_role("button", name="Continue").click()
    newcomer.page.get_by_role("button", name="Accept the invitation").click()
    newcomer.go("/t/northwind/clients/")
    owner.go("/t/northwind/clients/")
    names = "tbody a.row-link"
    assert newcomer.page.locator(names).all_inner_texts() == (
        owner.page.locator(names).all_inner_texts()
    )


def meet_a_404(stranger: Person) -> None:
    """To an outsider a workspace is as missing as a page that never was."""
    seen = []
    for path in ("/t/northwind/", "/t/northwind/clients/", "/t/no-such-workspace/", "/t/x/y/z/"):
        response = stranger.page.goto(stranger.site.url + path)
        assert response
        shown = stranger.page.content().replace(response.headers["x-request-id"], "")
        seen.append((response.status, shown))
    assert seen[0][0] == 404
    for each in seen[1:]:
        assert each == seen[0]


def link_in(text: str, path: str) -> str:
    """The address in a mail whose path begins with `path`."""
    found = re.search(rf"https?://\S+?{path}\S+", text)
    assert found, text
    return found[0]
