"""`make reset`: removes the data of `make run`, after asking; `.env` and a server of yours stay."""

import os
import shutil
import sys
from pathlib import Path

from dev import state
from dev.setup import Refusal, explain, refuse, say

KEPT = {"run.lock", "setup.lock"}


def confirm(names: list[Path]) -> None:
    """Ask on a terminal before anything is removed; raises Refusal without a yes."""
    if os.environ.get("FORCE") == "1":
        return
    if not sys.stdin.isatty():
        raise Refusal(
            "Nothing was removed: there is no terminal to ask on. Use: make reset FORCE=1"
        )
    say("This removes the database, the queue, the mail and the files of `make run` in")
    for name in names:
        say(f"  {name}")
    if input("Remove them? Type yes: ").strip().lower() != "yes":
        raise Refusal("Nothing was removed")


def reset(root: Path) -> None:
    """Remove the data of one clone; raises Refusal while it is in use."""
    local, home = state.local(root), state.database_home(root)
    with state.held(local / "run.lock", "Running at {}; stop it first, with Ctrl-C there"):
        confirm([local] if home == local else [local, home])
        state.end_leftover(home / "postgres" / "postmaster.pid", "postgres")
        state.end_leftover(local / "valkey" / "valkey.pid", "valkey-server")
        for path in local.iterdir():
            if path.name not in KEPT:
                remove(path)
        for path in {home, state.socket_folder(root)} - {local}:
            remove(path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main() -> None:
    """Reset this clone."""
    try:
        reset(state.ROOT)
    except Refusal as refusal:
        refuse(refusal)
    except (KeyboardInterrupt, EOFError):
        refuse("Nothing was removed")
    except OSError as error:
        refuse(f"Not all could be removed: {explain(str(error))}")
    say("✓ The data is gone; `make run` begins anew.")


if __name__ == "__main__":
    main()
