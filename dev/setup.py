"""Makes the environment that every command runs in, a `.venv` filled from a hashed lock.

Uses the standard library alone and reads on Python 3.6, so that an old Python gets a reason and
not a syntax error. What runs inside the environment lives beside this module.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOM = 1024**3

# The lines of Django that the suite runs on: its folder, its lock, the oldest Python.
LINES = {
    "5.2": (".venv", "development.txt", (3, 11)),
    "6.1": (".venv-6.1", "next.txt", (3, 12)),
}

# What installers say, and what a person can do about it; the first that fits is told.
REASONS = (
    (r"No space left|ENOSPC|disk full|Disk quota", "the disk is full; free about 1 GB"),
    (r"THESE PACKAGES DO NOT MATCH|[Hh]ash mismatch", "a package is not the one that was locked"),
    (
        r"certificate|CERTIFICATE|SSL",
        "the package registry's certificate is not trusted here; behind a company proxy, set "
        "SSL_CERT_FILE and PIP_CERT to its certificate",
    ),
    (
        r"resol|lookup|onnection|etwork|unreachable|timed out|Max retries|error sending request"
        r"|[Pp]roxy|HTTP error|from versions: none|No matching distribution",
        "the package registry cannot be reached; check the network and try again",
    ),
    (r"Permission denied|EACCES", "a file here belongs to someone else; see who owns the folder"),
)


class Refusal(Exception):
    """A one-line reason why a command cannot go on, and what the person can do about it."""


def say(line: str, aside: bool = False) -> None:
    """Print a line at once, also where the terminal knows no UTF-8; `aside` on standard error."""
    stream = sys.stderr if aside else sys.stdout
    encoding = stream.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), flush=True, file=stream)


def refuse(reason: object) -> None:
    """Leave with status 1 and a one-line reason on standard error."""
    encoding = sys.stderr.encoding or "ascii"
    sys.exit(f"✗ {reason}".encode(encoding, "replace").decode(encoding))


@contextlib.contextmanager
def step(name: str, aside: bool = False) -> "Iterator[None]":
    """Time a step and say in one quiet line that it is done."""
    started = time.time()
    yield
    say(f"✓ {name:<12} {time.time() - started:6.1f} s", aside)


def chosen_line(django: str) -> "tuple[str, str, tuple[int, int]]":
    """Return folder, lock and oldest Python of a line of Django; "" stands for the usual one."""
    line = django or "5.2"
    if line not in LINES:
        raise Refusal(
            f"DJANGO={line} is not a line that this project runs on; use DJANGO=5.2 or DJANGO=6.1"
        )
    return LINES[line]


def check_python(version: "tuple[int, ...]", least: "tuple[int, ...]") -> None:
    """Refuse a Python that is older than `least`."""
    if tuple(version[:2]) < least:
        raise Refusal(
            f"Python {version[0]}.{version[1]} is too old: {least[0]}.{least[1]} or newer is "
            "needed. Name another, for example: make run PYTHON=python3.12"
        )


def free_bytes(folder: str) -> int:
    return shutil.disk_usage(folder).free


def check_room(folder: str) -> None:
    """Refuse to begin on a disk that the packages will not fit on."""
    free = free_bytes(folder)
    if free < ROOM:
        raise Refusal(
            f"{free // 1024**2} MB are free on the disk of {folder}; about {ROOM // 1024**2} MB "
            "are needed. Free some and try again"
        )


def check_venv() -> None:
    """Refuse a Python that was installed without the means to make environments."""
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Refusal(
            f"{sys.executable} cannot make environments; on Debian and Ubuntu: "
            "apt install python3-venv"
        )


def explain(output: str) -> str:
    """Turn what an installer printed into a one-line reason."""
    for pattern, reason in REASONS:
        if re.search(pattern, output):
            return reason
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def run(command: "list[str]", what: str) -> None:
    """Run an installer quietly; raises Refusal with the reason when it fails."""
    environment = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        with open(os.path.join(ROOT, ".local", "setup.log"), "wb") as log:
            log.write(done.stdout)
        reason = explain(done.stdout.decode("utf-8", "replace"))
        raise Refusal(f"{what} failed: {reason} (all of it: .local/setup.log)")


def locked(lock: str, package: str) -> str:
    """Return one package's lines of a lock, hashes included."""
    with open(lock, encoding="utf-8") as lines:
        found = re.search(
            rf"^{re.escape(package)}==[^\\\n]*(?:\\\n[^\\\n]*)*", lines.read(), re.MULTILINE
        )
    if not found:
        raise Refusal(f"{lock} names no {package}; make it again with: make lock")
    return found.group(0) + "\n"


