"""Every page that a person can get to, found by following the links from where one begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

SIGNED_OUT = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/google/login/",
    "/accounts/3rdparty/login/cancelled/",
    "/no-such-page/",
)
SIGNED_IN = ("/t/northwind/", "/workspaces/", "/account/", "/t/elsewhere/")
STAFF = ("/operations/",)
# In the last, which is a mail, no script runs: axe would wait for ever.
LEAVES_THE_PAGE = {"export_download", "import_refusals", "account_logout", "letter_html"}
# Parts of pages, for htmx.
PARTS = {"notice_list", "job_notice_list"}


@dataclass(frozen=True)
class Stop:
    """One page: its route's name and its path."""

    route: str
    path: str


def route_of(path: str) -> str:
    """The name of the route that a path leads to, or "" where there is none."""
    try:
        return resolve(urlsplit(path).path).url_name or ""
    except Resolver404:
        return ""


def walk(page: Page, url: str, starts: tuple[str, ...]) -> Iterator[Stop]:
    """Open one page of each route that can be reached from `starts`, and stop at it."""
    pending, seen = list(starts), set()
    while pending:
        path = pending.pop(0)
        route = route_of(path) or path
        if route in seen | LEAVES_THE_PAGE | PARTS:
            continue
        seen.add(route)
        page.goto(url + path)
        yield Stop(route, path)
        links = page.eval_on_selector_all(
            "a[href^='/']", "all => all.map(a => a.getAttribute('href'))"
        )
        pending += [link for link in links if not link.startswith("//")]
