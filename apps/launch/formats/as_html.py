"""A report as one page that needs nothing else: to print, to mail, to keep."""

from django.template.loader import render_to_string
from django.utils import timezone

from apps.launch.findings import Report, Status
from apps.launch.formats.words import (
    EXITS,
    acceptance,
    counts,
    link,
    needs,
    remarks,
    sections,
    verdict,
)


def as_html(report: Report, docs: str = "") -> str:
    """The page. What the templates show is escaped by Django."""
    return render_to_string(
        "launch/report.html",
        {
            "title": f"{report.verdict}: {report.site}",
            "description": f"What stands between {report.site} and its launch.",
            "report": report,
            "verdict": verdict(report),
            "meaning": EXITS[report.exit_code],
            "counts": [one.split(" ", 1) for one in counts(report)],
            "remarks": list(remarks(report)),
            "needs": needs(report),
            "made": timezone.now(),
            "sections": [
                (title, tone, [(one, page(one.docs, docs), acceptance(one)) for one in findings])
                for title, tone, findings in sections(report)
                if findings
            ],
            "passed": report.having(Status.PASS),
            "skipped": report.having(Status.SKIPPED),
        },
    )


def page(name: str, docs: str) -> dict[str, str]:
    """A page's name, and its address if it has one."""
    address = link(name, docs)
    return {"name": name, "address": address if address.startswith("https://") else ""}
