"""What several forms of a report say alike: the verdict's sentence, the sections, the links."""

from collections.abc import Iterator

from apps.launch.findings import Finding, Report, Status, Tier

EXITS = {
    0: "go",
    1: "no-go",
    3: "no-go: a blocker could not be tested",
    4: "no-go: a check crashed",
}
WORD = {Tier.NOW: "now", Tier.TRAFFIC: "under traffic", Tier.LATER: "later"}
# What a skipped check has to be given, as it is typed.
GIVEN = {"--live": "--live URL", "launch_init": "launch_init"}


def sections(report: Report) -> Iterator[tuple[str, str, list[Finding]]]:
    """The findings that ask for something, in the order of their weight: title, tone, findings."""
    yield "Crashed: a bug in the check, not a pass", "bad", report.having(Status.CRASH)
    yield "Blocks now", "bad", report.having(Status.FAIL, Tier.NOW)
    yield "Could not be tested", "warning", report.having(Status.UNKNOWN)
    yield "Blocks under traffic", "warning", report.having(Status.FAIL, Tier.TRAFFIC)
    yield "Blocks later", "quiet", report.having(Status.FAIL, Tier.LATER)
    yield "Accepted", "quiet", report.accepted


def verdict(report: Report) -> str:
    """The verdict; a go says in the same breath what was left out, lest it be taken for a whole."""
    skipped = report.having(Status.SKIPPED)
    if report.exit_code or not skipped:
        return report.verdict
    asked = f" (need {needs(report)})" if needs(report) else ""
    return f"{report.verdict}, but {len(skipped)} skipped{asked}"


def needs(report: Report) -> str:
    """What the skipped checks have to be given: "--live URL, launch_init"."""
    wanted = {one.needs for one in report.having(Status.SKIPPED) if one.needs}
    return ", ".join(GIVEN.get(each, each) for each in sorted(wanted))


def counts(report: Report) -> list[str]:
    """How many block when, passed, were skipped, unknown, crashed or accepted, where any were."""
    counted = [
        f"{len(report.having(Status.FAIL, Tier.NOW))} block now",
        f"{len(report.having(Status.FAIL, Tier.TRAFFIC))} under traffic",
        f"{len(report.having(Status.FAIL, Tier.LATER))} later",
        f"{len(report.having(Status.PASS))} pass",
    ]
    for status in (Status.SKIPPED, Status.UNKNOWN, Status.CRASH):
        if found := report.having(status):
            counted.append(f"{len(found)} {status.value}")
    if report.accepted:
        counted.append(f"{len(report.accepted)} accepted")
    return counted


def sentence(report: Report) -> str:
    """Verdict and counts in one line."""
    return f"{verdict(report)}: {' · '.join(counts(report))}"


def remarks(report: Report) -> Iterator[str]:
    """What a reader of the verdict has to know of how it came about."""
    if report.environment != "production":
        yield f"Judged on {report.environment}'s settings; a launch runs on production's."
    if report.checks_run < report.checks_known:
        yield f"Only {report.checks_run} of {report.checks_known} checks were asked for."
    if report.fail_on is not Tier.NOW:
        yield f"What blocks {WORD[report.fail_on]} counts too."


def acceptance(found: Finding) -> str:
    """By whom a finding is accepted; or that the plan alone does not do for what blocks now."""
    if found.accepted is None:
        return ""
    one = found.accepted
    if one.holds:
        return f"Accepted by {one.owner} until {one.until}: {one.reason}"
    return f"Accepted by {one.owner}, but it blocks now: add --accept-risk {found.id}"


def link(page: str, base: str) -> str:
    """Where a page of docs/ is read: below `base`, or where it stands in the project."""
    return f"{base.rstrip('/')}/{page}" if base and "://" not in page else page
