"""Violation reports: taken in from anybody, bounded, and logged without what an address hides."""

import json
from typing import Any

import pytest
from django.urls import reverse

from apps.core import csp_reports, headers
from tests.conftest import Browser
from tests.core.conftest import Log

pytestmark = pytest.mark.django_db
OLD = {
    "csp-report": {
        "document-uri": "https://app.example/t/acme/clients/?q=secret-query#secret-fragment",
        "referrer": "https://app.example/accounts/login/?next=secret-next",
        "violated-directive": "script-src-elem",
        "effective-directive": "script-src-elem",
        "original-policy": "default-src 'none'; report-uri /csp-report",
        "disposition": "enforce",
        "blocked-uri": "https://name:secret-password@evil.example/x.js?key=secret-key",
        "line-number": 12,
        "column-number": 7,
        "source-file": "https://app.example/static/js/site.js?v=secret-version",
        "status-code": 200,
        "script-sample": "alert('secret-sample')",
    }
}
NEW = [
    {
        "type": "csp-violation",
        "age": 10,
        "url": "https://app.example/?q=secret-url",
        "user_agent": "secret-agent",
        "body": {
            "documentURL": "https://app.example/t/acme/clients/?q=secret-query#secret-fragment",
            "referrer": "https://app.example/?secret-referrer",
            "blockedURL": "https://name:secret-password@evil.example/x.js?key=secret-key",
            "effectiveDirective": "script-src-elem",
            "originalPolicy": "default-src 'none'; report-to csp",
            "sourceFile": "https://app.example/static/js/site.js?v=secret-version",
            "sample": "alert('secret-sample')",
            "disposition": "enforce",
            "statusCode": 200,
            "lineNumber": 12,
            "columnNumber": 7,
        },
    }
]
FORMATS = [(OLD, "application/csp-report"), (NEW, "application/reports+json")]


def send(body: Any, content_type: str = "application/csp-report", **extra: Any) -> Any:
    """Send a body as a browser does: without a session, and without a token of ours."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    browser = Browser(enforce_csrf_checks=True)
    return browser.post(reverse("csp_report_create"), text, content_type=content_type, **extra)


def violation(**changes: Any) -> dict[str, Any]:
    return {"csp-report": {"effective-directive": "img-src", **changes}}


@pytest.mark.parametrize(("body", "content_type"), FORMATS)
def test_a_report_of_either_format_becomes_one_line(log: Log, body: Any, content_type: str) -> None:
    answer = send(body, content_type)
    assert (answer.status_code, answer.content) == (204, b"")
    (line,) = log.of("csp.violation")
    assert (line["level"], line["logger"]) == ("warning", "slipway.csp")
    assert {name: line.get(name) for name in csp_reports.FIELDS} == {
        "document": "https://app.example/t/acme/clients/",
        "blocked": "https://evil.example/x.js",
        "directive": "script-src-elem",
        "source": "https://app.example/static/js/site.js",
        "line": 12,
        "column": 7,
        "disposition": "enforce",
    }
    assert "secret" not in log.text


def test_the_headers_name_the_address_that_takes_reports() -> None:
    assert reverse("csp_report_create") == headers.REPORTS


def test_a_link_that_opens_a_door_is_masked_in_the_line(log: Log) -> None:
    send(violation(**{"document-uri": "https://app.example/invitations/canary-token/"}))
    assert log.of("csp.violation")
    assert "canary" not in log.text


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        ("inline", "inline"),
        ("data:text/html;base64,c2VjcmV0", "data"),
        ("chrome-extension://abcdef/page.html", "chrome-extension"),
        ("blob:https://app.example/secret", "blob"),
        ("https://[::1", "malformed"),
        ("https://app.example/\u202e\nforged\x1b[31m", "https://app.example/forged[31m"),
    ],
)
def test_of_what_is_no_address_of_the_web_only_the_kind_is_told(
    log: Log, sent: str, logged: str
) -> None:
    assert send(violation(**{"blocked-uri": sent})).status_code == 204
    assert log.of("csp.violation")[0]["blocked"] == logged


def test_a_field_is_cut_and_an_unknown_one_is_not_logged(log: Log) -> None:
    send(violation(**{"document-uri": f"https://a.example/{'x' * 9000}", "invented": "canary"}))
    (line,) = log.of("csp.violation")
    assert len(line["document"]) == csp_reports.LONGEST
    assert "canary" not in log.text


def test_values_of_the_wrong_kind_are_left_out(log: Log) -> None:
    send(violation(**{"line-number": 10**30, "column-number": "7", "blocked-uri": {"a": 1}}))
    (line,) = log.of("csp.violation")
    assert {"line", "blocked"} & line.keys() == set()


def test_one_request_tells_of_so_many_violations_and_no_more(log: Log) -> None:
    one = {"type": "csp-violation", "body": {"effectiveDirective": "img-src"}}
    assert send([one] * 100, "application/reports+json").status_code == 204
    assert len(log.of("csp.violation")) == csp_reports.MOST


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        b"\xff\xfe",
        "[" * 8000,
        "null",
        "1",
        '"text"',
        {},
        [],
        {"csp-report": "text"},
        {"csp-report": {}},
        {"csp-report": {"effective-directive": ["img-src"]}},
        [{"type": "deprecation", "body": {"effectiveDirective": "img-src"}}],
        [{"type": "csp-violation"}],
        ["csp-violation"],
    ],
)
def test_junk_is_refused_in_plain_words_and_not_logged(log: Log, body: Any) -> None:
    answer = send(body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain"
    assert answer.content.startswith(b"A violation report ")
    assert not log.of("csp.violation")


def test_a_body_of_over_16_kb_is_refused(log: Log) -> None:
    whole = json.dumps(violation(filler=""))
    longest = violation(filler="x" * (16 * 1024 - len(whole)))
    assert send(longest).status_code == 204
    longest["csp-report"]["filler"] += "x"
    assert send(longest).status_code == 413
    assert len(log.of("csp.violation")) == 1


def test_a_report_needs_no_token_of_ours_and_sets_no_cookie() -> None:
    answer = send(OLD)
    assert answer.status_code == 204
    assert not answer.cookies


def test_nobody_reads_reports_there(anonymous: Browser) -> None:
    assert anonymous.get(reverse("csp_report_create")).status_code == 405
