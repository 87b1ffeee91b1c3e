"""What axe finds on a page, with its script sent to the page once however often it runs."""

from collections.abc import Iterable, Iterator
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  # what the other theme can break
# Without what passes, or else each of a thousand elements is told with its text; and of what
# fails, what a person needs to find it.
RUN = """
async (options) => (await axe.run(options)).violations.map(({id, help, nodes}) =>
  `${id}, ${help}: ${nodes.slice(0, 2).map(({html}) => html.slice(0, 120)).join(", ")}`)
"""


def inject(page: Page) -> None:
    """Give the page axe, which it keeps until it is left."""
    page.evaluate(AXE_SCRIPT)


def faults_in(page: Page, scheme: Scheme, rules: Iterable[str]) -> Iterator[str]:
    """What breaks the rules in a theme, a line each; axe is there."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    options = {"resultTypes": ["violations"], "runOnly": list(rules)}
    for found in page.evaluate(RUN, options):
        yield f"({scheme}) {found}"


def faults_at(page: Page, widths: Iterable[int], rules: list[str]) -> list[str]:
    """What breaks the rules at each width and in both themes, or is wider than the screen."""
    faults: list[str] = []
    inject(page)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            faults += [f"{width} px {found}" for found in faults_in(page, scheme, rules)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                faults.append(f"{width} px ({scheme}) is wider than the screen")
    return faults
