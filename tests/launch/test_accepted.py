"""Accepted risks and the verdict: what is taken out of the count, and what cannot be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import Failed, Impact, Outcome, Passed, Status, Tier
from apps.launch.plan import AcceptedRisk
from apps.launch.registry import Check, known_checks, run
from tests.launch.fabricated import PLAN, SOUND, with_facts, with_settings
from tests.launch.faults.plan import accepting, django_said

TODAY = SOUND.now.date()


def check(outcome: Outcome | Exception, tier: Tier = Tier.TRAFFIC) -> Check:
    """A check that ends so."""

    def function(facts: Facts) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Check(id="A-1", tier=tier, impact=Impact.LOSS, title="It holds", function=function)


def failed(subject: str = "") -> Failed:
    return Failed(title="It fails", evidence="seen", why="why", fix="fix", subject=subject)


def test_an_accepted_failure_leaves_the_count_and_stays_in_the_report() -> None:
    report = run(accepting("A-1"), [check(failed())], fail_on=Tier.LATER)
    assert (report.verdict, report.having(Status.FAIL)) == ("GO", [])
    (found,) = report.accepted
    assert found.accepted
    assert (found.accepted.owner, found.accepted.until) == ("Ada", TODAY)


def test_a_fingerprint_accepts_one_finding_of_several() -> None:
    both = [failed("a"), failed("b")]
    first, _ = run(SOUND, [check(both)]).findings
    report = run(accepting("A-1", mark=first.fingerprint), [check(both)])
    assert [found.subject for found in report.accepted] == [first.subject]
    assert len(report.having(Status.FAIL)) == 1


@pytest.mark.parametrize("outcome", [Unasked("no answer"), RuntimeError("a bug"), Skipped("none")])
def test_what_is_no_failure_cannot_be_accepted(outcome: Exception) -> None:
    report = run(accepting("A-1"), [check(outcome, Tier.NOW)], accept_now=["A-1"])
    assert report.accepted == []
    assert [found.accepted for found in report.findings] == [None]


def test_what_blocks_now_is_accepted_by_plan_and_command_line_together_alone() -> None:
    blocker = [check(failed(), Tier.NOW)]
    assert run(accepting("A-1"), blocker).exit_code == 1
    assert run(SOUND, blocker, accept_now=["A-1"]).exit_code == 1
    assert run(accepting("A-1"), blocker, accept_now=["A-1"]).exit_code == 0


def test_a_risk_that_has_run_out_counts_again_and_is_said_to() -> None:
    facts = accepting("LC-SET-009", TODAY - timedelta(days=1), facts=with_settings(NOINDEX=True))
    report = run(facts, known_checks())
    assert {found.id for found in report.having(Status.FAIL)} == {"LC-SET-009", "LC-PLAN-011"}
    assert report.accepted == []


STILL = [
    ("the check was not asked for", "LC-MAIL-001", SOUND, ["LC-PLAN-012"]),
    (
        "the check could not tell",
        "LC-DATA-002",
        with_facts(database=Unasked("no answer")),
        ["LC-PLAN-012", "LC-DATA-002"],
    ),
    (
        "Django was not asked",
        "urls.W002",
        with_facts(django=Unasked("x")),
        ["LC-PLAN-012", "django"],
    ),
    ("it is still there", "urls.W002", django_said("urls.W002"), ["LC-PLAN-012", "django"]),
]


@pytest.mark.parametrize(("why", "id", "facts", "ids"), STILL, ids=[why for why, *_ in STILL])
def test_a_risk_is_gone_only_if_its_check_ran_and_could_tell(
    why: str, id: str, facts: Facts, ids: list[str]
) -> None:
    checks = [one for one in known_checks() if one.id in ids]
    report = run(accepting(id, facts=facts), checks)
    (found,) = [found for found in report.findings if found.id == "LC-PLAN-012"]
    assert found.status is Status.PASS, why


def test_several_accepted_risks_that_are_wrong_are_told_one_by_one() -> None:
    risks = tuple(
        AcceptedRisk(id=id, reason="r", owner="Ada", until=TODAY) for id in ("NO-1", "NO-2")
    )
    report = run(replace(SOUND, plan=replace(PLAN, accepted=risks)), known_checks())
    wrong = [found for found in report.having(Status.FAIL) if found.id == "LC-PLAN-013"]
    assert len({found.fingerprint for found in wrong}) == 2


@pytest.mark.parametrize(
    ("needs", "live", "code"),
    [
        ("", "", 0),
        ("launch_init", "", 0),
        ("", "https://a.example", 0),
        ("launch_init", "https://a.example", 3),
    ],
)
def test_a_blocker_left_out_counts_only_where_the_whole_was_asked_for(
    needs: str, live: str, code: int
) -> None:
    left_out = check(Skipped("it was left out", needs=needs), Tier.NOW)
    passed = replace(check(Passed("seen")), id="B-1")
    assert run(SOUND, [left_out, passed], live=live).exit_code == code


@pytest.mark.parametrize(
    ("tier", "fail_on", "code"),
    [
        (Tier.TRAFFIC, Tier.NOW, 0),
        (Tier.TRAFFIC, Tier.TRAFFIC, 1),
        (Tier.LATER, Tier.TRAFFIC, 0),
        (Tier.LATER, Tier.LATER, 1),
        (Tier.NOW, Tier.LATER, 1),
    ],
)
def test_the_last_tier_that_counts_is_chosen(tier: Tier, fail_on: Tier, code: int) -> None:
    assert run(SOUND, [check(failed(), tier)], fail_on=fail_on).exit_code == code
    unknown = run(SOUND, [check(Unasked("no answer"), tier)], fail_on=fail_on)
    assert unknown.exit_code == (3 if code else 0)
