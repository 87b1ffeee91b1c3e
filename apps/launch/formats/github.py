"""A report as annotations of a GitHub workflow: workflow commands on standard output.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator

from apps.launch.findings import Finding, Report, Status, Tier
from apps.launch.formats.words import acceptance, link, sections, sentence

LEVELS = {Tier.NOW: "error", Tier.TRAFFIC: "warning", Tier.LATER: "notice"}


def github(report: Report, docs: str = "") -> str:
    """One command for each finding that asks for something, then the verdict."""
    lines = [
        command(found, docs)
        for _, _, findings in sections(report)
        for found in findings
        if not found.follows
    ]
    return "\n".join([*lines, sentence(report)])


def command(found: Finding, docs: str) -> str:
    """The annotation of one finding."""
    level = "notice" if found.is_accepted else LEVELS[found.tier]
    if found.status is Status.CRASH:
        level = "error"
    title = property_of(f"{found.id}: {found.title}")
    said = message("\n".join(lines(found, docs)))
    return f"::{level} title={title}::{said}"


def lines(found: Finding, docs: str) -> Iterator[str]:
    """What an annotation says, a line each."""
    if found.status is not Status.FAIL:
        yield found.status.value
    yield from filter(None, (found.evidence, found.why, acceptance(found)))
    if found.fix:
        yield f"Fix: {found.fix}"
    yield link(found.docs, docs)


def message(text: str) -> str:
    """Escape a command's message, as the runner reads it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_of(text: str) -> str:
    """Escape a command's property, as the runner reads it."""
    return message(text).replace(":", "%3A").replace(",", "%2C")
