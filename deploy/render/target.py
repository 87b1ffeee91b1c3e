"""The services of one environment on Render as a target: web, worker and beat, on one commit."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from apps.launch.plan import Environment
from config.env import Operator
from deploy import places
from deploy.render import job
from deploy.render.api import Thing, client
from deploy.render.export import export
from deploy.render.pushed import see_pushed
from deploy.render.service import WAS_LIVE, Service, commit_of, live, moving
from deploy.rest import Api, stopping
from deploy.steps import Steps
from deploy.target import Output, Process, Release, Source, Stopped

UNTOUCHED = "Nothing was changed."
PARTLY = "What had been switched by then can be taken back: deploy/rollback."


class Render:
    """The services of one environment, web first; a release is named as web's deploy is.

    What is begun there goes on without us. So a verb that was cut off and is typed again joins a
    deploy of the commit that runs, and leaves a service alone that has the commit.
    """

    def __init__(
        self, api: Api, services: list[Service], *, root: Path, database: str = ""
    ) -> None:
        self.api, self.services, self.database, self.root = api, services, database, root
        self.web = services[0]

    def releases(self) -> list[Release]:
        """The newest deploys of web, which the others follow.

        There is nothing to go back to in a deploy of the commit that is live.
        """
        with told("Asking Render for the deploys", UNTOUCHED):
            found = self.web.deploys()
            commit = commit_of(live(found) or {})
            return [
                replace(as_release(one), can_return=False)
                if commit_of(one) == commit and one["status"] != "live"
                else as_release(one)
                for one in found
            ]

    def processes(self) -> list[Process]:
        """The services; one that is on another commit than web is not well."""
        with told("Asking Render for the services", UNTOUCHED):
            self._look()
            running = {one.id: live(one.deploys()) or {} for one in self.services}
        released = running[self.web.id]
        return [self._process(one, running[one.id], released) for one in self.services]

    def ship(self, source: Source, steps: Steps) -> Release:
        """Deploy the commit: on web first, whose pre-deploy command migrates, then on the others.

        Where one of the others fails, web is on the new commit, and whoever called goes back. With
        a database named, Render exports it first, beside the backup that was taken by then.
        """
        with told(f"Shipping {source.short} to Render", UNTOUCHED):
            steps.look("See that the commit has been pushed", see_pushed, source.commit, self.root)
            steps.look("Ask Render for the services", self._look)
            deploys = {one.id: one.deploys() for one in self.services}
            self._refuse_rivals(source, deploys)
            for one in self.services:
                if one.about.get("autoDeploy") == "yes":
                    steps.note(
                        f"Render deploys {one.name} by itself too, at each push, past the gates "
                        "here. Turn that off in its settings."
                    )
            if self.database and not self._has(self.web, source, deploys):
                what = "Have Render export the database"
                steps.do(what, export, self.api, self.database, self.web.every)
        with told(f"Shipping {source.short} to Render", PARTLY):
            for group in (self.services[:1], self.services[1:]):
                began = [one for one in group if self._begun(one, source, deploys[one.id], steps)]
                for one in began:
                    steps.do(f"Wait until {one.name} is live on it", one.until_live)
            if steps.dry_run:
                return Release(name="", commit=source.commit)
            return as_release(live(self.web.deploys()) or self.web.deploy)

    def go_back(self, to: Release, steps: Steps) -> None:
        """Make an earlier commit live again on every service, each from the build that it had.

        Render's rollback leaves automatic deploys on, so the next push would bring the commit
        again that was taken back; they are turned off first.
        """
        with told(f"Going back to {to.name} on Render", UNTOUCHED):
            steps.look("Ask Render for the services", self._look)
            deploys = {one.id: one.deploys() for one in self.services}
            self._stop_deploying_by_itself(steps)
        failed: list[Stopped] = []
        began: list[Service] = []
        for one in self.services:
            self._try(failed, one, self._go_back, one, to, deploys[one.id], began, steps)
        for one in began:
            what = f"Wait until {one.name} is live on it"
            self._try(failed, one, steps.do, what, one.until_live)
        if failed:
            raise Stopped(
                f"Going back to {to.name} on Render",
                "; ".join(f"{one.what}: {one.why}" for one in failed),
                "What went well stays. Type the command again, which takes back what is left, or "
                "roll that service back in Render's dashboard.",
            )

    def run(self, command: list[str], *, release: str = "", text: str = "") -> Output:
        """Run a command as a one-off job of web; Render always takes web's current build."""
        with told(f"Running {' '.join(command[:3])} on Render", "Nothing was switched."):
            self.web.look()
            return job.run(self.api, self.web.about, command, text, every=self.web.every)

    def _look(self) -> None:
        for one in self.services:
            one.look()
        if self.web.about["type"] != "web_service":
            raise Stopped(
                "Looking at the services on Render",
                f"{self.web.name} is no web service",
                "Name the web service first in `services` of launch.toml.",
            )

    def _refuse_rivals(self, source: Source, deploys: dict[str, list[Thing]]) -> None:
        """Stop where a service is suspended, or on its way to another commit."""
        for one in self.services:
            if one.about.get("suspended") == "suspended":
                raise Stopped(
                    f"Shipping {source.short} to Render",
                    f"{one.name} is suspended",
                    f"Resume it in Render's dashboard. {UNTOUCHED}",
                )
            others = [each for each in moving(deploys[one.id]) if commit_of(each) != source.commit]
            if others:
                raise Stopped(
                    f"Shipping {source.short} to Render",
                    f"a deploy of {commit_of(others[0])[:7]} is under way on {one.name}",
                    "Wait until it is through, or cancel it in Render's dashboard.",
                )

    def _has(self, one: Service, source: Source, deploys: dict[str, list[Thing]]) -> bool:
        """Whether a service has the commit, or is on its way to it."""
        there = [*moving(deploys[one.id]), live(deploys[one.id]) or {}]
        return source.commit in {commit_of(each) for each in there}

    def _begun(self, one: Service, source: Source, deploys: list[Thing], steps: Steps) -> bool:
        """Whether a deploy of the commit has begun on a service, and is to be waited for."""
        under_way = moving(deploys)
        if under_way:
            steps.note(f"A deploy of this commit runs on {one.name} already; it is joined.")
            one.deploy = under_way[0]
        elif commit_of(live(deploys) or {}) == source.commit:
            steps.note(f"{one.name} is on this commit already.")
            return False
        else:
            steps.do(f"Deploy the commit on {one.name}", one.begin, source.commit)
        return True

    def _go_back(
        self, one: Service, to: Release, deploys: list[Thing], began: list[Service], steps: Steps
    ) -> None:
        under_way = [each for each in moving(deploys) if commit_of(each) != to.commit]
        for each in under_way:
            what = f"Cancel the deploy of {commit_of(each)[:7]} on {one.name}"
            steps.do(what, one.cancel, each)
        if joined := [each for each in moving(deploys) if each not in under_way]:
            steps.note(f"{one.name} is on its way to {to.commit[:7]} already; it is joined.")
            one.deploy = joined[0]
        elif commit_of(live(deploys) or {}) == to.commit:
            steps.note(f"{one.name} is on {to.commit[:7]} already.")
            return
        elif then := [each for each in deploys if was_live_on(to.commit, each)]:
            steps.do(f"Roll {one.name} back to {to.commit[:7]}", one.go_back, then[0])
        else:
            steps.note(f"{one.name} has no build of {to.commit[:7]} any more; it is built.")
            steps.do(f"Deploy {to.commit[:7]} on {one.name}", one.begin, to.commit)
        began.append(one)

    def _stop_deploying_by_itself(self, steps: Steps) -> None:
        for one in self.services:
            if one.about.get("autoDeploy") == "yes":
                what = f"Turn automatic deploys of {one.name} off"
                steps.do(what, one.stop_deploying_by_itself)
                steps.note("Turn them on again in its settings once the branch is mended.")

    def _try(
        self,
        failed: list[Stopped],
        one: Service,
        action: Callable[..., None],
        *arguments: object,
    ) -> None:
        """Go on with the other services where one cannot go back."""
        try:
            with told(f"Going back on {one.name}", PARTLY):
                action(*arguments)
        except Stopped as stopped:
            failed.append(stopped)

    def _process(self, one: Service, running: Thing, released: Thing) -> Process:
        commit, suspended = commit_of(running), one.about.get("suspended") == "suspended"
        with_web = bool(commit) and commit == commit_of(released)
        state = "suspended" if suspended else running.get("status", "never deployed")
        return Process(
            name=one.name,
            state=state,
            release=str(released["id"]) if with_web else commit[:7],
            is_well=with_web and not suspended,
        )


