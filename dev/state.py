"""Where the commands keep data, sockets and locks, and as whom the database runs."""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import psutil  # type: ignore[import-untyped]  # its types come in a package of their own

from dev.setup import Refusal

ROOT = Path(__file__).resolve().parent.parent

# PostgreSQL refuses to run as root. Then it runs as a user of its own, who reaches neither a home
# of mode 700 nor what lies in one; so its data lives here, and no folder of anyone's is opened.
PRIVATE = Path("/var/lib/slipway-dev")
DATABASE_USER = "slipway-dev"

# A unix socket's path holds 103 bytes on macOS and 107 on Linux, the socket's name included.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")


def local(root: Path = ROOT) -> Path:
    """The folder of a clone's own data, made private if it is new."""
    folder = root / ".local"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def mark(root: Path) -> str:
    """A short name for a clone, so that two side by side never meet."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:10]


def database_account() -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL runs as, added if need be; None stands for the person."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(DATABASE_USER)
    said = "this system has neither useradd nor adduser"
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false"],
        ["adduser", "-S", "-D", "-H"],
    ):
        if shutil.which(command[0]):
            done = subprocess.run(
                [*command, DATABASE_USER], check=False, capture_output=True, text=True
            )
            said = done.stderr.strip().rpartition("\n")[2]
            break
    try:
        return pwd.getpwnam(DATABASE_USER)
    except KeyError:
        raise Refusal(
            f"PostgreSQL cannot run as root, and a user for it could not be added ({said}). Run "
            "as an ordinary user, or set DATABASE_URL to a server of your own"
        ) from None


def private_folder(folder: Path, account: pwd.struct_passwd | None = None) -> Path:
    """Make a folder that only its owner enters; refuse one that somebody else put there."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
    owner = account.pw_uid if account else os.geteuid()
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != owner:
        raise Refusal(f"{folder} belongs to someone else; remove it and try again")
    folder.chmod(0o700)
    return folder


def database_home(root: Path = ROOT) -> Path:
    """Where a clone's database keeps its data."""
    if os.geteuid() != 0:
        return root / ".local"
    return PRIVATE / mark(root)


def socket_folder(root: Path = ROOT) -> Path:
    """Where a clone's database listens: a short path, since a socket's must not be long."""
    if os.geteuid() == 0:
        return database_home(root) / "socket"
    return temporary(root) / f"slipway-{os.geteuid()}-{mark(root)}"


def temporary(root: Path = ROOT) -> Path:
    """The folder for sockets and throw-away data: the usual one unless its name is too long."""
    usual = Path(tempfile.gettempdir())
    longest = usual / "slipway-test-4294967295-4194304-xxxxxxxx" / "socket"
    return usual if len(os.fsencode(longest)) <= LONGEST_SOCKET_FOLDER else Path("/tmp")  # noqa: S108  # a private folder is made inside it


@contextmanager
def held(lock: Path, refusal: str) -> Iterator[IO[str]]:
    """Hold a lock that dies with this process; raises Refusal where another process has it.

    Yields the open file; what is written there is shown in place of `{}` in the refusal.
    """
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Refusal(refusal.format(file.read().strip())) from None
        file.truncate(0)
        yield file


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off signals until the block ends, so that no process is started and then forgotten."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def later(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, later) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if caught:
            signal.raise_signal(caught[0])


def end_leftover(pid_file: Path, program: str) -> None:
    """Stop the server that a killed command left behind; whoever calls holds the data's lock.

    A process id is used again after a while, so the program's name and folder have to fit too.
    """
    with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        try:
            if process.name() == program and Path(process.cwd()) == pid_file.parent.resolve():
                end(process, signal.SIGINT)
        except psutil.AccessDenied:
            raise Refusal(
                f"{pid_file} names a process of someone else's; it has to end first: "
                f"kill {process.pid}"
            ) from None
    pid_file.unlink(missing_ok=True)


def end(process: psutil.Process, number: int, seconds: float = 10) -> None:
    """Send a signal to a process that is no child of ours, wait for its end, and insist on it."""
    process.send_signal(number)
    deadline = time.monotonic() + seconds
    # In a container there may be nobody who buries the dead: a zombie has ended.
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline + 5:
                raise Refusal(f"Process {process.pid} of an earlier run does not end; kill it")
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)
