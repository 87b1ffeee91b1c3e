"""How a release is made on the machine: files, an environment for its lock, scripts to start it.

Nothing is seen under its own name before it is whole: a build that was killed leaves only what the
next one clears away.
"""

import hashlib
import json
import re
import secrets
import shlex
from datetime import UTC, datetime
from pathlib import Path

from deploy.host.layout import OWN, Layout
from deploy.host.shell import Shell
from deploy.target import Source, Stopped

LOCK = "requirements/production.txt"
LINE = re.compile(r"^([a-z]+):\s*(\S.*)$", re.MULTILINE)
UNDER_WAY = ".new-"
WHICH = "import sys; print(sys.executable); print(sys.version)"

RUN = """\
#!/bin/sh
# Runs a command as this release, with the machine's variables and none of whoever asks.
cd {folder} || exit 1
exec env -i HOME="${{HOME:-/}}" LANG=C.UTF-8 PYTHONUNBUFFERED=1 \\
    PATH={environment}/bin:/usr/local/bin:/usr/bin:/bin \\
    ENV_FILE={variables} RELEASE={commit} WEB_SOCKET={socket} "$@"
"""
START = """\
#!/bin/sh
# Starts this release's {kind}, by its line of the Procfile, and counts how often.
echo started >>{starts}
exec {run} sh -c {line}
"""
# The scripts of an environment name the folder that it was made in. So it is made where it stays,
# and only a symlink to what is whole carries its name.
MAKE = """
made="$1/.made-$2-$3"
if command -v "$5" >/dev/null 2>&1; then
    "$5" venv --quiet --python "$4" "$made"
    "$5" pip sync --quiet --require-hashes --python "$made/bin/python" "$6"
else
    "$4" -m venv "$made"
    "$made/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$6"
fi
ln -s "${made##*/}" "$1/.link-$3"
mv -T "$1/.link-$3" "$1/$2"
"""


class Builder:
    """Makes one release, out of a checkout, under a name that is new."""

    def __init__(self, shell: Shell, layout: Layout, source: Source, name: str) -> None:
        self.shell, self.layout, self.source, self.name = shell, layout, source, name
        self.mark = secrets.token_hex(4)
        self.unfinished = layout.release(f"{UNDER_WAY}{self.mark}")
        self.lines = procfile(source.folder)

    def send(self) -> None:
        """Copy the checkout to the machine, under a name that nothing runs by."""
        self.shell.must("Making a folder", 'mkdir -p "$1/$2"', self.unfinished, OWN)
        self.shell.send(self.source.folder, self.unfinished)
        # The checkout lay in a private folder; nginx has to get through this one, to the socket.
        self.shell.must("Opening the folder", 'chmod 755 "$1"', self.unfinished)

    def make_environment(self) -> None:
        """Make the environment that the lock asks for, unless it is there."""
        python, key = self.python_and_key()
        script = 'test -x "$1/$2/bin/python" && echo there || true'
        if "there" in self.shell.must("Looking", script, self.layout.environments, key):
            return
        arguments = (
            self.layout.environments,
            key,
            self.mark,
            python,
            self.shell.tool("uv"),
            f"{self.unfinished}/{LOCK}",
        )
        self.shell.must("Installing the packages", MAKE, *arguments)

    def python_and_key(self) -> tuple[str, str]:
        """The machine's Python for this release, and the name of the environment it gets."""
        script = 'cd "$1"; sh dev/python -c "$2"'
        said = self.shell.must("Looking for Python", script, self.unfinished, WHICH)
        return said.splitlines()[0], key_of(self.source.folder, said)

    def finish(self) -> None:
        """Write how it starts and what it is, then give it its name."""
        _, key = self.python_and_key()
        for file, text in self.scripts(f"{self.layout.environments}/{key}").items():
            self.shell.write(f"{self.unfinished}/{OWN}/{file}", text, mode="755")
        about = {
            "commit": self.source.commit,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": self.source.by,
            "environment": key,
        }
        self.shell.write(f"{self.unfinished}/{OWN}/about.json", json.dumps(about))
        script = 'ln -sfn "$1" "$2/$4/web.sock"; mv -T "$2" "$3"'
        self.shell.must(
            "Naming the release",
            script,
            self.layout.socket(self.name),
            self.unfinished,
            self.layout.release(self.name),
            OWN,
        )

    def scripts(self, environment: str) -> dict[str, str]:
        """What starts each process, and what runs any command as this release."""
        run = self.layout.own(self.name, "run")
        starts = {
            kind: START.format(
                kind=kind,
                run=run,
                starts=self.layout.own(self.name, f"{kind}.starts"),
                line=shlex.quote(directly(line)),
            )
            for kind, line in self.lines.items()
        }
        return starts | {
            "run": RUN.format(
                folder=self.layout.release(self.name),
                environment=environment,
                variables=self.layout.variables,
                commit=self.source.short,
                socket=self.layout.socket(self.name),
            )
        }


def key_of(folder: Path, python: str) -> str:
    """The name of the environment that a checkout needs, with a Python that says this of itself."""
    lock = (folder / LOCK).read_bytes()
    return hashlib.sha256(lock + python.encode()).hexdigest()[:16]


def procfile(folder: Path) -> dict[str, str]:
    """The lines of the Procfile by kind. Raises Stopped where one that is needed is missing."""
    lines = dict(LINE.findall((folder / "Procfile").read_text(encoding="utf-8")))
    if absent := {"release", "web", "worker", "beat"} - lines.keys():
        raise Stopped("Reading the Procfile", f"it has no {', '.join(sorted(absent))}", "add it")
    return lines


def directly(line: str) -> str:
    """Let a simple command take its shell's place, so that it gets the signals itself."""
    return line if re.search(r"[;&|\n]", line) else f"exec {line}"
