"""What browsers report of the Content-Security-Policy: one log line for each violation, cut down.

Anybody can send anything here. So only known fields are logged, each bounded, and addresses without
their query, which is where a page's secrets stand.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core import errors
from apps.core.access import Plane, access

CAP = 16 * 1024  # bytes
MOST = 20  # violations that one request may tell of
LONGEST = 300  # characters of a field
WEB = {"http", "https", "ws", "wss"}

# By our name of a field: its names in application/csp-report and in application/reports+json.
FIELDS = {
    "document": ("document-uri", "documentURL"),
    "blocked": ("blocked-uri", "blockedURL"),
    "directive": ("effective-directive", "effectiveDirective", "violated-directive"),
    "source": ("source-file", "sourceFile"),
    "line": ("line-number", "lineNumber"),
    "column": ("column-number", "columnNumber"),
    "disposition": ("disposition",),
}
ADDRESSES = {"document", "blocked", "source"}

log = structlog.get_logger("slipway.csp")


class NoReport(ValueError):
    """The body is not a violation report; the words say what one is."""


@access(Plane.PUBLIC, "POST")
@csrf_exempt  # A browser sends its reports by itself, with no token of ours; they change nothing.
def csp_report_create(request: HttpRequest) -> HttpResponse:
    """Log the violations that a browser met, and answer with nothing."""
    body = request.read(CAP + 1)
    if len(body) > CAP:
        return errors.page(413)
    try:
        reports = violations(body)
    except NoReport as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    for report in reports[:MOST]:
        log.warning("csp.violation", **report)
    return HttpResponse(status=204)


def violations(body: bytes) -> list[dict[str, str | int]]:
    """The fields of each violation that a body tells of, in either format. Raises NoReport."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoReport("A violation report is JSON.") from error
    if isinstance(told, dict):
        reports = [told.get("csp-report")]
    else:
        dicts = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        reports = [one.get("body") for one in dicts if one.get("type") == "csp-violation"]
    found = [fields(report) for report in reports if isinstance(report, dict)]
    named = [report for report in found if "directive" in report]
    if not named:
        raise NoReport("A violation report names the directive that was violated.")
    return named


def fields(report: dict[str, Any]) -> dict[str, str | int]:
    """Of a report, what is logged."""
    kept = {}
    for field, names in FIELDS.items():
        value = cut(field, next((report[name] for name in names if name in report), None))
        if value:
            kept[field] = value
    return kept


def cut(field: str, value: Any) -> str | int:
    """A field's value as it is logged: bounded, printable; "" or 0 for what is neither."""
    if isinstance(value, int):
        return value if 0 < value < 1_000_000_000 else 0
    if not isinstance(value, str):
        return ""
    text = "".join(filter(str.isprintable, value))
    return (address(text) if field in ADDRESSES else text)[:LONGEST]


def address(value: str) -> str:
    """An address without name, query and fragment; of one that is not the web's, the scheme."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return "malformed"
    if parts.scheme in WEB:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return parts.scheme or parts.path  # "data", "chrome-extension"; or a word: "inline", "eval"
