"""How checks are chosen and run, and how their findings become a verdict."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from apps.launch import registry
from apps.launch.facts import Facts, Message, Unasked, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Report, Status, Tier
from apps.launch.formats.as_json import as_json
from apps.launch.registry import (
    BadCheck,
    Check,
    CheckFunction,
    UnknownCheck,
    check,
    chosen_checks,
    known_checks,
    run,
)
from tests.launch.fabricated import SETTINGS, SOUND, with_facts

FAILED = Failed(title="It fails", evidence="seen", why="because", fix="mend it")


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Forget the checks that a test registers."""
    known_checks()
    before = dict(registry.CHECKS)
    yield
    registry.CHECKS.clear()
    registry.CHECKS.update(before)


def one(
    function: CheckFunction,
    id: str = "LC-TEST-001",
    tier: Tier = Tier.NOW,
    impact: Impact = Impact.LOSS,
) -> Check:
    """A check of that function."""
    return Check(id=id, tier=tier, impact=impact, title="It holds", function=function)


def ok(facts: Facts) -> Outcome:
    return Passed("seen")


def bad(facts: Facts) -> Outcome:
    return FAILED


def unheard(facts: Facts) -> Outcome:
    known(facts.database)
    return Passed("heard")


def broken(facts: Facts) -> Outcome:
    return Passed(f"{1 / len(facts.findings)}")


SILENT = with_facts(database=Unasked("no answer"))


def report(*functions: CheckFunction, tier: Tier = Tier.NOW) -> Report:
    """The report of checks that are these functions, where the database does not answer."""
    return run(SILENT, [one(f, f"LC-TEST-{n:03}", tier) for n, f in enumerate(functions)])


def test_all_passed_is_go() -> None:
    assert (report(ok, ok).verdict, report(ok).exit_code) == ("GO", 0)


def test_a_failed_check_of_the_first_tier_is_no_go() -> None:
    assert (report(ok, bad).verdict, report(ok, bad).exit_code) == ("NO-GO", 1)


@pytest.mark.parametrize("tier", [Tier.TRAFFIC, Tier.LATER])
@pytest.mark.parametrize("function", [bad, unheard])
def test_what_does_not_block_now_is_go(function: CheckFunction, tier: Tier) -> None:
    assert (report(function, tier=tier).verdict, report(function, tier=tier).exit_code) == ("GO", 0)


def test_a_blocker_that_could_not_be_tested_is_inconclusive_and_no_go() -> None:
    assert (report(ok, unheard).verdict, report(ok, unheard).exit_code) == ("NO-GO", 3)


def test_a_failure_is_told_before_what_is_unknown() -> None:
    assert report(bad, unheard).exit_code == 1


@pytest.mark.parametrize("tier", Tier)
def test_a_check_that_raises_is_a_crash_and_never_a_pass(tier: Tier) -> None:
    crashed = report(ok, broken, bad, tier=tier)
    assert crashed.exit_code == 4
    assert crashed.verdict == "NO-GO"
    (found,) = crashed.having(Status.CRASH)
    assert found.id == "LC-TEST-001"
    assert found.evidence.startswith("ZeroDivisionError at test_registry.py:")
    assert len(crashed.having(Status.PASS)) == 1, "the other checks ran"


def test_findings_are_ranked_by_tier_then_by_what_is_lost() -> None:
    checks = [
        one(bad, "A", Tier.LATER, Impact.EXPOSURE),
        one(bad, "B", Tier.NOW, Impact.IMAGE),
        one(bad, "C", Tier.NOW, Impact.EXPOSURE),
        one(bad, "D", Tier.TRAFFIC, Impact.LOSS),
        one(bad, "E", Tier.NOW, Impact.OUTAGE),
    ]
    assert [f.id for f in run(SOUND, checks).findings] == ["C", "E", "B", "D", "A"]


def test_a_message_of_djangos_that_a_failed_check_tells_is_told_once() -> None:
    debug = Message(id="security.W018", text="D.", hint="H", is_error=False, silenced=False)
    facts = with_facts(django=(debug,), settings={**SETTINGS, "DEBUG": True})
    assert [f.id for f in run(facts, known_checks()).having(Status.FAIL)] == ["LC-SET-002"]


def test_a_message_of_djangos_is_told_where_our_own_check_saw_nothing() -> None:
    debug = Message(id="security.W018", text="D.", hint="H", is_error=False, silenced=True)
    failed = run(with_facts(django=(debug,)), known_checks()).having(Status.FAIL)
    assert [(f.id, f.tier) for f in failed] == [("security.W018", Tier.NOW)]
    assert "silenced" in failed[0].evidence


