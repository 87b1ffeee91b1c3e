"""A report for a person at a terminal, 80 columns wide; on a clone it fits one screen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from textwrap import wrap as wrapped

from apps.launch.findings import Finding, Report, Status
from apps.launch.formats.words import (
    EXITS,
    GIVEN,
    acceptance,
    counts,
    remarks,
    sections,
    sentence,
    verdict,
)
from apps.launch.registry import Check

WIDTH = 80
SCREEN = 40  # lines, away from production
# An id such as LC-SET-001 is no place to end a line.
wrap = partial(wrapped, break_on_hyphens=False)
COLUMN = 15  # where a finding's text begins; longer ids push it to the right
LONGEST = 30  # characters of an id that still has its title beside it

# Paints words in one of the styles "bad", "warning", "good", "quiet"; or leaves them.
Paint = Callable[[str, str], str]


def plain(words: str, style: str) -> str:
    """Leave words as they are, whatever the style."""
    return words


@dataclass(frozen=True)
class Look:
    """How a report is laid out: `verbose` adds what passed, and leaves nothing out."""

    verbose: bool = False
    paint: Paint = plain


def text(report: Report, look: Look) -> str:
    """The report for a person. Away from production it is cut to one screen, unless verbose."""
    head, tail = list(heading(report, look)), list(ending(report, look))
    if report.environment == "production" or look.verbose:
        return "\n".join([*head, *whole(report, look), *tail])
    return "\n".join([*head, *screen(report, look, SCREEN - len(head) - len(tail)), *tail])


def heading(report: Report, look: Look) -> Iterator[str]:
    """The verdict and the counts, then whom it is about."""
    said = verdict(report)
    # No count is torn from what it counts.
    counted = " · ".join(each.replace(" ", "\xa0") for each in counts(report))
    lines = wrap(f"{said}   {counted}", WIDTH, subsequent_indent="  ")
    first, *more = (line.replace("\xa0", " ") for line in lines)
    style = "bad" if report.exit_code else "good"
    yield f"{look.paint(said, style)}{first.removeprefix(said)}"
    yield from more
    about = [f"  {report.site}, release {report.release}", *(f"  {one}" for one in remarks(report))]
    for words in [*about, *([f"  Asked {report.live}"] if report.live else [])]:
        yield from wrap(words, WIDTH, subsequent_indent="  ")
    yield ""


def ending(report: Report, look: Look) -> Iterator[str]:
    """What goes away with another finding, what was skipped and why, and the exit."""
    paragraphs = [] if look.verbose else [*followers(report), *skipped(report)]
    for words in paragraphs:
        yield from wrap(words, WIDTH, initial_indent="  ", subsequent_indent="    ")
    if paragraphs:
        yield ""
    more = "docs/checks/" if look.verbose else "-v for more, docs/checks/ for all"
    yield f"  exit {report.exit_code}, {EXITS[report.exit_code]}   ({more})"


def followers(report: Report) -> Iterator[str]:
    """One sentence for what goes away with another finding's fix."""
    for root in sorted({one.follows for one in report.findings if one.follows}):
        gone = [one.id for one in report.findings if one.follows == root]
        yield (
            f"{len(gone)} more fail by design in {report.environment} and go away with {root}: "
            f"{first_of(gone)}."
        )


def skipped(report: Report) -> Iterator[str]:
    """One sentence for each thing that skipped checks have to be given, or lack."""
    reasons: dict[str, list[str]] = {}
    for one in report.having(Status.SKIPPED):
        reasons.setdefault(one.needs, []).append(one.id)
    for needed, ids in sorted(reasons.items(), reverse=True):
        if needed == "launch_init":
            yield f"{len(ids)} skipped: they need a launch plan (LC-PLAN-001)."
        elif needed:
            yield f"{len(ids)} skipped: they need {GIVEN.get(needed, needed)}."
        else:
            yield f"{len(ids)} skipped, with nothing to judge: {first_of(ids)}."