def install(folder: str, lock: str) -> None:
    """Put the lock's packages in place: uv first, which is ten times as quick as pip, then all."""
    python = os.path.join(folder, "bin", "python")
    uv = os.path.join(folder, "bin", "uv")
    pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--retries=2", "-r"]
    if not os.access(uv, os.X_OK):
        wanted = os.path.join(folder, "uv.txt")
        with open(wanted, "w", encoding="utf-8") as file:
            file.write(locked(lock, "uv"))
        run([*pip, wanted], "Installing uv")
    try:
        run(
            [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock],
            "Installing the packages",
        )
    except Refusal:
        # pip also reads pip.conf, where a company names its mirror and its certificate.
        run([*pip, lock], "Installing the packages")


def compile_product(python: str) -> None:
    """Compile the product's modules, or else the first of each command waits for it.

    What cannot be compiled is left for the command that reads it, which says where it is wrong.
    """
    with open(os.devnull, "wb") as nowhere:
        subprocess.run(
            [python, "-m", "compileall", "-qq", "-j", "0", "apps", "config"],
            check=False,
            cwd=ROOT,
            stdout=nowhere,
            stderr=nowhere,
        )


def stamp_of(folder: str, lock: str) -> str:
    """What a finished set-up leaves behind: its lock, its Python and where it stands."""
    with open(lock, "rb") as content:
        digest = hashlib.sha256(content.read()).hexdigest()
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{digest}\n{version}\n{os.path.realpath(folder)}\n"


def prepare(django: str = "") -> str:
    """Make the environment for a line of Django unless it stands; return its Python.

    A set-up that was interrupted left no stamp and is made anew. Raises Refusal.
    """
    name, lock_name, least = chosen_line(django)
    check_python(sys.version_info[:2], least)
    folder, lock = os.path.join(ROOT, name), os.path.join(ROOT, "requirements", lock_name)
    python, stamp = os.path.join(folder, "bin", "python"), os.path.join(folder, "slipway-stamp")
    wanted = stamp_of(folder, lock)

    def standing() -> "list[str]":
        if not os.access(python, os.X_OK) or not os.path.exists(stamp):
            return []
        with open(stamp, encoding="utf-8") as content:
            return content.read().split("\n")

    if standing() == wanted.split("\n"):
        return python
    os.makedirs(os.path.join(ROOT, ".local"), mode=0o700, exist_ok=True)
    with open(os.path.join(ROOT, ".local", "setup.lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        found = standing()
        if found == wanted.split("\n"):
            return python
        check_room(ROOT)
        if found[1:] != wanted.split("\n")[1:]:
            check_venv()
            base = getattr(sys, "_base_executable", sys.executable)
            run([base, "-m", "venv", "--clear", folder], f"Making {name}")
        else:
            os.remove(stamp)
        install(folder, lock)
        compile_product(python)
        with open(stamp, "w", encoding="utf-8") as content:
            content.write(wanted)
    return python


def main(arguments: "list[str]") -> None:
    """Set up, then become `python -m MODULE ARGUMENT...` in the environment."""
    try:
        # Aside, since what follows may write JSON for a program to read.
        with step("packages", aside=True):
            python = prepare(os.environ.get("DJANGO", ""))
    except Refusal as refusal:
        refuse(refusal)
    except OSError as error:
        refuse(f"Setting up failed: {explain(str(error))}")
    except KeyboardInterrupt:
        sys.exit(130)
    if arguments:
        os.chdir(ROOT)
        os.execv(python, [python, "-m", *arguments])  # noqa: S606  # there is no shell to trust


if __name__ == "__main__":
    main(sys.argv[1:])