def test_what_developments_settings_ease_by_design_follows_from_them() -> None:
    eased = {
        **SETTINGS,
        "ENVIRONMENT": "development",
        "DEBUG": True,
        "SITE_URL": "http://localhost",
    }
    failed = run(with_facts(settings=eased), known_checks()).having(Status.FAIL)
    assert {f.id: f.follows for f in failed} == {
        "LC-SET-001": "",
        "LC-SET-002": "LC-SET-001",
        "LC-SET-007": "",
    }


def test_in_production_nothing_follows() -> None:
    failed = run(with_facts(settings={**SETTINGS, "DEBUG": True}), known_checks())
    assert [f.follows for f in failed.having(Status.FAIL)] == [""]


def test_checks_are_chosen_by_id_and_by_area_once_each() -> None:
    chosen = [c.id for c in chosen_checks(["LC-DATA", "LC-DATA-001", "LC-SET-002"])]
    assert chosen == ["LC-DATA-001", "LC-DATA-002", "LC-DATA-003", "LC-SET-002"]


def test_without_a_name_all_checks_are_chosen() -> None:
    assert chosen_checks([]) == known_checks()


@pytest.mark.parametrize("name", ["LC-MAIL-9", "LC-MA", "mail", ""])
def test_a_name_that_fits_no_check_is_refused(name: str) -> None:
    with pytest.raises(UnknownCheck, match="--list-checks"):
        chosen_checks([name])


def test_two_checks_cannot_share_an_id() -> None:
    again = check("LC-SET-001", tier=Tier.NOW, impact=Impact.LOSS, title="Again")
    both = r"LC-SET-001: apps\.launch\.checks\.settings\.settings_in_force and tests\.launch\..*ok"
    with pytest.raises(BadCheck, match=both):
        again(ok)


@pytest.mark.parametrize("id", ["", "A B", "A-", "a.b", "A\n", "A|B"])
def test_an_id_that_would_not_print_is_refused(id: str) -> None:
    with pytest.raises(BadCheck, match="letters, digits and hyphens"):
        check(id, tier=Tier.NOW, impact=Impact.LOSS, title="Odd")(ok)


def test_a_check_that_returns_nothing_is_a_crash() -> None:
    (found,) = run(SOUND, [one(lambda facts: [])]).findings
    assert (found.status, found.evidence) == (
        Status.CRASH,
        "it returned nothing, neither Passed nor Failed",
    )


@pytest.mark.parametrize("returned", [None, 3, ["words"], [None]])
def test_a_check_that_returns_anything_else_is_a_crash(returned: Any) -> None:
    (found,) = run(SOUND, [one(lambda facts: returned)]).findings
    assert found.status is Status.CRASH


def test_findings_of_one_check_are_told_apart_by_their_subject_and_keep_their_mark() -> None:
    def many(facts: Facts) -> Outcome:
        return [replace(FAILED, subject=name, evidence=str(facts.now)) for name in ("a", "b")]

    first, later = (
        [f.fingerprint for f in run(with_facts(now=day), [one(many)]).findings]
        for day in (SOUND.now, SOUND.now + timedelta(days=1))
    )
    assert first == later
    assert len(set(first)) == 2


def test_a_check_is_added_by_one_decorated_function() -> None:
    check("LC-OWN-001", tier=Tier.LATER, impact=Impact.IMAGE, title="Ours")(ok)
    assert "LC-OWN-001" in {c.id for c in known_checks()}
    assert run(SOUND, chosen_checks(["LC-OWN-001"])).having(Status.PASS)[0].evidence == "seen"


def test_a_check_may_have_several_findings_under_ids_of_their_own() -> None:
    def many(facts: Facts) -> Outcome:
        return [replace(FAILED, id="x.W1"), replace(FAILED, id="x.W2", tier=Tier.LATER)]

    found = run(SOUND, [one(many)]).findings
    assert [(f.id, f.tier) for f in found] == [("x.W1", Tier.NOW), ("x.W2", Tier.LATER)]


def test_the_json_report_names_its_schema_and_says_the_same() -> None:
    document = json.loads(as_json(report(ok, bad, unheard, broken)))
    assert document["schema_version"] == 1
    assert (document["verdict"], document["exit_code"]) == ("NO-GO", 4)
    assert document["environment"] == "production"
    assert document["counts"] == {
        "now": 1,
        "traffic": 0,
        "later": 0,
        "pass": 1,
        "skipped": 0,
        "unknown": 1,
        "crash": 1,
        "accepted": 0,
    }
    failed = next(f for f in document["findings"] if f["status"] == "fail")
    assert failed == {
        "id": "LC-TEST-001",
        "status": "fail",
        "tier": "now",
        "impact": "loss",
        "title": "It fails",
        "evidence": "seen",
        "why": "because",
        "fix": "mend it",
        "docs": "docs/checks/README.md",
        "follows": "",
        "needs": "",
        "fingerprint": sha256(b"LC-TEST-001\nIt fails").hexdigest()[:8],
        "accepted": None,
    }
