"""A one-off job: a command with the build and the variables of a service, and what it wrote.

A job ends as succeeded or failed; its words are in the log, and its exit status is made one of
them, since the API has no place for it.
"""

import base64
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
LARGEST_INPUT = 30_000


def run(api: Api, service: Thing, command: list[str], text: str = "", *, every: float) -> Output:
    """Run a command as a job of a service and wait for its end; `text` is its input.

    Raises ApiError where the job is cancelled, or not through in time.
    """
    path = f"/services/{service['id']}/jobs"
    began = dict(api.post(path, {"startCommand": line(command, text)}).body)

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


def line(command: list[str], text: str) -> str:
    """The command as a job's start command, which says last how it ended."""
    typed = shlex.join(command)
    if text:
        sent = base64.b64encode(text.encode()).decode()
        if len(sent) > LARGEST_INPUT:
            raise ApiError(f"A job takes no input, and this is too much for its command: {typed}")
        typed = f"printf %s {sent} | base64 -d | {typed}"
    return shlex.join(["sh", "-c", f'{typed}; s=$?; echo "{MARK} $s"; exit $s'])


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
