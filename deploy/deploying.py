"""The verb deploy: gates, backup, ship, smoke, record; and by itself back where it fails."""

from collections.abc import Callable

from deploy import gates
from deploy.gates import Gate, Gates
from deploy.record import Record
from deploy.target import Release, Run, Source, Stopped
from deploy.trying import try_out
from deploy.verb import Verb

BACKUP = ["python", "manage.py", "backup"]


class Deploy(Verb):
    """One deploy to one environment."""

    def carry_out(self, name: str) -> Release:
        """Ship the commit of that name. Raises Stopped, with what is live now."""
        commit = self.git.commit(name)
        passing = Gates(self.despite, self.steps)
        passing.pass_all(gates.of_the_commit(self.git, commit, self.operator))
        before = self.live()

        def judge(run: Run) -> None:
            passing.pass_all(gates.of_the_release(run, self.steps, self.environment.name))
            passing.pass_all([self.backup(run)])

        prepares = getattr(self.target, "prepares", False)
        with self.git.checkout(commit) as folder:
            if not prepares:
                passing.pass_all([gates.of_the_checkout(folder)])
            by = self.who
            source = Source(commit=commit, folder=folder, by=by, before_release=judge)
            record = self.record(source)
            if before:
                record.begin()
            try:
                if before and not prepares:
                    self.judge_in_the_live(judge)
                released = self.target.ship(source, self.steps)
                way = ("--release", source.short)
                what, url = "Try the public address", self.environment.url
                try_out(self.steps, self.operator, what, url, *way, is_first=not before)
            except BaseException as failure:
                self.way_back(before, record, failure)
                raise
        if not self.steps.dry_run:
            record.end("live")
        return released

    def judge_in_the_live(self, judge: Callable[[Run], None]) -> None:
        """Have gates and backup run in the live release, where the new one cannot be asked."""
        if self.steps.dry_run:
            # Even a process that only asks has to be begun there.
            self.steps.do("Judge it in the live release, and take a backup", judge)
        else:
            judge(self.target.run)

    def live(self) -> Release | None:
        """The release that is live; None before the first."""
        releases = self.steps.look("See what is live", self.target.releases)
        return next((one for one in releases if one.live), None)

    def record(self, source: Source) -> Record:
        return Record(
            self.target,
            self.steps,
            environment=self.environment.name,
            release=source.short,
            commit=source.commit,
            who=source.by,
            despite=self.despite,
        )

    def backup(self, run: Run) -> Gate:
        """That the data as they are can be had again, whatever the release phase does."""

        def objection() -> str:
            if self.steps.dry_run:
                return ""
            done = run(BACKUP)
            return f"it failed: {done.text.strip()[-500:]}" if done.status else ""

        return Gate("A backup is taken", objection, "see docs/deploy.md, 'Backup'")

    def way_back(self, before: Release | None, record: Record, failure: BaseException) -> None:
        """Go back where the new release is live already. Raises Stopped with what is live now."""
        if self.steps.dry_run:
            return
        why = str(failure) or type(failure).__name__
        try:
            now = self.live()
        except Stopped as stopped:
            self.steps.note(f"what is live now cannot be found out: {stopped}; ask deploy/status")
            return
        if before is None or now is None or now.name == before.name:
            if now is not None:
                record.end("failed", why)
            return
        self.steps.note("the new release is live and not well: going back")
        try:
            self.target.go_back(before, self.steps)
        except Stopped as stopped:
            record.end("failed", f"{why}; and going back failed: {stopped}")
            raise Stopped(
                "Deploying, and then going back", f"{why}; then: {stopped}", stopped.way_back
            ) from failure
        record.end("rolled back", why)
        what = failure.what if isinstance(failure, Stopped) else "Deploying"
        raise Stopped(
            what,
            failure.why if isinstance(failure, Stopped) else why,
            f"went back by itself: {before.name} ({before.commit[:7]}) is live again; mend it and "
            "deploy anew",
        ) from failure