def was_live_on(commit: str, deploy: Thing) -> bool:
    """Whether a deploy is one of the commit that has served."""
    return deploy["status"] in WAS_LIVE and commit_of(deploy) == commit


def as_release(deploy: Thing) -> Release:
    """A deploy of web as a release."""
    return Release(
        name=str(deploy["id"]),
        commit=commit_of(deploy),
        at=datetime.fromisoformat(deploy.get("finishedAt") or deploy["createdAt"]),
        live=deploy["status"] == "live",
        outcome=deploy["status"],
        can_return=deploy["status"] in WAS_LIVE,
    )


def told(what: str, way_back: str) -> AbstractContextManager[None]:
    """Turn what goes wrong at Render into Stopped."""
    return stopping("Render", what, way_back)


def target(environment: Environment, operator: Operator) -> Render:
    """The services of an environment. Raises Stopped where they or the key are missing."""
    if not environment.services:
        raise Stopped(
            "Looking for the services on Render",
            "launch.toml does not name them",
            'Add a line such as services = ["srv-web", "srv-worker", "srv-beat"], web first, to '
            "the [[environments]].",
        )
    if not operator.RENDER_API_KEY:
        raise Stopped(
            "Speaking to Render",
            "RENDER_API_KEY is not set",
            "Make a key in Render's account settings and set it.",
        )
    with told("Speaking to Render", "Mend the variable."):
        api = client(key=operator.RENDER_API_KEY, base=operator.RENDER_API_URL)
        services = [Service(api, id) for id in environment.services]
        return Render(api, services, root=places.ROOT, database=environment.database)
