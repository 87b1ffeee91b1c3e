"""The two servers that a command needs, embedded or the person's own, and the names they go by."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from dev import state
from dev.postgres import APP, OWNER, Postgres
from dev.setup import Refusal, explain, free_bytes
from dev.valkey import Valkey

# A fresh cluster takes 40 MB and its log ahead of writes as much again.
ROOM = 200 * 1024**2


class Servers:
    """PostgreSQL and Valkey, each embedded unless `given` names the person's own."""

    def __init__(
        self,
        *,
        given: Mapping[str, str],
        home: Path,
        socket_folder: Path,
        logs: Path,
        throwaway: bool = False,
    ) -> None:
        """Take DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL from `given` where they are set."""
        self.given = {
            name: given[name]
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
            if given.get(name)
        }
        self.folder = logs
        self.postgres = Postgres(
            home=home,
            socket_folder=socket_folder,
            log=logs / "postgres.log",
            throwaway=throwaway,
        )
        self.valkey = Valkey(home=logs, log=logs / "valkey.log", throwaway=throwaway)

    @classmethod
    def of_clone(cls, given: Mapping[str, str], root: Path = state.ROOT) -> Self:
        """The servers of `make run`, whose data stays; the caller holds the clone's lock."""
        return cls(
            given=given,
            home=state.database_home(root),
            socket_folder=state.socket_folder(root),
            logs=state.local(root),
        )

    def start(self) -> dict[str, str]:
        """Start what is not given; return the variables that name both. Raises Refusal."""
        wanted: list[Postgres | Valkey] = []
        if "DATABASE_URL" not in self.given:
            wanted.append(self.postgres)
        if "REDIS_URL" not in self.given:
            wanted.append(self.valkey)
        try:
            for folder in {self.folder, self.postgres.home.parent} if wanted else ():
                if folder.exists() and free_bytes(str(folder)) < ROOM:
                    raise Refusal(
                        f"The disk of {folder} is full; free at least {ROOM // 1024**2} MB"
                    )
            for server in wanted:
                server.start()
        except OSError as error:
            self.stop()
            raise Refusal(f"The servers did not start: {explain(str(error))}") from error
        except BaseException:
            self.stop()
            raise
        return self.addresses()

    def addresses(self) -> dict[str, str]:
        """The variables that name the servers."""
        found = dict(self.given)
        if "DATABASE_URL" not in found:
            found["DATABASE_URL"] = self.postgres.url(APP)
            found["DATABASE_OWNER_URL"] = self.postgres.url(OWNER)
        found.setdefault("REDIS_URL", self.valkey.url)
        return found

    def stop(self) -> None:
        """Stop what was started and wait for its end."""
        with state.uninterrupted():
            self.valkey.stop()
            self.postgres.stop()

    def __enter__(self) -> dict[str, str]:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class ThrowAway(Servers):
    """The servers of one run of the suite: in a folder of their own, which goes with them.

    The folder's name carries this process's id, so that a later run can tell and remove what a
    killed one left.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        sweep()
        folder = throwaway_base()
        folder = folder.with_name(f"{folder.name}{os.getpid()}-{secrets.token_hex(4)}")
        # As root the database runs as another user, who has to get as far as its own folder.
        folder.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True)
        super().__init__(
            given=given,
            home=folder / "database",
            socket_folder=folder / "socket",
            logs=folder,
            throwaway=True,
        )

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def throwaway_base() -> Path:
    """What the folders of the suite's runs are called, up to the process id."""
    if os.geteuid() == 0:
        return state.PRIVATE / "test-"
    return state.temporary() / f"slipway-test-{os.geteuid()}-"


def sweep() -> None:
    """End and remove what killed runs of the suite left behind."""
    base = throwaway_base()
    for folder in base.parent.glob(f"{base.name}*"):
        pid = folder.name.removeprefix(base.name).partition("-")[0]
        if pid.isdigit() and not alive(int(pid)):
            state.end_leftover(folder / "database" / "postgres" / "postmaster.pid", "postgres")
            state.end_leftover(folder / "valkey" / "valkey.pid", "valkey-server")
            shutil.rmtree(folder, ignore_errors=True)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
