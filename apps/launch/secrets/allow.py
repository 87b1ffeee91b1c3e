"""What the search would take for a secret and is none: .secrets.allow, in TOML, with a reason each.

    [[allow]]
    values = ["canary-*"]
    files = ["tests/core/*"]
    reason = "planted, to be looked for in logs"

Values and files may have a * in them. A secret that was committed does not belong there: it is out
and has to be changed.
"""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from apps.launch.facts.unasked import Unasked

FILE = ".secrets.allow"
LEAST = 3  # characters that a pattern of values has to say, or it would excuse everything


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Values that are no secrets in these files, and why."""

    values: tuple[str, ...]
    files: tuple[str, ...]
    reason: str

    def covers(self, value: str, path: str) -> bool:
        """Whether it speaks for this value in this file."""
        return any(fnmatchcase(path, each) for each in self.files) and any(
            fnmatchcase(value, each) for each in self.values
        )


def read(root: Path) -> tuple[Excuse, ...]:
    """The project's excuses; none without the file. Raises Unasked for one that cannot be read."""
    try:
        document = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unasked(f"{FILE} cannot be read: {error}") from None
    if set(document) - {"allow"}:
        raise Unasked(f"{FILE} has a key other than [[allow]]")
    return tuple(
        excuse(entry, number) for number, entry in enumerate(document.get("allow", []), start=1)
    )


def excuse(entry: dict[str, object], number: int) -> Excuse:
    """One entry. Raises Unasked, which says what is wrong with it."""
    where = f"{FILE}, entry {number}:"
    if set(entry) != {"values", "files", "reason"}:
        raise Unasked(f"{where} needs values, files and reason, and nothing else")
    values, files, reason = entry["values"], entry["files"], entry["reason"]
    for each in (values, files):
        if not (isinstance(each, list) and each and all(isinstance(one, str) for one in each)):
            raise Unasked(f"{where} values and files are lists of text")
    if not (isinstance(reason, str) and reason.strip()):
        raise Unasked(f"{where} needs a reason")
    assert isinstance(values, list)
    assert isinstance(files, list)
    if any(len(value.replace("*", "").replace("?", "")) < LEAST for value in values):
        raise Unasked(f"{where} a value is too short to mean one thing")
    return Excuse(values=tuple(values), files=tuple(files), reason=reason.strip())
