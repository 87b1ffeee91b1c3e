"""The folder that a pack stands in: what may be replaced there, and how it is put there whole."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from apps.launch.files import write_all
from apps.launch.handover.as_markdown import INDEX
from apps.launch.handover.seal import seal, sealed
from config.env import BASE_DIR

FOLDER = BASE_DIR / "docs/handover"


def put(folder: Path, files: Mapping[str, str], plan: str) -> None:
    """Write the files, sealed with the plan's fingerprint; others in the folder are left alone.

    All are written before the first is put in place, and the index last: with its seal, the rest
    is there. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(files, key=lambda name: name == INDEX)
    write_all({folder / name: sealed(files[name], plan) for name in ordered})


def others(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Those of the names under which stands what no run wrote, or what was changed since.

    Raises OSError.
    """
    for name in names:
        path = folder / name
        if path.exists():
            found = seal(path.read_text(encoding="utf-8", errors="replace"))
            if not (found and found.intact):
                yield name


def made_from(folder: Path = FOLDER) -> str | None:
    """The fingerprint of the plan that the pack there was made from, or None without a pack.

    Raises OSError.
    """
    try:
        found = seal((folder / INDEX).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    return found.plan if found else None
