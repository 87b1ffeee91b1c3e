"""A founder's checkout: ours under another name, with a launch plan, in a git repository."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps.launch.gathering.baseline import FILE, store
from apps.launch.handover.as_markdown import INDEX
from apps.launch.handover.seal import SEAL, fingerprint, sealed
from apps.launch.plan_file import BadPlan, read
from config.env import BASE_DIR
from tests.launch.sound.baseline import BEFORE, CURRENT

HERE = Path(__file__).parent
NAMES = {
    "name": "Harbourside",
    "tagline": "Where your clients find you",
    "description": "Clients, notes and files in one place.",
    "legal_name": "Harbourside Software Ltd",
    "support_email": "help@harbourside.co",
}


class Fork:
    """A checkout in `folder`; what is changed in it is undone at the end of a block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Copy the project's files as git knows them, rename the product, plan, commit.

        The suite is left out: what is launched needs none, and each run would search through it.
        """
        self.folder.mkdir(parents=True)
        tracked = git(BASE_DIR, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        names = [
            name
            for name in tracked.split("\0")
            if (BASE_DIR / name).is_file() and not name.startswith("tests/")
        ]
        copied = subprocess.run(
            ["tar", "--create", "--null", "--files-from=-"],
            cwd=BASE_DIR,
            input="\0".join(names).encode(),
            check=True,
            capture_output=True,
        )
        subprocess.run(["tar", "--extract"], cwd=self.folder, input=copied.stdout, check=True)
        product = self.folder / "config/product.py"
        text = product.read_text()
        for field, value in NAMES.items():
            text = re.sub(rf"^    {field}=.*$", f'    {field}="{value}",', text, flags=re.M)
        product.write_text(text)
        now = datetime.now(UTC)
        self.plan.write_text(written_plan(now))
        for one in (BEFORE, replace(CURRENT, measured_at=now)):
            store(self.plan.with_name(FILE), one)
        git(self.folder, "init", "--quiet", "--initial-branch=main")
        self.commit("Begin as Harbourside")

    @property
    def plan(self) -> Path:
        return self.folder / "launch.toml"

    def note_staging(self, fingerprints: str) -> None:
        """Write into the plan, at its end, what `manage.py fingerprints` said of staging."""
        before = self.plan.read_text().partition("# Into launch.toml")[0].rstrip()
        self.plan.write_text(f"{before}\n\n{fingerprints}")

    def commit(self, why: str) -> str:
        """Commit all there is; return the commit's short name."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", why)
        return git(self.folder, "rev-parse", "--short", "HEAD").strip()

    def renew_pack(self) -> None:
        """Let the handover pack be of the plan as it is now, where that can be read."""
        index = self.folder / "docs/handover" / INDEX
        with suppress(BadPlan, FileNotFoundError):
            plan = fingerprint(read(self.plan))
            index.write_text(sealed(SEAL.sub("", index.read_text()), plan))

    @contextmanager
    def with_file(self, path: str, text: str, *, tracked: bool = True) -> Iterator[None]:
        """While the block runs, a file holds this text."""
        file = self.folder / path
        before = file.read_text() if file.exists() else None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if tracked and before is None:
            git(self.folder, "add", "--force", path)
        if file == self.plan:
            self.renew_pack()
        try:
            yield
        finally:
            if before is None:
                if tracked:
                    git(self.folder, "rm", "--quiet", "--cached", path)
                file.unlink()
            else:
                file.write_text(before)
            if file == self.plan:
                self.renew_pack()

    @contextmanager
    def with_change(self, path: str, old: str, new: str) -> Iterator[None]:
        """While the block runs, a file has `new` in place of `old`, which must be in it."""
        text = (self.folder / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        with self.with_file(path, text.replace(old, new)):
            yield

    @contextmanager
    def with_history(self, path: str, text: str) -> Iterator[None]:
        """While the block runs, a file was committed and removed again."""
        before = git(self.folder, "rev-parse", "HEAD").strip()
        file = self.folder / path
        file.write_text(text)
        self.commit("Add it")
        file.unlink()
        self.commit("Take it out again")
        try:
            yield
        finally:
            git(self.folder, "reset", "--quiet", "--hard", before)


def written_plan(now: datetime) -> str:
    """The launch plan with today's dates."""
    days = {"TODAY": now, "SOON": now + timedelta(days=60), "NEXT-YEAR": now + timedelta(days=400)}
    text = (HERE / "launch.toml").read_text()
    for word, day in days.items():
        text = text.replace(f"@{word}@", f"{day:%Y-%m-%d}")
    return text.replace("@NOW@", f"{now:%Y-%m-%dT%H:%M:%SZ}")


def git(folder: Path, *words: str) -> str:
    """Run git as somebody with no configuration of their own; return what it printed."""
    return subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@harbourside.co", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_GLOBAL": "/dev/null"},
    ).stdout
