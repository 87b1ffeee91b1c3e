"""What can be asked of one app on Heroku, and had done to it, one request at a time."""

from collections.abc import Callable
from typing import Any

from deploy.heroku.api import newest
from deploy.heroku.source import archive, checksum
from deploy.rest import Api, ApiError, tail, until
from deploy.target import Source, Stopped

Thing = dict[str, Any]  # as the Platform API describes it

EVERY = 3.0
# Heroku ends a build after 15 minutes and a release command after an hour.
BUILD, RELEASE, BOOT = 1_200.0, 3_700.0, 600.0
SHOWN, FAR_BACK = 15, 1_000
KEPT = "Nothing was switched: the release that was live is live still."


class App:
    """One app; `every` is how many seconds pass between two looks at what moves."""

    def __init__(self, api: Api, name: str, *, every: float = EVERY) -> None:
        self.api, self.name, self.every = api, name, every
        self.path = f"/apps/{name}"
        self._commits: dict[str, str] = {}

    # What there is

    def about(self) -> Thing:
        return dict(self.api.get(self.path).body)

    def releases(self) -> list[Thing]:
        """The newest releases, newest first, as far back as the one that is live."""
        path = f"{self.path}/releases"
        found = newest(self.api, path, by="version", enough=SHOWN)
        if len(found) < SHOWN or current(found):
            return found
        return newest(self.api, path, by="version", enough=FAR_BACK)

    def release(self, name: str) -> Thing:
        """The release of a name such as v42."""
        return dict(self.api.get(f"{self.path}/releases/{name.removeprefix('v')}").body)

    def commit(self, release: Thing) -> str:
        """The commit of a release, which its slug knows; blank for one that has no slug."""
        slug = slug_of(release)
        if slug and slug not in self._commits:
            found = self.api.get(f"{self.path}/slugs/{slug}").body
            self._commits[slug] = found.get("commit") or ""
        return self._commits.get(slug, "")

    def builds(self) -> list[Thing]:
        """The newest builds that run or stand, newest first."""
        found = newest(self.api, f"{self.path}/builds", by="created_at", enough=SHOWN)
        return [one for one in found if one["status"] in ("pending", "succeeded")]

    def dynos(self) -> list[Thing]:
        return list(self.api.get(f"{self.path}/dynos").body)

    def wanted(self) -> dict[str, int]:
        """How many dynos of each process type there should be."""
        formation = self.api.get(f"{self.path}/formation").body
        return {one["type"]: one["quantity"] for one in formation if one["quantity"]}

    def changed_variables(self, since: Thing) -> list[str] | None:
        """The names of the variables that are not as they were; None where that is not shown."""
        try:
            today = self.api.get(f"{self.path}/config-vars").body
            former = self.api.get(f"{self.path}/releases/{since['id']}/config-vars").body
        except ApiError as error:
            if error.status in (403, 404):
                return None
            raise
        names = today.keys() | former.keys()
        return sorted(name for name in names if today.get(name) != former.get(name))

    # What changes it

    def begin_build(self, source: Source) -> Thing:
        """Upload the source and have it built."""
        packed = archive(source.folder)
        place = self.api.post(f"{self.path}/sources").body["source_blob"]
        self.api.upload(place["put_url"], packed)
        blob = {"url": place["get_url"], "version": source.commit, "checksum": checksum(packed)}
        return dict(self.api.post(f"{self.path}/builds", {"source_blob": blob}).body)

    def begin_release(self, body: dict[str, str]) -> Thing:
        """Release a slug, or an earlier release, anew."""
        return dict(self.api.post(f"{self.path}/releases", body).body)

    # What has to be waited for

    def built(self, build: Thing) -> Thing:
        """The build once it has ended. Raises Stopped with its last words where it failed."""
        path = f"{self.path}/builds/{build['id']}"
        ended = self._ended(path, BUILD, "the build", "`heroku builds`")
        if ended["status"] != "succeeded":
            raise Stopped(
                "The build on Heroku",
                self._log(ended) or f"it ended as {ended['status']}",
                f"{KEPT} Mend the source, and deploy the new commit.",
            )
        return ended

    def release_of(self, build: Thing) -> Thing:
        """The release that Heroku makes of a build, a moment after the build has ended."""

        def look() -> Thing | None:
            return self.api.get(f"{self.path}/builds/{build['id']}").body.get("release") or None

        return self._wait(look, BOOT, "the build's release", "`heroku releases`")

    def released(self, release: Thing) -> Thing:
        """The release once its command has ended. Raises Stopped where that failed."""
        path = f"{self.path}/releases/{release['id']}"
        ended = self._ended(path, RELEASE, "the release command", "`heroku releases`")
        if ended["status"] != "succeeded":
            raise Stopped(
                f"The release command of v{ended['version']}",
                self._log(ended) or f"it ended as {ended['status']}",
                f"{KEPT} Heroku does not start a release whose command failed. What was migrated "
                "before it failed stays, and the live code runs on it.",
            )
        return ended

    def until_up(self, version: int) -> None:
        """Wait until every wanted dyno of a release is up. Raises Stopped where one crashes."""
        wanted = self.wanted()

        def look() -> Thing | None:
            ours = [one for one in self.dynos() if one["release"]["version"] == version]
            if crashed := [one["name"] for one in ours if one["state"] == "crashed"]:
                raise Stopped(
                    f"Starting v{version}",
                    f"{', '.join(crashed)} crashed; see `heroku logs --app {self.name}`",
                    "Go back: deploy/rollback",
                )
            up = [one["type"] for one in ours if one["state"] in ("up", "idle")]
            return wanted if all(up.count(name) >= wanted[name] for name in wanted) else None

        self._wait(look, BOOT, "the dynos", "`heroku ps`")

    def _ended(self, path: str, at_most: float, what: str, see: str) -> Thing:
        def look() -> Thing | None:
            found = self.api.get(path).body
            return None if found["status"] == "pending" else dict(found)

        return self._wait(look, at_most, what, see)

    def _wait(self, look: Callable[[], Thing | None], at_most: float, what: str, see: str) -> Thing:
        found = until(look, wait=self.api.wait, every=self.every, at_most=at_most)
        if found is None:
            raise Stopped(
                f"Waiting for {what}",
                f"it is not through after {at_most / 60:.0f} minutes",
                f"See {see}; once it is through, type the command again, which carries on.",
            )
        return found

    def _log(self, one: Thing) -> str:
        url = one.get("output_stream_url")
        return tail(self.api.log(url)) if url else ""


def slug_of(one: Thing) -> str:
    """The slug of a release or a build; blank where there is none."""
    return str((one.get("slug") or {}).get("id") or "")


def version_of(build: Thing) -> str:
    """What a build says that it was made from; ours say the commit."""
    return str((build.get("source_blob") or {}).get("version") or "")


def current(releases: list[Thing]) -> Thing | None:
    """The release that is live, among those."""
    return next((one for one in releases if one.get("current")), None)
