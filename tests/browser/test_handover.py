"""The handover pack in a real browser: in both themes, narrow, printed, and harmless."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from apps.core.surface import routes
from apps.launch.facts import Facts
from apps.launch.gathering.health import procfile
from apps.launch.handover.as_html import as_html
from apps.launch.handover.pack import pack
from apps.launch.registry import known_checks, run
from tests.launch.fabricated import SOUND, with_facts
from tests.launch.test_handover import HOSTILE, filled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = [*WCAG, "cat.semantics"]  # headings in order, landmarks


def written(folder: Path, facts: Facts) -> str:
    """The address of the page of a pack of these facts."""
    made = pack(facts, run(facts, known_checks()), routes=list(routes()), processes=procfile())
    file = folder / "handover.html"
    file.write_text(as_html(made), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "facts", [SOUND, with_facts(plan=filled(HOSTILE))], ids=["sound", "hostile"]
)
def test_the_pack_is_legible_at_any_width_and_nothing_in_it_runs(
    chromium: Browser, tmp_path: Path, facts: Facts, width: int, theme: str
) -> None:
    # axe is a script, which the page itself allows none of.
    page = chromium.new_page(
        color_scheme="light" if theme == "light" else "dark",
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(written(tmp_path, facts))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Without what passes, or else each of a thousand elements is told with its text.
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert found.response["violations"] == []
    assert said == [page.url]
    page.close()


def test_the_pack_obeys_its_own_policy_and_each_bad_day_begins_a_sheet(
    chromium: Browser, tmp_path: Path
) -> None:
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(written(tmp_path, SOUND))
    page.emulate_media(media="print")
    breaks = page.eval_on_selector_all(
        "main > section", "all => all.map(one => getComputedStyle(one).breakBefore)"
    )
    assert breaks == ["auto"] * 9 + ["page"] * 8
    assert page.pdf().startswith(b"%PDF")
    assert said == []
    page.close()
