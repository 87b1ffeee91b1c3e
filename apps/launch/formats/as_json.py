"""A report for programs; docs/launch-check.schema.json is its schema, and holds every report."""

import json
from collections.abc import Sequence
from typing import Any

from apps.launch.findings import Finding, Report, Status, Tier
from apps.launch.formats.words import link
from apps.launch.registry import Check

SCHEMA_VERSION = 1


def as_json(report: Report, docs: str = "") -> str:
    """The report. `schema_version` rises when a field goes or changes its meaning."""
    return written(
        {
            "schema_version": SCHEMA_VERSION,
            "verdict": report.verdict,
            "exit_code": report.exit_code,
            "fail_on": report.fail_on.value,
            "site": report.site,
            "release": report.release,
            "environment": report.environment,
            "live": report.live or None,
            "checks": {"run": report.checks_run, "known": report.checks_known},
            "counts": {
                **{tier.value: len(report.having(Status.FAIL, tier)) for tier in Tier},
                **{
                    status.value: len(report.having(status))
                    for status in (Status.PASS, Status.SKIPPED, Status.UNKNOWN, Status.CRASH)
                },
                "accepted": len(report.accepted),
            },
            "findings": [of(found, docs) for found in report.findings],
        }
    )


def of(found: Finding, docs: str) -> dict[str, Any]:
    """One finding."""
    accepted = found.accepted
    return {
        "id": found.id,
        "status": found.status.value,
        "tier": found.tier.value,
        "impact": found.impact.name.lower(),
        "title": found.title,
        "evidence": found.evidence,
        "why": found.why,
        "fix": found.fix,
        "docs": link(found.docs, docs),
        "follows": found.follows,
        "needs": found.needs,
        "fingerprint": found.fingerprint,
        "accepted": accepted
        and {
            "owner": accepted.owner,
            "reason": accepted.reason,
            "until": accepted.until.isoformat(),
            "holds": accepted.holds,
        },
    }


def list_as_json(checks: Sequence[Check], docs: str = "") -> str:
    """The checks, without a run."""
    return written(
        {
            "schema_version": SCHEMA_VERSION,
            "checks": [
                {
                    "id": one.id,
                    "tier": one.tier.value,
                    "impact": one.impact.name.lower(),
                    "title": one.title,
                    "docs": link(one.docs, docs),
                }
                for one in checks
            ],
        }
    )


def written(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
