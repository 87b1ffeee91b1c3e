"""Every check of launch_check: it passes a sound launch, finds its fault, and no other does."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import pytest

from apps.launch.facts import Facts
from apps.launch.facts.settings import Settings
from apps.launch.findings import Finding, Status, Tier
from apps.launch.formats import FORMATS
from apps.launch.formats import text as render
from apps.launch.registry import known_checks, run
from tests.launch.fabricated import SOUND, with_facts, with_settings
from tests.launch.faults import FAULTS, HARMLESS, UNHAD
from tests.launch.faults.plan import WITHOUT


def failures(facts: Facts) -> list[Finding]:
    """What does not pass and is not accepted; a check whose matter another fails is skipped."""
    calm = {Status.PASS, Status.SKIPPED}
    findings = run(facts, known_checks()).findings
    return [f for f in findings if f.status not in calm and not f.is_accepted]


def test_a_sound_launch_passes_every_check() -> None:
    report = run(SOUND, known_checks())
    assert [f.id for f in report.findings if f.status is not Status.PASS] == []
    assert len(report.findings) == len(known_checks()) > 25
    assert report.verdict == "GO"


@pytest.mark.parametrize(("id", "tier", "facts"), FAULTS, ids=[id for id, *_ in FAULTS])
def test_a_fault_is_found_by_its_check_and_by_no_other(id: str, tier: Tier, facts: Facts) -> None:
    assert [(f.id, f.tier, f.status) for f in failures(facts)] == [(id, tier, Status.FAIL)]


@pytest.mark.parametrize(("why", "facts"), HARMLESS, ids=[why for why, _ in HARMLESS])
def test_what_is_well_is_not_reported(why: str, facts: Facts) -> None:
    assert failures(facts) == [], why


@pytest.mark.parametrize(("missing", "ids"), UNHAD, ids=[next(iter(m)) for m, _ in UNHAD])
def test_a_check_without_its_fact_is_unknown_and_says_why(
    missing: dict[str, Any], ids: set[str]
) -> None:
    found = failures(with_facts(**missing))
    assert {f.id for f in found} == ids
    assert {(f.status, f.evidence) for f in found} == {(Status.UNKNOWN, "no answer")}


def test_a_check_without_the_setting_it_judges_is_unknown_too() -> None:
    named = {name: SOUND.settings[name] for name in ("ENVIRONMENT", "SITE_HOST", "RELEASE")}
    report = run(with_facts(settings=Settings(named)), known_checks())
    assert report.having(Status.CRASH) == []
    unknown = {found.id for found in report.having(Status.UNKNOWN)}
    elsewhere = {id for _, ids in UNHAD for id in ids}
    # A process can always tell of itself who it is, and that Celery's and Sentry's defaults stand.
    at_once = {"LC-OPS-001", "LC-OPS-003", "LC-SEC-008", "LC-SET-001", "LC-SET-010"}
    at_once |= {"LC-QUEUE-004", "LC-QUEUE-005", "LC-QUEUE-006"}
    assert {one.id for one in known_checks()} == unknown | elsewhere | at_once


def test_every_check_has_a_fault_in_the_table() -> None:
    ours = {one.id for one in known_checks() if one.is_ours} - {"django", "LC-PLAN-001"}
    assert ours <= {id for id, *_ in FAULTS}


def test_without_a_plan_that_is_the_one_blocker_and_what_rests_on_it_is_skipped() -> None:
    by_status = {
        status: {f.id for f in run(WITHOUT, known_checks()).having(status)}
        for status in (Status.FAIL, Status.SKIPPED, Status.UNKNOWN, Status.CRASH)
    }
    assert by_status.pop(Status.FAIL) == {"LC-PLAN-001"}
    assert "LC-PLAN-002" in by_status.pop(Status.SKIPPED)
    assert not any(by_status.values())


def broken() -> Iterator[Finding]:
    for _, _, facts in FAULTS:
        yield from failures(facts)


def test_a_finding_says_in_few_words_what_was_seen_why_it_matters_and_one_fix() -> None:
    for found in broken():
        for words in (found.title, found.evidence, found.why, found.fix):
            assert words, found.id
            assert "\n" not in words
        assert len(found.why) <= render.WIDTH - render.COLUMN, found.id
        assert len(wrap(f"Fix  {found.fix}", render.WIDTH - render.COLUMN)) <= 2, found.id


def test_no_report_shows_a_secret() -> None:
    canary = "c4n4ry"
    weak = with_settings(
        SECRET_KEY=f"{canary}1",
        SECRET_KEY_FALLBACKS=[f"{canary}2"],
        OPERATOR_TOKEN=f"{canary}1",
        DATABASES={"default": {"PASSWORD": f"{canary}3"}},
        DATABASE_OWNER_URL=f"postgresql://owner:{canary}3@db.harbourside.co/harbourside",
        CELERY_BROKER_URL=f"redis://:{canary}4@localhost:6379/0",
        SMTP={"host": "localhost", "password": f"{canary}4", "use_tls": False, "use_ssl": False},
    )
    report = run(weak, known_checks())
    failed = {f.id for f in report.having(Status.FAIL)}
    assert {"LC-SET-004", "LC-SET-005", "LC-SET-006", "LC-MAIL-002"} <= failed
    for said in (
        render.text(report, render.Look()),
        render.text(report, render.Look(verbose=True)),
        *(form(report, "") for form in FORMATS.values()),
        render.summary(report),
    ):
        assert canary not in said
