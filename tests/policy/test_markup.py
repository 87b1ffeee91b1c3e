"""No page has a script or a style in its markup, or a script without its nonce.

Looked for in the templates, where each branch of each page stands, and in the pages themselves,
which libraries write a part of. Mails are exempt, since their readers know no style sheets, and so
are the documents of the launch: no server hands them out, and each has to be whole by itself.
"""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from apps.core.surface import Route, routes
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from config.env import BASE_DIR
from tests.conftest import Browser
from tests.policy.samples import url_of
from tests.policy.test_access import files, named

__all__ = ["files"]
TEMPLATES = sorted(
    path
    for path in (BASE_DIR / "templates").rglob("*.html")
    if path.relative_to(BASE_DIR / "templates").parts[0] not in {"mail", "launch"}
)
ROUTES = [route for route in routes() if route.access and "GET" in route.access.methods]
TAG = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
VALUE = re.compile(r"{{\s*(.*?)\s*}}", re.DOTALL)
ISLANDS = {"application/json"}  # data for scripts, which no browser runs


class Markup(HTMLParser):
    """What is wrong with a piece of markup: `faults`, each with its line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(text)
        self.close()

    def fault(self, words: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {words}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "style":
            self.fault("a style in the markup")
        if tag == "script":
            self.script(values)
        for name, value in values.items():
            called = value.strip().lower().startswith(("javascript:", "js:"))
            if name == "style":
                self.fault(f"a style in the markup: {value}")
            elif called or name.startswith(("on", "hx-on", "data-hx-on")):
                self.fault(f"a script in the attribute {name}")
            elif name.endswith("hx-trigger") and "[" in value:
                self.fault(f"a trigger that htmx evaluates: {value}")

    def script(self, values: dict[str, str]) -> None:
        """Judge a `<script>`: from a file of ours, and with this page's nonce."""
        if values.get("type") in ISLANDS:
            return
        if not values.get("src"):
            self.fault("a script in the markup")
        elif not values.get("nonce"):
            self.fault(f"a script without a nonce: {values['src']}")


def of_template(text: str) -> str:
    """A template's markup: tags are taken out, and a value is what it is called."""
    without = TAG.sub(lambda found: "\n" * found[0].count("\n"), text)
    return VALUE.sub(lambda found: f"[{found[1]}]".replace('"', "'"), without)


def nonces(text: str) -> Iterator[str]:
    """What a template's scripts have for a nonce."""
    for tag in re.findall(r"<script\b[^>]*\bsrc=[^>]*>", text):
        yield from re.findall(r'nonce="([^"]*)"', tag)


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE_DIR / "templates"))
)
def test_a_template_has_no_script_or_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert Markup(of_template(text)).faults == []
    assert set(nonces(text)) <= {"{{ csp_nonce }}"}


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_page_as_it_is_served_has_none_either(
    route: Route,
    acme: Tenant,
    as_role: Callable[[Role], Browser],
    anonymous: Browser,
) -> None:
    url = url_of(route, acme, by=acme.memberships.get(role=Role.OWNER).user)
    for browser in (as_role(Role.OWNER), anonymous):
        assert faults_of(browser.get(url)) == []


def faults_of(answer: Any) -> list[str]:
    """What is wrong with the markup of a page; nothing is with an answer of another kind."""
    body = answer.getvalue() if answer.streaming else answer.content
    if not answer["Content-Type"].startswith("text/html"):
        return []
    text = body.decode()
    scripts = re.findall(r"script-src ([^;]+)", answer["Content-Security-Policy"])
    if scripts == ["'self'"]:  # a page that an edge keeps, where there can be no nonce
        assert "nonce=" not in text
        text = text.replace("<script ", '<script nonce="shared" ')
    elif found := set(re.findall(r'<script [^>]*nonce="([^"]*)"', text)):
        assert [f"'nonce-{nonce}'" for nonce in found] == scripts
    return Markup(text).faults


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="/static/js/site.js" nonce="abc" defer></script>',
        '<script type="application/json" id="data">{"a": 1}</script>',
        '<form hx-get="/x" hx-trigger="input changed delay:300ms, submit">',
        '<a href="/javascript/">on time, in style</a>',
        '<option value="once">',
    ],
)
def test_good_markup_passes(markup: str) -> None:
    assert Markup(markup).faults == []


@pytest.mark.parametrize(
    "markup",
    [
        "<style>p { color: red }</style>",
        '<p style="color: red">',
        "<p STYLE=color:red>",
        "<script>alert(1)</script>",
        '<script src="/static/js/site.js"></script>',
        '<script src="/static/js/site.js" nonce=""></script>',
        '<script type="module">import "/x.js"</script>',
        '<button onclick="go()">',
        "<img src=x onerror=go()>",
        '<a href=" JavaScript:go()">',
        '<form action="javascript:go()">',
        '<button hx-on:click="go()">',
        '<button data-hx-on--click="go()">',
        """<button hx-vals='js:{a: 1}'>""",
        '<button hx-trigger="click[ctrlKey]">',
    ],
)
def test_bad_markup_would_be_found(markup: str) -> None:
    assert Markup(markup).faults
