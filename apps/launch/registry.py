"""Which checks there are, and how they are run over facts; what a check asks stands in checks/."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import Failed, Finding, Impact, Outcome, Passed, Report, Status, Tier
from config.differences import DIFFERENCES

CheckFunction = Callable[[Facts], Outcome]
CHECKS: dict[str, "Check"] = {}
# Its fix, production's settings, is also the fix of what development's settings ease by design.
SETTINGS_IN_FORCE = "LC-SET-001"


class UnknownCheck(LookupError):
    """No check has this id, or begins with it."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A pure function from facts to an outcome, and how its finding ranks.

    `title` says what is true when it passes. `covers` are the ids of Django's checks that say the
    same; `reads` are the settings that alone decide it.
    """

    id: str
    tier: Tier
    impact: Impact
    title: str
    function: CheckFunction
    covers: tuple[str, ...]
    reads: tuple[str, ...]

    @property
    def docs(self) -> str:
        """The page that explains it."""
        return f"docs/checks/{self.id}.md"

    def finding(self, outcome: Passed | Failed, environment: str) -> Finding:
        """Make the finding of an outcome."""
        if isinstance(outcome, Passed):
            return self.bare(Status.PASS, outcome.evidence)
        eased = bool(self.reads) and set(self.reads) <= set(DIFFERENCES.get(environment, {}))
        return Finding(
            id=outcome.id or self.id,
            status=Status.FAIL,
            tier=outcome.tier or self.tier,
            impact=self.impact,
            title=outcome.title,
            evidence=outcome.evidence,
            why=outcome.why,
            fix=outcome.fix,
            docs=self.docs,
            follows=SETTINGS_IN_FORCE if eased else "",
        )

    def bare(self, status: Status, evidence: str) -> Finding:
        """Make a finding that has only a status and its reason."""
        return Finding(
            id=self.id,
            status=status,
            tier=self.tier,
            impact=self.impact,
            title=self.title,
            evidence=evidence,
            docs=self.docs,
        )


def check(
    id: str,
    *,
    tier: Tier,
    impact: Impact,
    title: str,
    covers: Iterable[str] = (),
    reads: Iterable[str] = (),
) -> Callable[[CheckFunction], CheckFunction]:
    """Make the decorated function a check. Raises ValueError if the id is taken."""

    def register(function: CheckFunction) -> CheckFunction:
        if id in CHECKS:
            raise ValueError(f"Two checks are called {id}")
        CHECKS[id] = Check(
            id=id,
            tier=tier,
            impact=impact,
            title=title,
            function=function,
            covers=tuple(covers),
            reads=tuple(reads),
        )
        return function

    return register


def known_checks() -> list[Check]:
    """All checks of apps/launch/checks/, by id."""
    for module in iter_modules([str(Path(__file__).parent / "checks")]):
        import_module(f"apps.launch.checks.{module.name}")
    return sorted(CHECKS.values(), key=lambda one: one.id)


def chosen_checks(names: Iterable[str]) -> list[Check]:
    """The checks with these ids, or of these areas (LC-MAIL); all of them without any name.

    Raises UnknownCheck for a name that fits none.
    """
    known = known_checks()
    chosen: list[Check] = []
    for name in names:
        found = [one for one in known if one.id == name or one.id.startswith(f"{name}-")]
        if not found:
            raise UnknownCheck(f"No check is called {name}; see them with --list-checks")
        chosen += [one for one in found if one not in chosen]
    return chosen or known


def judge(one: Check, facts: Facts) -> list[Finding]:
    """Run a check. Without a fact it is unknown, or skipped if nobody asked; a bug is a crash."""
    try:
        outcome = one.function(facts)
    except Skipped as reason:
        return [one.bare(Status.SKIPPED, str(reason))]
    except Unasked as reason:
        return [one.bare(Status.UNKNOWN, str(reason))]
    except Exception as error:  # a broken check must neither pass nor stop the others
        # The message could quote a value, so only the place is told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        return [one.bare(Status.CRASH, where)]
    outcomes = [outcome] if isinstance(outcome, Passed | Failed) else outcome
    return [one.finding(each, facts.environment) for each in outcomes]


def run(facts: Facts, checks: Iterable[Check]) -> Report:
    """Run `checks` over `facts`; a message of Django's that one of ours tells is told once."""
    checks = list(checks)
    findings = [found for one in checks for found in judge(one, facts)]
    failed = {found.id for found in findings if found.status is Status.FAIL}
    told = {message for one in checks if one.id in failed for message in one.covers}
    return Report(
        findings=sorted((f for f in findings if f.id not in told), key=lambda f: f.rank),
        environment=facts.environment,
        site=facts.settings["SITE_HOST"],
        release=facts.settings["RELEASE"],
        checks_run=len(checks),
        checks_known=len(known_checks()),
    )
