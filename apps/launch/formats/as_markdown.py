"""A report as Markdown, for a comment on a pull request."""

from collections.abc import Iterator

from apps.launch.findings import Finding, Report, Status
from apps.launch.formats.words import acceptance, counts, link, remarks, sections, verdict

# All that CommonMark or HTML could take for more than a letter.
SPECIAL = r"""\`*_{}[]()<>#+!|~&"'"""


def as_markdown(report: Report, docs: str = "") -> str:
    """The verdict, and a table for each section."""
    lines = [
        f"## launch_check: {words(verdict(report))}",
        "",
        f"{words(report.site)}, release {words(report.release)}: {' · '.join(counts(report))}",
        *(f"\n{words(remark)}" for remark in remarks(report)),
    ]
    for title, _, findings in sections(report):
        shown = [one for one in findings if not one.follows]
        if shown:
            lines += ["", f"### {title}", "", *table(shown, docs)]
    if gone := [one for one in report.findings if one.follows]:
        lines += ["", f"{len(gone)} more go away with {words(gone[0].follows)}."]
    return "\n".join(lines)


def table(findings: list[Finding], docs: str) -> Iterator[str]:
    """A row for each finding."""
    yield "| Check | Finding | Seen | Fix |"
    yield "| --- | --- | --- | --- |"
    for one in findings:
        said = " ".join(filter(None, (words(one.title) + ".", words(one.why))))
        if one.accepted:
            said += f" {words(acceptance(one))}"
        status = "" if one.status is Status.FAIL else f" ({one.status.value})"
        yield (f"| {named(one, docs)}{status} | {said} | {code(one.evidence)} | {code(one.fix)} |")


def named(one: Finding, docs: str) -> str:
    """A finding's id, which leads to its page where that has an address."""
    page = link(one.docs, docs)
    return f"[{words(one.id)}](<{page}>)" if "://" in page else words(one.id)


def words(text: str) -> str:
    """Text that nothing in it can turn into markup, a mention or another cell."""
    safe = "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)
    return safe.replace("@", "&#64;\N{ZERO WIDTH SPACE}")


def code(text: str) -> str:
    """Text as code, in which GitHub looks for no names or links."""
    safe = "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)
    return f"<code>{safe}</code>" if text else ""