def first_of(ids: list[str], most: int = 6) -> str:
    """The first few ids, and how many more there are."""
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def whole(report: Report, look: Look) -> Iterator[str]:
    """Every section with everything in it."""
    for title, style, findings in sections(report):
        spelled = [one for one in findings if look.verbose or not one.follows]
        if not spelled:
            continue
        yield look.paint(f"  {title.upper()}", style)
        for number, found in enumerate(spelled):
            short = style == "quiet" and not look.verbose
            if number and not short:
                yield ""
            yield from titled(found, style, look)
            yield from indented(found, *(short_of(found) if short else full(found, look)))
        yield ""
    if look.verbose:
        for title, style, status in (
            ("PASSED", "good", Status.PASS),
            ("SKIPPED", "quiet", Status.SKIPPED),
        ):
            if report.having(status):
                yield look.paint(f"  {title}", style)
                yield from briefly(report, status)
                yield ""


def screen(report: Report, look: Look, room: int) -> Iterator[str]:
    """As much as there is room for: titles by rank first, then reasons and fixes from the top."""
    parts = [
        (title, style, found)
        for title, style, findings in sections(report)
        for found in findings
        if not found.follows
    ]
    # Each section has its title and an empty line; one line is kept for what is left out.
    room -= 2 * len({title for title, *_ in parts}) + 1
    shown: list[tuple[str, str, list[str]]] = []
    for title, style, found in parts:
        lines = list(titled(found, style, look))
        if len(lines) > room:
            break
        room -= len(lines)
        shown.append((title, style, lines))
    for (_, _, found), (_, _, above) in zip(parts, shown, strict=False):
        more = list(indented(found, *short_of(found)))
        if len(more) > room:
            break
        room -= len(more)
        above.extend(more)
    last = ""
    for title, style, spelled in shown:
        if title != last:
            yield from [""] if last else []
            yield look.paint(f"  {title.upper()}", style)
        last = title
        yield from spelled
    if left := len(parts) - len(shown):
        yield f"  and {left} more, with -v"
    yield ""


def titled(found: Finding, style: str, look: Look) -> Iterator[str]:
    """A finding's id and title."""
    column = column_of(found)
    lines = wrap(found.title, WIDTH - column) or [""]
    if len(found.id) > LONGEST:
        yield from (look.paint(f"  {part}", style) for part in wrap(found.id, WIDTH - 2))
    else:
        gap = " " * (column - 2 - len(found.id))
        yield f"  {look.paint(found.id, style)}{gap}{lines.pop(0)}"
    yield from (f"{' ' * column}{line}" for line in lines)


def column_of(found: Finding) -> int:
    """Where a finding's text begins."""
    return max(COLUMN, len(found.id) + 4) if len(found.id) <= LONGEST else COLUMN


def indented(found: Finding, *paragraphs: str) -> Iterator[str]:
    """Paragraphs below a finding's title; a fix hangs."""
    column = column_of(found)
    for words in paragraphs:
        hang = " " * 5 if words.startswith("Fix  ") else ""
        for line in wrap(words, WIDTH - column, subsequent_indent=hang):
            yield f"{' ' * column}{line}"


def short_of(found: Finding) -> list[str]:
    """What is said where room is dear: why it could not be told, or the fix; who accepted it."""
    if found.status is not Status.FAIL:
        return [found.evidence]
    if found.is_accepted:
        return [acceptance(found)]
    return [f"Fix  {found.fix}"] if found.fix else []


def full(found: Finding, look: Look) -> list[str]:
    """All that is said of a finding."""
    fix = f"Fix  {found.fix}" if found.fix else ""
    mark = f"fingerprint {found.fingerprint}" if look.verbose else ""
    return [found.evidence, found.why, acceptance(found), fix, found.docs, mark]


def briefly(report: Report, status: Status) -> Iterator[str]:
    """One line for each check of a status: what it is about, and why it is so."""
    for found in report.having(status):
        line = f"  {found.id:<{COLUMN - 3}} {found.title}"
        yield from wrap(f"{line} ({found.evidence})", WIDTH, subsequent_indent=" " * COLUMN)


def summary(report: Report) -> str:
    """The report in one line."""
    where = "" if report.environment == "production" else f" ({report.environment}'s settings)"
    return f"{sentence(report)}{where}"


def listing(checks: list[Check]) -> str:
    """One entry for each check: id, tier, what is true when it passes."""
    return "\n".join(
        line
        for one in checks
        for line in wrap(
            f"{one.id:<{COLUMN - 1}} {one.tier.value:<8} {one.title}",
            WIDTH,
            subsequent_indent=" " * 24,
        )
    )
