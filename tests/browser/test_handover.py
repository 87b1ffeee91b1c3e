"""The handover pack in a real browser: in both themes, narrow, printed, and harmless."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from apps.core.surface import routes
from apps.launch.facts import Facts
from apps.launch.gathering.health import procfile
from apps.launch.handover.as_html import as_html
from apps.launch.handover.pack import pack
from apps.launch.registry import known_checks, run
from tests.browser.accessible import WCAG, faults_at
from tests.launch.fabricated import SOUND, with_facts
from tests.launch.test_handover import HOSTILE, filled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def written(folder: Path, facts: Facts) -> str:
    """The address of the page of a pack of these facts."""
    made = pack(facts, run(facts, known_checks()), routes=list(routes()), processes=procfile())
    file = folder / "handover.html"
    file.write_text(as_html(made), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize(
    "facts", [SOUND, with_facts(plan=filled(HOSTILE))], ids=["sound", "hostile"]
)
def test_the_pack_is_legible_at_any_width_and_nothing_in_it_runs(
    chromium: Browser, tmp_path: Path, facts: Facts
) -> None:
    # axe is a script, which the page itself allows none of.
    page = chromium.new_page(bypass_csp=True)
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(written(tmp_path, facts))
    # Headings in order and landmarks, too.
    assert faults_at(page, [320, 1280], [*WCAG, "cat.semantics"]) == []
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
