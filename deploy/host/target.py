"""Ships to a plain machine: the new web beside the old, tried in private, then one symlink moved.

`current` alone says which release is live: nginx follows it at each connection. So there is no
moment at which half of a switch has happened, whatever is killed; and `settle`, with which each
verb begins, makes what runs agree with it again.
"""

import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime

from apps.launch.plan import Environment
from config.env import Operator
from deploy.host import layout
from deploy.host.building import UNDER_WAY, Builder
from deploy.host.layout import LISTING, checked, new_name
from deploy.host.shell import Shell
from deploy.host.supervisors import KINDS, Supervisor
from deploy.steps import Steps
from deploy.target import Output, Process, Release, Source, Stopped
from deploy.trying import try_out

SERVED = ("web", "worker", "beat")
KEPT = 5  # releases that a rollback can reach at once
SECONDS_TO_BOOT = 90
UNCHANGED = "nothing has changed for users; the release that was live still is"


def target(environment: Environment, operator: Operator) -> "HostTarget":
    """The target of an environment of launch.toml."""
    return HostTarget(environment, operator)


class HostTarget:
    """One environment's folder on one machine."""

    prepares = True

    def __init__(
        self, environment: Environment, operator: Operator, shell: Shell | None = None
    ) -> None:
        self.environment, self.operator = environment, operator
        self.shell = shell or Shell(environment.ssh)
        self.layout = checked(environment.folder)
        self.held: subprocess.Popen[bytes] | None = None

    @property
    def supervisor(self) -> Supervisor:
        return KINDS[self.environment.supervisor](self.shell, self.layout, self.environment.name)

    def releases(self) -> list[Release]:
        """The releases that lie there, newest first."""
        text = self.shell.must("Listing releases", LISTING, self.layout.folder)
        return layout.listed(text)

    def processes(self) -> list[Process]:
        """What the supervisor runs, and a line for each process that should run and does not."""
        found, live = self.supervisor.running(), self.live()
        missing = {*SERVED} - {one.name for one in found if one.release == live}
        return found + [
            Process(name=kind, release=live, state="missing", is_well=False)
            for kind in (sorted(missing) if live else ())
        ]

    def run(self, command: list[str], *, release: str = "", text: str = "") -> Output:
        """Run a command in the live release or the one that is named, with its variables."""
        folder = self.layout.release(release) if release else self.layout.current
        return self.shell.run([f"{folder}/{layout.OWN}/run", *command], text=text)

    def live(self) -> str:
        """The name of the live release; blank before the first."""
        return next((one.name for one in self.releases() if one.live), "")

    def ship(self, source: Source, steps: Steps) -> Release:
        """Make a release of a checkout and make it live; see `deploy.target`."""
        name = new_name(source.commit, datetime.now(UTC))
        builder = Builder(self.shell, self.layout, source, name)
        steps.do("Make the folders", self.make_folders)
        self.lock(steps)
        steps.do("Make the supervisor ready", self.supervisor.install, list(SERVED))
        steps.do("Clear what was left", self.settle)
        with self.undone_before_switch(name, steps, discard=name):
            steps.do("Send the commit", builder.send)
            steps.do("Install the packages", builder.make_environment)
            steps.do("Make the release", builder.finish)
            self.prepare(source, name, steps)
            self.bring(name, steps, tries=True)
        steps.do(f"Keep the last {KEPT} releases", self.prune)
        return next(
            (one for one in self.releases() if one.name == name),
            Release(name=name, commit=source.commit, by=source.by),
        )

    def go_back(self, to: Release, steps: Steps) -> None:
        """Make a release that lies there live again; its code alone."""
        self.lock(steps)
        steps.do("Make the supervisor ready", self.supervisor.install, list(SERVED))
        with self.undone_before_switch(to.name, steps):
            self.bring(to.name, steps)

    @contextmanager
    def undone_before_switch(self, name: str, steps: Steps, discard: str = "") -> Iterator[None]:
        """Where a step fails before the switch, clear away what was begun, and say so."""
        try:
            yield
        except BaseException as failure:
            if steps.dry_run or self.switched(name):
                raise
            with suppress(Stopped):  # the failure itself is what has to be told
                self.settle(discard)
            if isinstance(failure, Stopped):
                way = failure.way_back or UNCHANGED
                raise Stopped(failure.what, failure.why, way) from None
            raise

    def switched(self, name: str) -> bool:
        """Whether a release is live, or nobody can tell any more."""
        try:
            return self.live() == name
        except Stopped:
            return True

    def prepare(self, source: Source, name: str, steps: Steps) -> None:
        """What comes before the new web starts: gates and backup, then the release phase."""
        if steps.dry_run:
            steps.do("Judge it where it will run, and take a backup", source.before_release)
        else:  # it tells its own steps
            source.before_release(lambda command: self.run(command, release=name))
        steps.do(
            "Run the release phase", self.must_run, name, ["sh", self.layout.own(name, "release")]
        )

    def bring(self, name: str, steps: Steps, *, tries: bool = False) -> None:
        """Make a release live and the only one that runs; what is done already is not redone."""
        before = self.live()
        if before and before != name:
            steps.do("Keep the files that open pages ask for", self.carry, before, name)
        steps.do("Start the new web beside the old", self.supervisor.start, "web", name)
        steps.do("Wait until it is ready", self.wait, name)
        if tries:
            self.try_out(name, steps, is_first=not before)
        steps.do("Switch", self.switch, name)
        steps.do("Start the new worker", self.supervisor.start, "worker", name)
        steps.do("Let the old processes finish", self.leave, name)
        # Never beside the old one: there has to be one scheduler.
        steps.do("Start the new scheduler", self.supervisor.start, "beat", name)

    def make_folders(self) -> None:
        """Make what is missing, and see that the machine's variables are there, for us alone."""
        script = """
            umask 027
            mkdir -p "$1/releases" "$1/environments" "$1/run" "$1/logs"
            # Never made anew: while it was gone, nginx would find nobody.
            [ -L "$1/run/web.sock" ] || ln -s ../current/.host/web.sock "$1/run/web.sock"
            umask 077; mkdir -p "$1/shared/files"
            [ -f "$1/shared/.env" ] || { echo "there is no $1/shared/.env"; exit 1; }
            chmod 600 "$1/shared/.env"
            grep -Eq "^(export )?FILES_ROOT=.?/" "$1/shared/.env" || {
                echo "FILES_ROOT in $1/shared/.env has to be a full path, which releases share"
                exit 1
            }
        """
        try:
            self.shell.must(f"Making folders in {self.layout.folder}", script, self.layout.folder)
        except Stopped as stopped:
            raise Stopped(
                stopped.what,
                stopped.why,
                "docs/deploy.md, 'The first deploy', makes the folder and its variables",
            ) from None

    def lock(self, steps: Steps) -> None:
        """Hold the machine's lock until this process ends. Raises Stopped if another has it."""
        if steps.dry_run or self.held:
            return
        self.held = self.shell.hold(self.layout.lock)
        if not self.held:
            raise Stopped(
                f"Taking {self.layout.lock}",
                "another deploy or rollback is under way on that machine",
                "wait until it has ended",
            )

    def settle(self, discard: str = "") -> None:
        """Let run what `current` says and nothing else; remove what was never finished."""
        live = self.live()
        found = self.processes()
        for one in found:
            if one.release != live:
                self.supervisor.stop(one.name, one.release)
        self.supervisor.forget(all_but=live)
        well = {one.name for one in found if one.release == live and one.is_well}
        for kind in SERVED if live else ():
            if kind not in well:
                self.supervisor.start(kind, live)
        never = [one.name for one in self.releases() if not one.can_return and not one.live]
        self.remove({*never, *([discard] if discard else [])})
        script = """
            cd "$1"; rm -rf "releases/$2"* environments/.link-*
            for made in environments/.made-*; do
                [ -e "$made" ] || continue
                found=
                for link in environments/[!.]*; do
                    [ "$(readlink "$link")" != "${made##*/}" ] || found=1
                done
                [ -n "$found" ] || rm -rf "$made" || true
            done
            for socket in run/*Z-*.sock; do
                name=${socket#run/}; name=${name%.sock}
                [ -d "releases/$name" ] || rm -f "$socket"
            done
        """
        self.shell.must("Clearing", script, self.layout.folder, UNDER_WAY)

    def remove(self, names: Iterable[str]) -> None:
        """Remove releases that nothing runs."""
        for name in names:
            # Out of sight at once, so that a kill leaves no half of a release under its name.
            script = 'cd "$1/releases"; [ ! -d "$2" ] || { mv -T "$2" "$3$2"; rm -rf "$3$2"; }'
            self.shell.must("Removing a release", script, self.layout.folder, name, UNDER_WAY)

    def must_run(self, name: str, command: list[str]) -> None:
        """Run a command in a release. Raises Stopped with its last words if it fails."""
        done = self.run(command, release=name)
        if done.status:
            raise Stopped(f"Running {' '.join(command)}", done.text.strip()[-2000:], "")

    def carry(self, before: str, name: str) -> None:
        folders = [f"{self.layout.release(one)}/staticfiles" for one in (before, name)]
        self.must_run(name, ["python", "-m", "deploy.host.carry", *folders])

    def wait(self, name: str) -> None:
        """Wait until the release's own socket says 200 to /readyz, and that it is the one.

        Readiness asks for a worker: where none is alive, this release's own is started.
        """
        if self.ask(name) == "worker":
            self.supervisor.start("worker", name)
            self.ask(name, "all")

    def ask(self, name: str, *needed: str) -> str:
        """Ask the release's web whether it is ready. Raises Stopped with its last words if not."""
        commit, seconds = name.rpartition("-")[2], str(SECONDS_TO_BOOT)
        done = self.own(
            name, "deploy.host.ready", self.layout.socket(name), commit, seconds, *needed
        )
        if done.status:
            words = self.supervisor.words("web", name).strip()
            why = f"{done.text.strip()}\n{words}".strip()
            raise Stopped("Waiting until the new web is ready", why, "")
        return done.text.strip()

    def own(self, name: str, module: str, *arguments: str) -> Output:
        """Run a module of deploy/'s on the machine, as it is in a release."""
        return self.run(["python", "-m", module, *arguments], release=name)

    def try_out(self, name: str, steps: Steps, *, is_first: bool) -> None:
        """Do what customers do, through the release's own socket."""
        what, url = "Try it before anybody sees it", self.environment.url
        with (
            self.shell.reach(self.layout.socket(name))
            if not steps.dry_run
            else nullcontext("") as near
        ):
            way = ("--connect-to", f"unix:{near}", "--release", name.rpartition("-")[2])
            try_out(steps, self.operator, what, url, *way, is_first=is_first)

    def switch(self, name: str) -> None:
        """Make a release live: one rename, and a mark that it can be gone back to."""
        # The mark first: a release that is live without it would be cleared away once it is not.
        script = """
            cd "$1"; : >"releases/$2/.host/served"
            ln -sfn "releases/$2" .current; mv -T .current current
        """
        self.shell.must("Switching", script, self.layout.folder, name)

    def leave(self, name: str) -> None:
        """Stop all that runs beside a release, all at once: each may have something to finish.

        A web is stopped once it has taken every connection that came. They queue up in the order
        in which they came: when a question that is asked after the switch is answered, nothing
        waits before it.
        """
        old = [one for one in self.processes() if one.release != name]

        def stop(one: Process) -> None:
            if one.name == "web":
                self.drain(one.release)
            self.supervisor.stop(one.name, one.release)

        with ThreadPoolExecutor(len(SERVED)) as together:
            for done in [together.submit(stop, one) for one in old]:
                done.result()

    def drain(self, release: str) -> None:
        """Wait until a web has taken every connection that came; one that is dead has none."""
        self.own(release, "deploy.host.ready", self.layout.socket(release), "drained", "20")

    def prune(self) -> None:
        """Remove all but the live release and those that served before it, and what they used."""
        served = [one for one in self.releases() if one.can_return]
        self.remove([one.name for one in served[KEPT:] if not one.live])
        script = """
            cd "$1"
            for link in environments/[!.]*; do
                grep -qs "${link##*/}" releases/*/.host/about.json || rm -f "$link"
            done
        """
        self.shell.must("Clearing", script, self.layout.folder)
