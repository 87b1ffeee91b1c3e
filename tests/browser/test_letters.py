"""Every mail in a real browser, light and dark, at 320 px: readable, and nothing from afar."""

import pytest
from playwright.sync_api import Browser

from apps.mail.catalogue import ENTRIES
from apps.mail.previews import Preview
from tests.browser.accessible import WCAG, faults_at

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


def test_every_letter_can_be_read_by_everybody(chromium: Browser) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(all_letters())
    assert page.locator("section").count() == len(ENTRIES)
    faults = faults_at(page, [320], WCAG)
    wide = page.locator("section").evaluate_all(f"all => all.filter({NARROW}).map(one => one.id)")
    page.close()
    assert not faults, "\n".join(faults)
    assert not wide, f"wider than 320 px: {wide}"
    assert not asked
