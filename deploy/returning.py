"""The verb rollback: which release, whether the schema allows it, and then its code alone."""

import json
from typing import Any

from deploy.gates import Gate, Gates
from deploy.record import Record
from deploy.target import Release, Stopped
from deploy.trying import try_out
from deploy.verb import Verb

SCHEMA = ["python", "manage.py", "schema", "--json"]


class Rollback(Verb):
    """One rollback of one environment."""

    def carry_out(self, name: str) -> Release:
        """Make the release of that name live, or the one before the live one. Raises Stopped."""
        releases = self.steps.look("See what is live", self.target.releases)
        live, to = chosen(releases, name)
        passing = Gates(self.despite, self.steps)
        # The newest code knows the most migrations, and may not be the live one any more.
        newest = releases[0] if getattr(self.target, "prepares", False) else live
        passing.pass_all([self.schema(newest, to)])
        record = Record(
            self.target,
            self.steps,
            environment=self.environment.name,
            release=to.commit[:7],
            commit=to.commit,
            who=self.who,
            despite=self.despite,
        )
        try:
            self.target.go_back(to, self.steps)
            way = ("--release", to.commit[:7])
            what, url = "Try the public address", self.environment.url
            try_out(self.steps, self.operator, what, url, *way)
        except BaseException as failure:
            if not self.steps.dry_run:
                record.end("failed", str(failure))
            raise
        if not self.steps.dry_run:
            record.end("live")
        return to

    def schema(self, newest: Release, to: Release) -> Gate:
        """Whether the older code finds in the database all that it needs."""

        def objection() -> str:
            done = self.target.run(SCHEMA, release="" if newest.live else newest.name)
            try:
                text = done.text[done.text.index("{\n") : done.text.rindex("}") + 1]
                told = json.loads(text)["migrations"]
                return lost(told, self.git.files(to.commit))
            except Stopped as stopped:  # git does not know the commit
                return f"{stopped}; {stopped.way_back}"
            except (ValueError, KeyError):
                return (
                    f"{newest.name} does not say what its database has: {done.text.strip()[-300:]}"
                )

        return Gate(
            "The older code can live with the database",
            objection,
            "mend it forwards: a new commit that works with the database as it is, then "
            "deploy/deploy; data that are gone come back only from a backup: docs/deploy.md",
        )


def chosen(releases: list[Release], name: str) -> tuple[Release, Release]:
    """The live release, and the one to go back to. Raises Stopped where there is none."""
    live = next((one for one in releases if one.live), None)
    if live is None:
        raise Stopped("Looking for the way back", "no release is live", "ship one: deploy/deploy")
    able = [one for one in releases if one.can_return and not one.live]
    known = ", ".join(f"{one.name} ({one.commit[:7]})" for one in able) or "none"
    if name:
        fits = [one for one in able if one.name == name or one.commit.startswith(name)]
    else:
        fits = [one for one in able if is_before(one, live)]
    if fits:
        return live, fits[0]
    what = f"no release {name} that was live before" if name else f"none before {live.name}"
    raise Stopped(
        "Looking for the way back", f"there is {what}; there are: {known}", "name one of these"
    )


def is_before(one: Release, live: Release) -> bool:
    return bool(one.at and live.at and one.at < live.at)


def lost(applied: list[dict[str, Any]], files: list[str]) -> str:
    """What was taken from the database by migrations that a commit does not have; else blank."""
    known = {
        f"{parts[-3]}.{parts[-1].removesuffix('.py')}"
        for parts in (path.split("/") for path in files)
        if len(parts) > 2 and parts[-2] == "migrations"
    }
    missing = [
        one for one in applied if one["applied"] and not known & {one["name"], *one["replaces"]}
    ]
    found = [
        f"{one['name']} {what}"
        for one in missing
        for what in (
            ["is in no code that can be asked"] if one["breaks"] is None else one["breaks"]
        )
    ]
    return "; ".join(found)
