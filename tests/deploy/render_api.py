"""A small Render on loopback that speaks API v1, with what it remembers of three services.

A deploy moves on each time it is looked at, so no test waits. It refuses what the documentation
says that Render refuses: no key, unknown parameters, a page of more than a hundred.
"""

import os
import secrets
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.deploy.platform import Asked, Platform, Refused, Told, only

Thing = dict[str, Any]

KEY = "rnd_of_loopback"
WEB, WORKER, BEAT = "srv-web", "srv-worker", "srv-beat"
DATABASE = "dpg-database"
OWNER = "tea-of-loopback"
BUILDS = ["created", "build_in_progress"]
STARTS = ["update_in_progress", "live"]
SERVICE = "/v1/services/([^/]+)"


class Render(Platform):
    """Three services of one repository; `pushed` is which commits that has."""

    limit_headers = {"Ratelimit-Limit": "400", "Ratelimit-Remaining": "399", "Ratelimit-Reset": "7"}
    routes = (
        ("GET", SERVICE, "see_service"),
        ("PATCH", SERVICE, "change_service"),
        ("GET", f"{SERVICE}/deploys", "list_deploys"),
        ("POST", f"{SERVICE}/deploys", "make_deploy"),
        ("GET", f"{SERVICE}/deploys/(.+)", "see_deploy"),
        ("POST", f"{SERVICE}/deploys/([^/]+)/cancel", "cancel_deploy"),
        ("POST", f"{SERVICE}/rollback", "roll_back"),
        ("POST", f"{SERVICE}/jobs", "make_job"),
        ("GET", f"{SERVICE}/jobs/(.+)", "see_job"),
        ("GET", "/v1/logs", "list_logs"),
        ("GET", f"/v1/postgres/{DATABASE}/export", "list_exports"),
        ("POST", f"/v1/postgres/{DATABASE}/export", "make_export"),
    )

    def __init__(self) -> None:
        super().__init__(KEY)
        kinds = {WEB: "web_service", WORKER: "background_worker", BEAT: "background_worker"}
        self.services: dict[str, Thing] = {
            id: {
                "id": id,
                "autoDeploy": "yes",
                "autoDeployTrigger": "checksPass",
                "branch": "main",
                "name": id.replace("srv", "slipway"),
                "ownerId": OWNER,
                "repo": "https://github.com/example/slipway",
                "suspended": "not_suspended",
                "type": kind,
            }
            for id, kind in kinds.items()
        }
        self.pushed: set[str] = set()
        self.deploys: dict[str, list[Thing]] = {id: [] for id in kinds}
        self.paths: dict[str, list[str]] = {}  # the states that a deploy has before it
        # By service and commit: the state that its deploy ends in, in place of live.
        self.ends: dict[tuple[str, str], str] = {}
        self.queues = False
        self.is_quick = False  # whether what is begun is through at the first look
        self.variables = dict(os.environ)
        self.jobs: dict[str, Thing] = {}
        self.job_ends = ""
        self.log_comes_late = 0
        self.logs: dict[str, list[str]] = {}
        self.exports: list[Thing] = []
        self.export_looks = 0
        self.moment = 0

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def admit(self, asked: Asked) -> None:
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refused(401, "", "Unauthorized")
        if asked.headers.get("Accept") != "application/json":
            raise Refused(406, "", "unable to generate preferred media types")

    # What a test sets up and looks at

    def deployed(self, commit: str, *ids: str) -> None:
        """An earlier deploy of a commit, live on those services; on all without any."""
        self.pushed.add(commit)
        for id in ids or tuple(self.services):
            self._go_live(id, self._deploy(id, commit, "api"))

    def live(self, id: str) -> str:
        """The commit that is live on a service."""
        return next(str(one["commit"]["id"]) for one in self.deploys[id] if one["status"] == "live")

    @property
    def all_live(self) -> list[str]:
        return [self.live(id) for id in self.services]

    # Services and deploys

    def see_service(self, asked: Asked, id: str) -> Told:
        return Told(200, self._service(id))

    def change_service(self, asked: Asked, id: str) -> Told:
        body = self._only(asked, set(), {"autoDeploy", "branch", "name"})
        if body.get("autoDeploy", "no") not in ("yes", "no"):
            raise Refused(400, "", "autoDeploy must be yes or no")
        self._service(id).update(body)
        return Told(200, self._service(id))

    def list_deploys(self, asked: Asked, id: str) -> Told:
        limit = int(asked.query.get("limit", "20"))
        if limit > 100:
            raise Refused(400, "", "limit must be at most 100")
        self._service(id)
        cursors = [one["id"] for one in self.deploys[id]]
        start = cursors.index(asked.query["cursor"]) + 1 if "cursor" in asked.query else 0
        page = self.deploys[id][start : start + limit]
        return Told(200, [{"cursor": one["id"], "deploy": one} for one in page])

    def make_deploy(self, asked: Asked, id: str) -> Told:
        body = self._only(asked, set(), {"commitId", "clearCache", "imageUrl", "deployMode"})
        if body["commitId"] not in self.pushed:
            raise Refused(400, "", f"commit {body['commitId']} is not in the repository")
        if self._service(id)["suspended"] == "suspended":
            raise Refused(400, "", "cannot deploy suspended service")
        deploy = self._deploy(id, body["commitId"], "api")
        if self.queues:
            deploy["status"] = "queued"
            return Told(202)
        return Told(201, deploy)

    def see_deploy(self, asked: Asked, id: str, deploy_id: str) -> Told:
        for one in self.deploys[id]:
            if one["id"] == deploy_id:
                if states := self.paths[deploy_id]:
                    one["status"] = states.pop(0)
                    if one["status"] == "live":
                        self._go_live(id, one)
                return Told(200, one)
        raise Refused(404, "", "deploy not found")

    def cancel_deploy(self, asked: Asked, id: str, deploy_id: str) -> Told:
        for one in self.deploys[id]:
            if one["id"] == deploy_id and one["status"] not in ("live", "deactivated"):
                one["status"], self.paths[deploy_id] = "canceled", []
                return Told(200, one)
        raise Refused(404, "", "deploy not found")

    def roll_back(self, asked: Asked, id: str) -> Told:
        wanted = self._only(asked, {"deployId"}, set())["deployId"]
        for one in self.deploys[id]:
            if one["id"] == wanted and one["status"] in ("live", "deactivated"):
                return Told(201, self._deploy(id, one["commit"]["id"], "rollback"))
        raise Refused(404, "", "deploy not found")

    def _service(self, id: str) -> Thing:
        if id not in self.services:
            raise Refused(404, "", f"service {id} not found")
        return self.services[id]

    def _deploy(self, id: str, commit: str, trigger: str) -> Thing:
        deploy: Thing = {
            "id": f"dep-{secrets.token_hex(6)}",
            "commit": {"id": commit, "message": "A commit", "createdAt": self._now()},
            "createdAt": self._now(),
            "finishedAt": None,
            "status": "created",
            "trigger": trigger,
        }
        states = [] if trigger == "rollback" else [*BUILDS]
        states += ["pre_deploy_in_progress"] if id == WEB else []
        end = self.ends.get((id, commit), "live")
        if end == "live":
            states += STARTS
        elif end == "update_failed":
            states += ["update_in_progress", end]
        else:
            states += [end]
        self.paths[deploy["id"]] = [end] if self.is_quick else states
        self.deploys[id].insert(0, deploy)
        return deploy

    def _go_live(self, id: str, deploy: Thing) -> None:
        for one in self.deploys[id]:
            if one["status"] == "live":
                one["status"] = "deactivated"
        deploy["status"], deploy["finishedAt"] = "live", self._now()
        self.paths[deploy["id"]] = []

    # Jobs and their logs

    def make_job(self, asked: Asked, id: str) -> Told:
        body = self._only(asked, {"startCommand"}, {"planId"})
        job = {
            "id": f"job-{secrets.token_hex(6)}",
            "serviceId": self._service(id)["id"],
            "startCommand": body["startCommand"],
            "planId": "plan-srv-006",
            "createdAt": self._now(),
        }
        self.jobs[job["id"]] = job
        return Told(201, job)

    def see_job(self, asked: Asked, id: str, job_id: str) -> Told:
        """Nothing on the first look; on the second the command, which really runs, is over."""
        job = self.jobs[job_id]
        if "startedAt" not in job and not self.is_quick:
            job["startedAt"] = self._now()
        elif "status" not in job:
            done = subprocess.run(
                job["startCommand"],
                shell=True,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            job["status"] = self.job_ends or ("failed" if done.returncode else "succeeded")
            self.logs[job_id] = done.stdout.splitlines()
        return Told(200, job)

    def list_logs(self, asked: Asked) -> Told:
        """A page of a log; those of jobs come late and three lines at a time."""
        query = asked.query
        if query.get("ownerId") != OWNER or "resource" not in query:
            raise Refused(400, "", "ownerId and resource are required")
        lines = self.logs.get(query["resource"], [])
        if self.log_comes_late:
            self.log_comes_late -= 1
            lines = lines[:1]
        numbered = [
            {"id": f"log-{i}", "message": text, "timestamp": self._now(), "labels": []}
            for i, text in enumerate(lines)
        ]
        if query.get("direction") == "backward":
            page = numbered[::-1][: int(query["limit"])]
            return Told(200, {"hasMore": False, "logs": page})
        start = int(query["endTime"]) if "endTime" in query else 0
        page = numbered[start : start + 3]
        more = start + 3 < len(numbered)
        ends = {"nextStartTime": query["startTime"], "nextEndTime": str(start + 3)}
        return Told(200, {"hasMore": more, "logs": page, **ends})

    # Exports

    def list_exports(self, asked: Asked) -> Told:
        """The address of an export is there from the second look on."""
        self.export_looks += 1
        for one in self.exports:
            if self.is_quick or self.export_looks - one["looks"] > 1:
                one["url"] = "https://store.example.com/export?signature=secret"
        told = [{k: v for k, v in one.items() if k != "looks"} for one in self.exports]
        return Told(200, told)

    def make_export(self, asked: Asked) -> Told:
        if asked.raw:
            raise Refused(400, "", "no body is expected")
        id = f"exp-{secrets.token_hex(6)}"
        self.exports.insert(0, {"id": id, "createdAt": self._now(), "looks": self.export_looks})
        return Told(202)

    def _only(self, asked: Asked, required: set[str], optional: set[str]) -> dict[str, Any]:
        try:
            return only(asked, required, optional)
        except Refused as refused:
            raise Refused(400, "", refused.args[0]) from None

    def _now(self) -> str:
        """Later than everything before, although a test takes no time."""
        self.moment += 1
        began = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
        return (began + timedelta(minutes=self.moment)).isoformat().replace("+00:00", "Z")
