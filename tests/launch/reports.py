"""Reports of every kind, hostile words among them, for whatever shows a report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import Failed, Impact, Outcome, Passed, Report, Tier
from apps.launch.plan import AcceptedRisk
from apps.launch.registry import Check, run
from tests.launch.fabricated import PLAN, with_facts, with_settings

HOSTILE = (
    "<script>alert(1)</script> & \"quotes\" 'too' | cell `tick` *bold* [a](https://evil.example) "
    "@someone #1 100% %0A::error::forged\n::error title=x::forged\r\nnext\x1b[2J\x1b]0;t\x07 ]]> "
    "\u202egnitsisrep {{ site }} {% now %} " + "unbroken" * 20
)


LONG = "LC-A-LONG-NAME-THAT-A-FOUNDER-MIGHT-WELL-GIVE-TO-A-CHECK-OF-THEIR-OWN-1"


def failing(n: int, tier: Tier, words: str = "seen", id: str = "LC-TEST") -> Check:
    """A check that fails."""

    def function(facts: Facts) -> Outcome:
        return Failed(title=f"It fails: {words}", evidence=words, why=words, fix=words)

    return made(f"{id}-{n:03}", tier, function)


def ending(n: int, tier: Tier, reason: Exception) -> Check:
    """A check that is unknown, skipped or crashes."""

    def function(facts: Facts) -> Outcome:
        raise reason

    return made(f"LC-END-{n:03}", tier, function)


def made(id: str, tier: Tier, function: object) -> Check:
    return Check(
        id=id,
        tier=tier,
        impact=Impact.OUTAGE,
        title="It holds",
        function=function,  # type: ignore[arg-type]  # what it is given is a check's function
        page=f"docs/checks/{id}.md",
    )


def passing(facts: Facts) -> Outcome:
    return Passed(HOSTILE)


CHECKS: Sequence[Check] = (
    failing(1, Tier.NOW, HOSTILE),
    failing(2, Tier.TRAFFIC, HOSTILE),
    failing(3, Tier.LATER, HOSTILE),
    failing(4, Tier.LATER, HOSTILE),
    failing(
        5, Tier.NOW, id="LC-A-LONG-NAME-THAT-A-FOUNDER-MIGHT-WELL-GIVE-TO-A-CHECK-OF-THEIR-OWN-1"
    ),
    ending(1, Tier.NOW, Unasked(HOSTILE)),
    ending(2, Tier.LATER, Skipped(HOSTILE)),
    ending(3, Tier.NOW, Skipped("needs --live", needs="--live")),
    ending(4, Tier.NOW, RuntimeError(HOSTILE)),
    made("LC-PASS-001", Tier.NOW, passing),
)
RISK = AcceptedRisk(id="LC-TEST-004", reason=HOSTILE, owner=HOSTILE, until=date(2026, 12, 24))
FACTS = with_facts(plan=replace(PLAN, accepted=(RISK,)))


def everything(live: str = "") -> Report:
    """A report with a finding of every kind, each with hostile words."""
    return run(FACTS, CHECKS, live=live)


def nothing() -> Report:
    """A report in which all passed."""
    return run(FACTS, CHECKS[-1:])


def offline() -> Report:
    """A go in which much was skipped."""
    return run(FACTS, [CHECKS[-1], CHECKS[-3]])


def crowded() -> Report:
    """Development's report where more than a hundred checks fail."""
    checks = [failing(n, list(Tier)[n % 3]) for n in range(120)]
    skipped = [ending(n, Tier.NOW, Skipped("needs --live", needs="--live")) for n in range(30)]
    return run(with_settings(ENVIRONMENT="development"), [*checks, *skipped])


REPORTS = {
    "everything": everything,
    "live": lambda: everything("https://portal.harbourside.co"),
    "nothing": nothing,
    "offline": offline,
    "crowded": crowded,
}
