"""A report as SARIF 2.1.0, which code scanning and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from typing import Any

from apps.launch.findings import Finding, Impact, Report, Status, Tier
from apps.launch.formats.words import acceptance, link
from config.env import BASE_DIR

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Tier.NOW: "error", Tier.TRAFFIC: "warning", Tier.LATER: "note"}
SEVERITIES = {Tier.NOW: 9.0, Tier.TRAFFIC: 6.5, Tier.LATER: 3.5}  # of 10; less with the impact
PLAN = "launch.toml"


def sarif(report: Report, docs: str = "") -> str:
    """The failures as results; what could not be told as notifications of the run."""
    failed = [one for one in report.findings if one.status is Status.FAIL]
    rules = {one.id: rule(one, docs) for one in report.findings}
    untold = [*report.having(Status.UNKNOWN), *report.having(Status.CRASH)]
    run = {
        "tool": {"driver": {"name": "launch_check", "rules": list(rules.values())}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The project's folder"}}},
        "invocations": [
            {
                "executionSuccessful": not report.having(Status.CRASH),
                "exitCode": report.exit_code,
                "toolExecutionNotifications": [notification(one, list(rules)) for one in untold],
            }
        ],
        "results": [result(one, list(rules)) for one in failed],
        "properties": {"verdict": report.verdict, "environment": report.environment},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def rule(one: Finding, docs: str) -> dict[str, Any]:
    """What a check is about (3.49)."""
    page = link(one.docs, docs)
    severity = SEVERITIES[one.tier] - 0.5 * list(Impact).index(one.impact)
    return {
        "id": one.id,
        "shortDescription": {"text": one.title},
        # helpUri has to be absolute (3.49.12).
        "helpUri": page if "://" in page else (BASE_DIR / page).as_uri(),
        "help": {"text": f"{one.why or one.title} See {page}"},
        "defaultConfiguration": {"level": LEVELS[one.tier], "rank": severity * 10},
        "properties": {"security-severity": f"{severity:.1f}", "tags": ["security", "launch"]},
    }


def result(one: Finding, rules: list[str]) -> dict[str, Any]:
    """One failure (3.27)."""
    severity = SEVERITIES[one.tier] - 0.5 * list(Impact).index(one.impact)
    said = f"{one.title}: {one.evidence}. {one.why} Fix: {one.fix}"
    found: dict[str, Any] = {
        "ruleId": one.id,
        "ruleIndex": rules.index(one.id),
        "level": LEVELS[one.tier],
        "rank": severity * 10,
        "message": {"text": said},
        "locations": [{"physicalLocation": {"artifactLocation": artifact(one)}}],
        "partialFingerprints": {"launchCheck/v1": one.fingerprint},
        "properties": {"tier": one.tier.value, "impact": one.impact.value},
        "suppressions": [],
    }
    if one.is_accepted:
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": acceptance(one)}
        ]
    return found


def artifact(one: Finding) -> dict[str, str]:
    """The file to show it at: consumers ask for one, and most findings are about no line."""
    in_plan = one.id.startswith("LC-PLAN-") or "://" in one.docs
    return {"uri": PLAN if in_plan else one.docs, "uriBaseId": "SRCROOT"}


def notification(one: Finding, rules: list[str]) -> dict[str, Any]:
    """What could not be told, and why (3.58)."""
    crashed = one.status is Status.CRASH
    return {
        "associatedRule": {"id": one.id, "index": rules.index(one.id)},
        "level": "error" if crashed or one.tier is Tier.NOW else "warning",
        "message": {"text": f"{one.status.value}: {one.evidence}"},
    }
