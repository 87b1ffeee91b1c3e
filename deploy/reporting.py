"""The verb status: what is live, since when, by whom, what was before, and how it all is."""

import json
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from apps.launch.plan import Environment
from deploy.target import Release, Stopped, Target

VERSION = 1  # of the JSON
SECONDS = 5
RECORD = ["python", "manage.py", "deployments", "--json", "--limit", "10"]


def report(environment: Environment, target: Target) -> dict[str, Any]:
    """All that can be found out; what cannot is said under its own name, and is not well."""
    releases, processes = target.releases(), target.processes()
    live = next((one for one in releases if one.live), None)
    health = {page: answer(f"{environment.url}/{page}") for page in ("healthz", "readyz")}
    strays = [one.name for one in processes if one.release and live and one.release != live.name]
    is_well = (
        live is not None
        and all(one["status"] == 200 for one in health.values())
        and all(one.is_well for one in processes)
        and not strays
    )
    return {
        "version": VERSION,
        "environment": environment.name,
        "url": environment.url,
        "platform": environment.platform,
        "is_well": is_well,
        "live": live and of(live),
        "previous": [of(one) for one in releases if not one.live],
        "health": health,
        "processes": [
            {"name": one.name, "release": one.release, "state": one.state, "is_well": one.is_well}
            for one in processes
        ],
        "record": record(target) if live else [],
    }


def of(release: Release) -> dict[str, Any]:
    """A release."""
    return {
        "name": release.name,
        "commit": release.commit,
        "since": release.at and release.at.isoformat(timespec="seconds"),
        "by": release.by,
        "outcome": release.outcome,
        "can_return": release.can_return,
    }


def answer(address: str) -> dict[str, Any]:
    """What a health page says: its status, 0 where nobody answers, and the release or the error."""
    try:
        with urlopen(Request(address), timeout=SECONDS) as found:  # noqa: S310  (the plan's address)
            told, status = json.load(found), found.status
    except HTTPError as error:
        return {"status": error.code, "says": error.reason}
    except (OSError, HTTPException, ValueError) as error:
        return {"status": 0, "says": str(error)}
    return {"status": status, "says": told.get("release", told.get("status", ""))}


def record(target: Target) -> list[dict[str, Any]]:
    """The newest lines of the product's own record; none where it cannot be read."""
    try:
        text = target.run(RECORD).text
        found: list[dict[str, Any]] = json.loads(text[text.index("{\n") :])["deployments"]
    except (Stopped, ValueError, KeyError):
        return []
    return found


def text(found: dict[str, Any]) -> str:
    """The report for a person."""
    lines = [f"{found['environment']}  {found['url']}  ({found['platform']})"]
    live = found["live"]
    lines.append(f"  live     {line(live)}" if live else "  live     nothing yet")
    for page, said in found["health"].items():
        lines.append(f"  {mark(said['status'] == 200)} /{page:<7} {said['status']} {said['says']}")
    for one in found["processes"]:
        lines.append(
            f"  {mark(one['is_well'])} {one['name']:<8} {one['state']} {one['release']}".rstrip()
        )
    for one in found["previous"]:
        back = "" if one["can_return"] else "  (no way back to it)"
        lines.append(f"  before   {line(one)}{back}")
    for one in found["record"]:
        despite = f"  despite: {one['despite']}" if one["despite"] else ""
        lines.append(
            f"  record   {one['began']}  {one['release']}  {one['outcome']}  {one['who']}{despite}"
        )
    lines.append("All is well." if found["is_well"] else "Something is not well.")
    return "\n".join(lines)


def line(release: dict[str, Any]) -> str:
    """A release in one line."""
    return (
        f"{release['name']}  {release['commit'][:7]}  {ago(release['since'])}  {release['by']}"
    ).rstrip()


def ago(moment: str | None) -> str:
    """How long ago a moment was, roughly."""
    if not moment:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {word} ago"
    return "just now"


def mark(is_well: bool) -> str:
    return "✓" if is_well else "✗"
