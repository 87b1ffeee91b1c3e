"""The printable report of launch_check in a real browser: in both themes, narrow, and harmless."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from apps.launch.formats import FORMATS
from tests.browser.accessible import WCAG, faults_at
from tests.launch.reports import REPORTS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("name", ["everything", "offline"])
def test_the_report_is_legible_at_any_width_and_nothing_in_it_runs(
    chromium: Browser, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(FORMATS["html"](REPORTS[name](), ""), encoding="utf-8")
    # axe is a script, which the page itself allows none of.
    page = chromium.new_page(bypass_csp=True)
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert faults_at(page, [320, 1200], WCAG) == []
    assert said == []
    page.close()
