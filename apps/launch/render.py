"""A report as text for people and as JSON for programs; it decides nothing."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from textwrap import wrap
from typing import Any

from apps.launch.findings import Finding, Report, Status, Tier
from apps.launch.registry import Check

SCHEMA_VERSION = 1
WIDTH = 80
COLUMN = 15  # where a finding's text begins; longer ids push it to the right

# Paints words in one of the styles "bad", "warning", "good", "quiet"; or leaves them.
Paint = Callable[[str, str], str]

SECTIONS: tuple[tuple[str, str, Status, tuple[Tier, ...]], ...] = (
    ("CRASHED: A BUG IN THE CHECK, NOT A PASS", "bad", Status.CRASH, tuple(Tier)),
    ("BLOCKS NOW", "bad", Status.FAIL, (Tier.NOW,)),
    ("COULD NOT BE TESTED", "warning", Status.UNKNOWN, tuple(Tier)),
    ("BLOCKS UNDER TRAFFIC", "warning", Status.FAIL, (Tier.TRAFFIC,)),
    ("BLOCKS LATER", "quiet", Status.FAIL, (Tier.LATER,)),
)
EXITS = {
    0: "go",
    1: "no-go",
    3: "no-go: a blocker could not be tested",
    4: "no-go: a check crashed",
}


def plain(words: str, style: str) -> str:
    """Leave words as they are, whatever the style."""
    return words


@dataclass(frozen=True)
class Look:
    """How a report is laid out: `verbose` adds what passed, and leaves nothing out."""

    verbose: bool = False
    paint: Paint = plain


def text(report: Report, look: Look) -> str:
    """The report for a person, 80 columns wide."""
    lines = [*head(report, look), ""]
    for title, style, status, tiers in SECTIONS:
        found = [f for tier in tiers for f in report.having(status, tier)]
        spelled = [f for f in found if look.verbose or not f.follows]
        if spelled:
            lines.append(look.paint(f"  {title}", style))
            lines += [*details(report, spelled, style, look), ""]
    if look.verbose:
        lines += [look.paint("  PASSED", "good"), *brief(report, Status.PASS), ""]
        lines += [look.paint("  SKIPPED", "quiet"), *brief(report, Status.SKIPPED), ""]
    else:
        lines += followers(report)
    more = "docs/checks/" if look.verbose else "-v for more, docs/checks/ for all"
    lines.append(f"  exit {report.exit_code}, {EXITS[report.exit_code]}   ({more})")
    return "\n".join(lines)


def head(report: Report, look: Look) -> Iterator[str]:
    """Whom it is about, the verdict and the counts."""
    style = "bad" if report.exit_code else "good"
    yield f"launch_check  {report.site}    release {report.release}"
    yield ""
    yield f"  {look.paint(report.verdict, style)}   {counts(report)}"
    if report.environment != "production":
        yield f"          Judged on {report.environment}'s settings; a launch runs on production's."
    if report.checks_run < report.checks_known:
        yield f"          Only {report.checks_run} of {report.checks_known} checks were asked for."


def counts(report: Report) -> str:
    """How many block when, passed, are unknown or crashed; without the two last where none is."""
    counted = [
        f"{len(report.having(Status.FAIL, Tier.NOW))} block now",
        f"{len(report.having(Status.FAIL, Tier.TRAFFIC))} under traffic",
        f"{len(report.having(Status.FAIL, Tier.LATER))} later",
        f"{len(report.having(Status.PASS))} pass",
    ]
    for status in (Status.SKIPPED, Status.UNKNOWN, Status.CRASH):
        if found := report.having(status):
            counted.append(f"{len(found)} {status.value}")
    return " · ".join(counted)


def details(report: Report, findings: Iterable[Finding], style: str, look: Look) -> Iterator[str]:
    """Each finding; away from production briefly, so that all of them stand on one screen."""
    brief = report.environment != "production" and not look.verbose
    for number, finding in enumerate(findings):
        later = finding.tier is Tier.LATER and not look.verbose
        if number and not (brief or later):
            yield ""
        column = max(COLUMN, len(finding.id) + 4)
        first, *said = wrap(finding.title, WIDTH - column)
        yield f"  {look.paint(finding.id, style)}{' ' * (column - 2 - len(finding.id))}{first}"
        if not brief or finding.status is not Status.FAIL:
            said += wrap("" if later else finding.evidence, WIDTH - column)
        said += wrap("" if later else finding.why, WIDTH - column)
        said += wrap(finding.fix, WIDTH - column, initial_indent="Fix  ", subsequent_indent=" " * 5)
        said += [] if brief or later else [finding.docs]
        yield from (f"{' ' * column}{line}" for line in said)


def followers(report: Report) -> Iterator[str]:
    """One paragraph for what goes away with another finding's fix."""
    followers = [f for f in report.findings if f.follows]
    if followers:
        ids = ", ".join(f.id for f in followers)
        sentence = (
            f"{len(followers)} more fail by design in {report.environment} and go away with "
            f"{followers[0].follows}: {ids}."
        )
        yield from wrap(sentence, WIDTH, initial_indent="  ", subsequent_indent="  ")
        yield ""


def brief(report: Report, status: Status) -> Iterator[str]:
    """One line for each check of a status: what it is about, and why it is so."""
    for finding in report.having(status):
        line = f"  {finding.id:<{COLUMN - 3}} {finding.title}"
        yield from wrap(f"{line} ({finding.evidence})", WIDTH, subsequent_indent=" " * COLUMN)


def summary(report: Report) -> str:
    """The report in one line."""
    where = "" if report.environment == "production" else f" ({report.environment}'s settings)"
    return f"{report.verdict}: {counts(report)}{where}"


def as_json(report: Report) -> str:
    """The report for programs. `schema_version` rises when a field goes or changes its meaning."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "site": report.site,
        "release": report.release,
        "environment": report.environment,
        "counts": {
            "now": len(report.having(Status.FAIL, Tier.NOW)),
            "traffic": len(report.having(Status.FAIL, Tier.TRAFFIC)),
            "later": len(report.having(Status.FAIL, Tier.LATER)),
            **{
                status.value: len(report.having(status))
                for status in (Status.PASS, Status.SKIPPED, Status.UNKNOWN, Status.CRASH)
            },
        },
        "findings": [asdict(finding) for finding in report.findings],
    }
    return json.dumps(document, indent=2, default=named, ensure_ascii=False)


def named(value: Any) -> str:
    """How an enumeration stands in JSON: by its name, in small letters."""
    if isinstance(value, Enum):
        return value.name.lower()
    raise TypeError(type(value).__name__)


def listing(checks: Sequence[Check]) -> str:
    """One line for each check: id, tier, what is true when it passes."""
    return "\n".join(f"{one.id:<{COLUMN}}{one.tier.value:<9}{one.title}" for one in checks)
