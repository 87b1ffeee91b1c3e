"""The printable report of launch_check in a real browser: in both themes, narrow, and harmless."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from apps.launch.formats import FORMATS
from tests.launch.reports import REPORTS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("name", ["everything", "offline"])
def test_the_report_is_legible_at_any_width_and_nothing_in_it_runs(
    chromium: Browser, tmp_path: Path, name: str, width: int, theme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(FORMATS["html"](REPORTS[name](), ""), encoding="utf-8")
    # axe is a script, which the page itself allows none of.
    page = chromium.new_page(
        color_scheme="light" if theme == "light" else "dark",
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Without what passes, or else each of a thousand elements is told with its text.
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": WCAG})
    assert found.response["violations"] == []
    assert said == []
    page.close()
