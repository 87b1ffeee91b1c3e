"""Which checks there are, and how they are run over facts; what a check asks stands in checks/."""

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import (
    Acceptance,
    Failed,
    Finding,
    Impact,
    Outcome,
    Passed,
    Report,
    Status,
    Tier,
)
from apps.launch.harmless import harmless
from apps.launch.plan import AcceptedRisk
from config.differences import DIFFERENCES

CheckFunction = Callable[[Facts], Outcome]
CHECKS: dict[str, "Check"] = {}
OURS = "apps.launch.checks"
PLUG_IN = "launch_checks"  # the module of an app that has checks of its own
INDEX = "docs/checks/README.md"
# Its fix, production's settings, is also the fix of what development's settings ease by design.
SETTINGS_IN_FORCE = "LC-SET-001"


class UnknownCheck(LookupError):
    """No check has this id, or begins with it."""


class BadCheck(ValueError):
    """A check that cannot be registered; its words say why and quote no value."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A pure function from facts to an outcome, and how its finding ranks.

    `title` says what is true when it passes. `covers` are the ids of Django's checks that say the
    same; `reads` are the settings that alone decide it. `page` explains it, where that is not the
    one in docs/checks/. One that `judges_findings` runs after the others and sees what they found.
    """

    id: str
    tier: Tier
    impact: Impact
    title: str
    function: CheckFunction
    covers: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    page: str = ""
    judges_findings: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it came with the starter; others are a founder's own."""
        return self.function.__module__.startswith(f"{OURS}.")

    @property
    def docs(self) -> str:
        """The page that explains it, in the project or at an address."""
        return self.page or (f"docs/checks/{self.id}.md" if self.is_ours else INDEX)

    @property
    def place(self) -> str:
        """Where it is written."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def is_eased(self, environment: str) -> bool:
        """Whether all that decides it differs from production there by design."""
        return bool(self.reads) and set(self.reads) <= set(DIFFERENCES.get(environment, {}))

    def finding(self, outcome: Passed | Failed, environment: str) -> Finding:
        """Make the finding of an outcome."""
        if isinstance(outcome, Passed):
            return self.bare(Status.PASS, outcome.evidence)
        return Finding(
            id=harmless(outcome.id) or self.id,
            status=Status.FAIL,
            tier=outcome.tier or self.tier,
            impact=self.impact,
            title=harmless(outcome.title),
            evidence=harmless(outcome.evidence),
            why=harmless(outcome.why),
            fix=harmless(outcome.fix),
            docs=self.docs,
            follows=SETTINGS_IN_FORCE if self.is_eased(environment) else "",
            subject=harmless(outcome.subject),
        )

    def bare(self, status: Status, evidence: str) -> Finding:
        """Make a finding that has only a status and its reason."""
        return Finding(
            id=self.id,
            status=status,
            tier=self.tier,
            impact=self.impact,
            title=self.title,
            evidence=harmless(evidence),
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
    docs: str = "",
    judges_findings: bool = False,
) -> Callable[[CheckFunction], CheckFunction]:
    """Make the decorated function a check. Raises BadCheck if the id is taken or malformed."""

    def register(function: CheckFunction) -> CheckFunction:
        made = Check(
            id=id,
            tier=tier,
            impact=impact,
            title=title,
            function=function,
            covers=tuple(covers),
            reads=tuple(reads),
            page=docs,
            judges_findings=judges_findings,
        )
        if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", id):
            raise BadCheck(f"{made.place}: an id is letters, digits and hyphens: ACME-001")
        if id in CHECKS:
            raise BadCheck(f"Two checks are called {id}: {CHECKS[id].place} and {made.place}")
        CHECKS[id] = made
        return function

    return register


def known_checks() -> list[Check]:
    """All checks, by id: ours, those of the apps, and one for each app whose own cannot be had."""
    for module in iter_modules([str(Path(__file__).parent / "checks")]):
        import_module(f"{OURS}.{module.name}")
    broken = plug_ins()
    return sorted((*CHECKS.values(), *broken), key=lambda one: one.id)


@cache
def plug_ins() -> tuple[Check, ...]:
    """Import each app's launch_checks; return a check that crashes for each that cannot be.

    Once, since a module that failed half-way has registered what stands before its mistake.
    """
    broken = []
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, PLUG_IN):
            name = f"{app.module.__name__}.{PLUG_IN}"
            try:
                import_module(name)
            except Exception as error:  # a founder's mistake must not hide what the others find
                broken.append(unusable(name, error))
    return tuple(broken)


def unusable(module: str, error: Exception) -> Check:
    """The check that says that a module of checks cannot be imported."""

    def function(facts: Facts) -> Outcome:
        raise error

    return Check(
        id=module,
        tier=Tier.NOW,
        impact=Impact.BLINDNESS,
        title=f"The checks of {module} can be imported",
        function=function,
    )


def chosen_checks(names: Iterable[str]) -> list[Check]:
    """The checks with these ids, or of these areas (LC-MAIL); all of them without any name.

    Raises UnknownCheck for a name that fits none.
    """
    known = known_checks()
    chosen: list[Check] = []
    for name in names:
        found = [one for one in known if one.id == name or one.id.startswith(f"{name}-")]
        if not found:
            raise UnknownCheck(
                f"No check is called {harmless(name, 80)}; see them with --list-checks"
            )
        chosen += [one for one in found if one not in chosen]
    return chosen or known


def judge(one: Check, facts: Facts) -> list[Finding]:
    """Run a check. Without a fact it is unknown, or skipped if nobody asked; a bug is a crash.

    Where staging is to be judged as such, what it eases by design is not asked.
    """
    try:
        if facts.is_judged_as_staging and one.is_eased("staging"):
            raise Skipped("staging differs here by design: docs/environment.md")
        outcome = one.function(facts)
        outcomes = [outcome] if isinstance(outcome, Passed | Failed) else list(outcome)
        findings = [one.finding(each, facts.environment) for each in outcomes]
    except Skipped as reason:
        return [replace(one.bare(Status.SKIPPED, str(reason)), needs=reason.needs)]
    except Unasked as reason:
        return [one.bare(Status.UNKNOWN, str(reason))]
    except Exception as error:  # a broken check must neither pass nor stop the others
        return [one.bare(Status.CRASH, told(error))]
    if not findings:
        return [one.bare(Status.CRASH, "it returned nothing, neither Passed nor Failed")]
    return findings


def told(error: Exception) -> str:
    """What is told of a bug: its place alone, since its message could quote a value."""
    if isinstance(error, BadCheck):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def run(
    facts: Facts,
    checks: Iterable[Check],
    *,
    fail_on: Tier = Tier.NOW,
    accept_now: Iterable[str] = (),
    live: str = "",
) -> Report:
    """Run `checks` over `facts`; a message of Django's that one of ours tells is told once.

    `accept_now` are the ids that the command line accepts, in addition to the plan, although they
    block now; `live` is the address that was asked.
    """
    checks = list(checks)
    findings = [found for one in checks if not one.judges_findings for found in judge(one, facts)]
    failed = {found.id for found in findings if found.status is Status.FAIL}
    told = {message for one in checks if one.id in failed for message in one.covers}
    findings = [found for found in findings if found.id not in told]
    risks = () if isinstance(facts.plan, Unasked) else facts.plan.accepted
    findings = [
        replace(found, accepted=acceptance(found, risks, facts, set(accept_now)))
        for found in findings
    ]
    seen = facts.with_findings(tuple(findings))
    findings += [found for one in checks if one.judges_findings for found in judge(one, seen)]
    return Report(
        findings=sorted(findings, key=lambda found: found.rank),
        environment=facts.environment,
        site=facts.settings["SITE_HOST"],
        release=facts.settings["RELEASE"],
        checks_run=len(checks),
        checks_known=len(known_checks()),
        fail_on=fail_on,
        live=live,
    )


def acceptance(
    found: Finding, risks: Sequence[AcceptedRisk], facts: Facts, accept_now: set[str]
) -> Acceptance | None:
    """By whom a failure is accepted today; a crash or an unknown cannot be."""
    if found.status is not Status.FAIL:
        return None
    for risk in risks:
        if is_meant(risk, found) and risk.until >= facts.now.date():
            holds = found.tier is not Tier.NOW or found.id in accept_now
            return Acceptance(
                owner=harmless(risk.owner),
                reason=harmless(risk.reason),
                until=risk.until,
                holds=holds,
            )
    return None


def is_meant(risk: AcceptedRisk, found: Finding) -> bool:
    """Whether an accepted risk is about this finding."""
    return risk.id == found.id and risk.fingerprint in {"", found.fingerprint}
