"""Every mail in a real browser, light and dark, at 320 px: readable, and nothing from afar."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from apps.mail.catalogue import ENTRIES
from apps.mail.previews import Preview
from tests.browser.test_pages import WCAG

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NARROW = "section => section.scrollWidth > 320"


def all_letters() -> str:
    """One document with the body of each mail, under the head that they share."""
    head, bodies = "", []
    for entry in ENTRIES:
        html = Preview(entry).html
        head, _, rest = html.partition("<body")
        body = rest.partition(">")[2].partition("</body>")[0]
        bodies.append(f'<section class="page" id="{entry.template}">{body}</section>')
    return (
        f'{head}<body class="page" style="margin: 0"><main>{"".join(bodies)}</main></body></html>'
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_letter_can_be_read_by_everybody(chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(
        viewport={"width": 320, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of its words
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(all_letters())
    assert page.locator("section").count() == len(ENTRIES)
    options = {"resultTypes": ["violations"], "runOnly": WCAG}
    found = Axe().run(page, options=options).response["violations"]
    faults = [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"][:3]]
    wide = page.locator("section").evaluate_all(f"all => all.filter({NARROW}).map(one => one.id)")
    context.close()
    assert not faults, "\n".join(faults)
    assert not wide, f"wider than 320 px: {wide}"
    assert not asked
