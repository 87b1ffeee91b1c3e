"""Copies, on the machine itself, the static files that pages of another release ask for.

    python -m deploy.host.carry FROM TO

A page that came from the old release a moment ago asks the new one for its style sheet, under a
name that has the old file's hash in it. Only what FROM made itself is copied, never what was
carried to it, so that nothing piles up. It uses the standard library alone.
"""

import json
import shutil
import sys
from pathlib import Path

MANIFEST = "staticfiles.json"


def carry(source: Path, target: Path) -> int:
    """Copy what the source's manifest names and the target lacks; how many files that was."""
    manifest = source / MANIFEST
    if not manifest.is_file() or not target.is_dir():
        return 0
    names = json.loads(manifest.read_text(encoding="utf-8"))["paths"].values()
    packed = [f"{name}{ending}" for name in names for ending in ("", ".gz", ".br")]
    wanted = [one for one in packed if (source / one).is_file() and not (target / one).exists()]
    for one in wanted:
        (target / one).parent.mkdir(parents=True, exist_ok=True)
        unfinished = (target / one).with_name(f"{Path(one).name}.new")
        shutil.copy2(source / one, unfinished)
        unfinished.replace(target / one)
    return len(wanted)


if __name__ == "__main__":
    print(carry(Path(sys.argv[1]), Path(sys.argv[2])))
