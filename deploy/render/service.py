"""One service on Render: what it runs, and how a commit is deployed on it or taken back."""

from typing import Any
from urllib.parse import urlencode

from deploy.render.api import Thing, listed
from deploy.rest import Api, ApiError, until
from deploy.target import Stopped

EVERY = 3.0
LONGEST = 3_600.0
SHOWN, FAR_BACK = 40, 1_000
MOVING = (
    "created",
    "queued",
    "build_in_progress",
    "pre_deploy_in_progress",
    "update_in_progress",
)
WAS_LIVE = ("live", "deactivated")
# What it means that a deploy ended so, for the service that it was of.
ENDED = {
    "build_failed": "its build failed, and what ran before runs on",
    "pre_deploy_failed": "its pre-deploy command failed, and what ran before runs on; what was "
    "migrated before it failed stays",
    "update_failed": "its instances did not become healthy, and what ran before runs on",
    "canceled": "somebody cancelled it, and what ran before runs on",
    "deactivated": "another deploy has taken its place meanwhile",
}


class Service:
    """A service by its ID; `every` is how many seconds pass between two looks at a deploy."""

    def __init__(self, api: Api, id: str, *, every: float = EVERY) -> None:
        self.api, self.id, self.every = api, id, every
        self.path = f"/services/{id}"
        self.about: Thing = {}
        self.deploy: Thing = {}  # the one that is being waited for

    @property
    def name(self) -> str:
        return str(self.about.get("name") or self.id)

    def look(self) -> None:
        """Take in what Render knows of the service."""
        self.about = dict(self.api.get(self.path).body)

    def deploys(self) -> list[Thing]:
        """The newest deploys, newest first, as far back as the one that is live."""
        path = f"{self.path}/deploys"
        found = listed(self.api, path, "deploy", enough=SHOWN)
        if len(found) < SHOWN or live(found):
            return found
        return listed(self.api, path, "deploy", enough=FAR_BACK)

    def begin(self, commit: str) -> None:
        """Have a commit built and deployed."""
        self._take(self.api.post(f"{self.path}/deploys", {"commitId": commit}).body, commit)

    def go_back(self, deploy: Thing) -> None:
        """Deploy what an earlier deploy built, anew."""
        body = self.api.post(f"{self.path}/rollback", {"deployId": deploy["id"]}).body
        self._take(body, commit_of(deploy))

    def cancel(self, deploy: Thing) -> None:
        """Stop a deploy that is under way."""
        self.api.post(f"{self.path}/deploys/{deploy['id']}/cancel")

    def _take(self, body: Any, commit: str) -> None:
        """Remember the deploy that began; Render answers 202 without it where it is queued."""
        if body:
            self.deploy = dict(body)
            return
        of_commit = [one for one in self.deploys() if commit_of(one) == commit]
        self.deploy = next(iter(of_commit), {})
        if not self.deploy:
            raise ApiError(
                f"Render took the deploy of {self.name}, but does not list it. Look at the "
                "service's events in the dashboard, then type the command again."
            )

    def stop_deploying_by_itself(self) -> None:
        """Turn automatic deploys off."""
        self.api.patch(self.path, {"autoDeploy": "no"})

    def until_live(self) -> None:
        """Wait for the deploy. Raises Stopped where it ends in another way than live."""
        path = f"{self.path}/deploys/{self.deploy['id']}"

        def look() -> Thing | None:
            found = dict(self.api.get(path).body)
            return None if found["status"] in MOVING else found

        ended = until(look, wait=self.api.wait, every=self.every, at_most=LONGEST)
        if ended is None:
            raise Stopped(
                f"Waiting for {self.name}",
                f"its deploy is not through after {LONGEST / 60:.0f} minutes",
                "See its events in Render's dashboard; once it is through, type the command "
                "again, which carries on.",
            )
        self.deploy = ended
        if ended["status"] != "live":
            why = ENDED.get(ended["status"], f"it ended as {ended['status']}")
            log = self._last_words(ended)
            raise Stopped(
                f"Deploying {commit_of(ended)[:7]} on {self.name}",
                f"{why}\n{log}" if log else why,
                "Mend the source, push it, and deploy the new commit.",
            )

    def _last_words(self, deploy: Thing) -> str:
        """The last lines of a deploy's log; blank where they cannot be had."""
        query = {"ownerId": self.about.get("ownerId", ""), "resource": self.id, "limit": "20"}
        query |= {"startTime": deploy["createdAt"], "direction": "backward"}
        if deploy["status"] == "build_failed":
            query["type"] = "build"
        try:
            logs = self.api.get(f"/logs?{urlencode(query)}").body["logs"]
            return "\n".join(str(line["message"]) for line in reversed(logs))
        except (ApiError, KeyError, TypeError):
            # The log is a help; the outcome is known without it.
            return ""


def commit_of(deploy: Thing) -> str:
    """The commit of a deploy; blank for one of an image."""
    return str((deploy.get("commit") or {}).get("id") or "")


def live(deploys: list[Thing]) -> Thing | None:
    """The deploy that is live, among those."""
    return next((one for one in deploys if one["status"] == "live"), None)


def moving(deploys: list[Thing]) -> list[Thing]:
    """The deploys that are under way, among those."""
    return [one for one in deploys if one["status"] in MOVING]
