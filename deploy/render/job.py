"""A one-off job: a command with the build and the variables of a service, and what it wrote.

A job ends as succeeded or failed; its words are in the log, and its exit status is made one of
them, since the API has no place for it.
"""

import re
import shlex
from urllib.parse import urlencode

from deploy.render.api import Thing
from deploy.rest import Api, ApiError, until
from deploy.target import Output

MARK = "one-off job ended with status"
ENDED = re.compile(rf"^{MARK} (\d+)\n?", re.MULTILINE)
LONGEST = 3_600.0
# How long the log is waited for after the job is over.
LOG = 60.0
PAGES = 100


def run(api: Api, service: Thing, command: list[str], text: str = "", *, every: float) -> Output:
    """Run a command as a job of a service and wait for its end.

    Raises ApiError where the job is cancelled, or not through in time; and for an input, which
    could only become a part of the command, where Render would keep and show it.
    """
    if text:
        raise ApiError(
            "A job on Render takes no input. Type the command in the shell that `render ssh` opens "
            f"on {service['name']}: {shlex.join(command)}"
        )
    path = f"/services/{service['id']}/jobs"
    began = dict(api.post(path, {"startCommand": line(command)}).body)

    def over() -> Thing | None:
        found = dict(api.get(f"{path}/{began['id']}").body)
        return found if found.get("status") in ("succeeded", "failed", "canceled") else None

    job = until(over, wait=api.wait, every=every, at_most=LONGEST)
    if job is None or job["status"] == "canceled":
        how = "was cancelled" if job else f"is not through after {LONGEST / 60:.0f} minutes"
        raise ApiError(
            f"The job {began['id']} {how}. See it in Render's dashboard before you type the "
            "command again."
        )

    def complete() -> str | None:
        words = log(api, service["ownerId"], began)
        return words if ENDED.search(words) else None

    words = until(complete, wait=api.wait, every=every, at_most=LOG)
    if words is None:
        words = log(api, service["ownerId"], began)
        return Output(status=0 if job["status"] == "succeeded" else 1, text=words)
    status = [int(found[1]) for found in ENDED.finditer(words)][-1]
    return Output(status=status, text=ENDED.sub("", words))


def line(command: list[str]) -> str:
    """The command as a job's start command, which says last how it ended."""
    script = f'{shlex.join(command)}; s=$?; echo "{MARK} $s"; exit $s'
    return shlex.join(["sh", "-c", script])


def log(api: Api, owner: str, job: Thing) -> str:
    """What a job has written, as far as it has arrived."""
    query = {"ownerId": owner, "resource": job["id"], "direction": "forward", "limit": "100"}
    query["startTime"] = job["createdAt"]
    lines: dict[str, str] = {}
    for _ in range(PAGES):
        page = api.get(f"/logs?{urlencode(query)}").body
        lines |= {one["id"]: one["message"] for one in page["logs"]}
        if not page["hasMore"]:
            break
        query |= {"startTime": page["nextStartTime"], "endTime": page["nextEndTime"]}
    return "".join(f"{words}\n" for words in lines.values())
