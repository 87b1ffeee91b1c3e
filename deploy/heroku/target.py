"""An app on Heroku as a target: one app, whose releases Heroku counts as v1, v2, v3."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

from apps.launch.plan import Environment
from config.env import Operator
from deploy.heroku import dyno
from deploy.heroku.api import client
from deploy.heroku.app import KEPT, App, Thing, current, slug_of, version_of
from deploy.rest import stopping
from deploy.steps import Steps
from deploy.target import Output, Process, Release, Source, Stopped

RUNS_ALONE = ("run", "release", "scheduler")
UNTOUCHED = "Nothing was changed."


class Heroku:
    """One app on Heroku.

    What is begun there goes on without us. So a verb that was cut off and is typed again joins a
    build or release of the commit that runs, uses a build that stands, and doubles neither.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._build: Thing = {}
        self._release: Thing = {}

    def releases(self) -> list[Release]:
        """The newest releases; one whose release command failed was never live.

        A release that only changed variables has the code of the one before, so that there is
        nothing to go back to in it.
        """
        with told("Asking Heroku for the releases", UNTOUCHED):
            found = self.app.releases()
            slug = slug_of(current(found) or {})
            return [
                replace(self._as_release(one), can_return=False)
                if slug_of(one) == slug and not one["current"]
                else self._as_release(one)
                for one in found
            ]

    def processes(self) -> list[Process]:
        """The dynos, and a line for each process that should run and does not."""
        with told("Asking Heroku for the dynos", UNTOUCHED):
            dynos = [one for one in self.app.dynos() if one["type"] not in RUNS_ALONE]
            missing = self.app.wanted().keys() - {one["type"] for one in dynos}
            running = [
                Process(
                    name=one["type"],
                    state=one["state"],
                    release=f"v{one['release']['version']}",
                    is_well=one["state"] in ("up", "idle", "starting"),
                )
                for one in dynos
            ]
        return running + [
            Process(name=name, state="missing", is_well=False) for name in sorted(missing)
        ]

    def ship(self, source: Source, steps: Steps) -> Release:
        """Build the commit on Heroku, let its release command run, and wait until it has booted."""
        self._build, self._release = {}, {}
        with told(f"Shipping {source.short} to Heroku", KEPT):
            self._look_around(source, steps)
            if not self._release:
                self._have_built(source, steps)
                self._have_released(source, steps)
        if steps.dry_run:
            return Release(name="", commit=source.commit)
        with told("Waiting for the dynos", "Go back: deploy/rollback"):
            steps.do("Wait until its dynos are up", self.app.until_up, self._release["version"])
            return self._as_release(self._release)

    def go_back(self, to: Release, steps: Steps) -> None:
        """Make an earlier release live again as a new one; the variables stay as they are now.

        Heroku's own rollback brings the variables of then along, so it is used where they are the
        same, and otherwise the slug of then is released anew. Either runs the release command of
        the older code, which finds nothing to do.
        """
        with told(f"Going back to {to.name} on Heroku", "The release that is live was left alone."):
            then = steps.look(f"Ask Heroku for {to.name}", self.app.release, to.name)
            if current([then]):
                steps.note(f"{to.name} is live already.")
                self._release = then
            else:
                body = self._way_back(then, steps)
                steps.do(f"Release the code of {to.name} anew", self._begin_release, body)
                steps.do("Wait for its release command", self._end_release)
        if not steps.dry_run:
            with told("Waiting for the dynos", "See `heroku ps` and `heroku logs`."):
                steps.do("Wait until its dynos are up", self.app.until_up, self._release["version"])

    def run(self, command: list[str], *, release: str = "", text: str = "") -> Output:
        """Run a command in a one-off dyno; Heroku always takes the current release for it."""
        with told(f"Running {' '.join(command[:3])} on Heroku", "Nothing was switched."):
            return dyno.run(self.app.api, self.app.name, command, text)

    def _look_around(self, source: Source, steps: Steps) -> None:
        """See what is live, and stop where somebody else's deploy is under way."""
        about = steps.look(f"Ask Heroku for the app {self.app.name}", self.app.about)
        if about.get("maintenance"):
            steps.note(
                "The app is in maintenance; visitors see that page until "
                f"`heroku maintenance:off --app {self.app.name}`."
            )
        releases = steps.look("Ask which release is live", self.app.releases)
        builds = steps.look("Ask which builds there are", self.app.builds)
        # Two deploys at once would end on whichever was slower.
        rivals = [
            f"a build of {(version_of(one) or 'something')[:12]} is under way"
            for one in builds
            if one["status"] == "pending" and version_of(one) != source.commit
        ] + [
            f"v{one['version']} is being released"
            for one in releases[:1]
            if one["status"] == "pending" and self.app.commit(one) != source.commit
        ]
        if rivals:
            raise Stopped(
                f"Shipping {source.short} to Heroku",
                " and ".join(rivals),
                "Wait until that is through, or end it with `heroku builds:cancel`.",
            )
        live = current(releases)
        if live and self.app.commit(live) == source.commit:
            steps.note(f"v{live['version']} is of this commit already.")
            self._release = live
        self._build = next((one for one in builds if version_of(one) == source.commit), {})

    def _have_built(self, source: Source, steps: Steps) -> None:
        if self._build.get("status") == "succeeded":
            steps.note("A build of this commit stands; it is used.")
            return
        if self._build:
            steps.note("A build of this commit runs already; it is joined.")
        else:
            steps.do("Send the source and begin a build", self._begin_build, source)
        steps.do("Wait for the build", self._end_build)

    def _have_released(self, source: Source, steps: Steps) -> None:
        if slug := slug_of(self._build):
            same = [one for one in self.app.releases() if slug_of(one) == slug]
            if same and (same[0]["status"] == "pending" or current(same[:1])):
                self._release = same[0]
            elif same:
                # Its command failed, or it was taken back since: the same slug is released anew.
                body = {"slug": slug, "description": f"Deploy {source.short} again"}
                steps.do("Release the build anew", self._begin_release, body)
        steps.do("Wait for the release command", self._end_release)

    def _begin_build(self, source: Source) -> None:
        self._build = self.app.begin_build(source)

    def _end_build(self) -> None:
        self._build = self.app.built(self._build)

    def _begin_release(self, body: dict[str, str]) -> None:
        self._release = self.app.begin_release(body)

    def _end_release(self) -> None:
        self._release = self.app.released(self._release or self.app.release_of(self._build))

    def _way_back(self, then: Thing, steps: Steps) -> dict[str, str]:
        changed = steps.look("Compare its variables with today's", self.app.changed_variables, then)
        if changed == []:
            return {"release": then["id"]}
        if changed:
            steps.note(f"Changed since, and kept as they are now: {', '.join(changed)}.")
        return {"slug": slug_of(then), "description": f"Go back to v{then['version']}"}

    def _as_release(self, one: Thing) -> Release:
        # The releases of a new app only set variables: there is nothing yet that could run.
        has_code, succeeded = bool(slug_of(one)), one["status"] == "succeeded"
        return Release(
            name=f"v{one['version']}",
            commit=self.app.commit(one),
            at=datetime.fromisoformat(one["created_at"]),
            by=(one.get("user") or {}).get("email", ""),
            live=has_code and bool(one.get("current")),
            outcome=one["status"],
            can_return=has_code and succeeded and one.get("eligible_for_rollback", True),
        )


def told(what: str, way_back: str) -> AbstractContextManager[None]:
    """Turn what goes wrong at Heroku into Stopped."""
    return stopping("Heroku", what, way_back)


def target(environment: Environment, operator: Operator) -> Heroku:
    """The Heroku app of an environment. Raises Stopped where its name or the key is missing."""
    if not environment.app:
        raise Stopped(
            "Looking for the app on Heroku",
            "launch.toml does not name it",
            'Add a line such as app = "slipway-production" to the [[environments]].',
        )
    if not operator.HEROKU_API_KEY:
        raise Stopped(
            "Speaking to Heroku",
            "HEROKU_API_KEY is not set",
            "Make a key with `heroku authorizations:create` and set it.",
        )
    with told("Speaking to Heroku", "Mend the variable."):
        api = client(key=operator.HEROKU_API_KEY, base=operator.HEROKU_API_URL)
        return Heroku(App(api, environment.app))
