"""Whether CI has passed a commit: GitHub says it, or the record that `.ci/run` leaves."""

import json
import re
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

API = "https://api.github.com"
GITHUB = re.compile(
    r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/](?P<name>[^/]+/[^/]+?)(?:\.git)?/?$"
)
GOOD = {"success", "neutral", "skipped"}
# Jobs that ship wait for the others, and cannot wait for themselves.
SHIPPING = "deploy"
SECONDS = 15


def objection(*, commit: str, origin: str, token: str, record: Path, api: str = API) -> str:
    """Why it is not known that CI has passed a commit; blank where it has.

    Where `origin` is on GitHub and there is a token, GitHub alone is asked: its check runs and
    commit statuses (docs.github.com, REST API, "Checks" and "Commit statuses"). Else it is looked
    for in the record. What cannot be found out is an objection as well.
    """
    named = GITHUB.match(origin)
    if named and token:
        try:
            return on_github(asking(f"{api}/repos/{named['name']}/commits/{commit}", token))
        except (OSError, HTTPException, ValueError, KeyError) as error:
            return f"GitHub could not be asked: {error}"
    if record.is_file() and commit in record.read_text(encoding="utf-8").split():
        return ""
    asked = "there is no GITHUB_TOKEN to ask with, and " if named else ""
    return f"{asked}.ci/run has not passed it in this clone"


def asking(address: str, token: str) -> Callable[[str], Any]:
    """What asks GitHub for a page about one commit."""

    def ask(page: str) -> Any:
        head = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        with urlopen(Request(f"{address}/{page}", headers=head), timeout=SECONDS) as answer:  # noqa: S310  (the address is ours)
            return json.load(answer)

    return ask


def on_github(ask: Callable[[str], Any]) -> str:
    """Why GitHub does not say that all is well; blank where it does."""
    runs = [one for page in pages(ask) for one in page]
    judged = [one for one in runs if not one["name"].lower().startswith(SHIPPING)]
    bad = [
        f"{one['name']} is {one['conclusion'] or one['status']}"
        for one in judged
        if one["conclusion"] not in GOOD
    ]
    status = ask("status")
    if status["total_count"] and status["state"] != "success":
        bad.append(f"the commit's status is {status['state']}")
    if bad:
        return ", ".join(bad)
    passed = any(one["conclusion"] == "success" for one in judged) or status["total_count"]
    return "" if passed else "GitHub knows of no check that has passed"


def pages(ask: Callable[[str], Any]) -> list[list[dict[str, Any]]]:
    """The commit's newest check runs, of every page that they fill."""
    found: list[list[dict[str, Any]]] = []
    while True:
        page = ask(f"check-runs?per_page=100&page={len(found) + 1}")
        found.append(page["check_runs"])
        if sum(map(len, found)) >= page["total_count"] or not page["check_runs"]:
            return found
