"""What several areas ask of a proof in the launch plan: that it is there, and not too old."""

from datetime import datetime, timedelta

from apps.launch.plan import Proof

SLACK = timedelta(hours=1)  # clocks differ; a proof from further ahead proves nothing


def staleness(proof: Proof | None, now: datetime, good_for: timedelta) -> str:
    """Say why a proof does not count any more, or ""."""
    if proof is None:
        return "none is on record"
    if proof.at > now + SLACK:
        return f"the record is of {proof.at:%Y-%m-%d}, which is yet to come"
    if now - proof.at > good_for:
        return f"the last was {ago(now - proof.at)} ago, on {proof.at:%Y-%m-%d}"
    return ""


def ago(span: timedelta) -> str:
    """Say a span: hours within two days, else days."""
    hours = int(span.total_seconds() // 3600)
    if hours < 48:
        return f"{hours} hours" if hours != 1 else "1 hour"
    return f"{span.days} days"
