"""Asks Git which migrations a release does not have yet, and which of its own were edited since."""

import ast
from dataclasses import dataclass
from pathlib import Path

from apps.launch.facts.migrations import Migrations
from apps.launch.facts.unasked import Unasked
from apps.launch.secrets.git import answer


@dataclass(frozen=True, kw_only=True)
class Since:
    """The migrations, as app.name, that differ from a commit's: `new` ones and `edited` ones."""

    commit: str
    new: frozenset[str]
    edited: frozenset[str]


def since(commit: str, found: Migrations, root: Path) -> Since:
    """Compare the migrations on disk with those of a commit. Raises Unasked without an answer."""
    full = resolved(commit, root)
    there = set(answer(root, "ls-tree", "-r", "-z", "--name-only", full).decode().split("\0"))
    return Since(
        commit=full,
        new=frozenset(name for name, file in found.files if file not in there),
        edited=frozenset(
            name for name, file in found.files if file in there and is_edited(file, full, root)
        ),
    )


def resolved(commit: str, root: Path) -> str:
    """A commit's full name. Raises Unasked where this repository has no such commit."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    full = answer(root, *asked, codes=(0, 1, 128)).decode().strip()
    if not full:
        raise Unasked(f"this repository has no commit {commit!r}; a shallow clone leaves some out")
    return full


def is_edited(file: str, commit: str, root: Path) -> bool:
    """Whether a migration does something else by now; comments and layout do not count."""
    before = answer(root, "show", f"{commit}:./{file}").decode("utf-8", "replace")
    now = (root / file).read_text(encoding="utf-8")
    return before != now and ast.dump(ast.parse(before)) != ast.dump(ast.parse(now))
