"""Looks for secrets in the tracked files and in what the history ever added."""

from pathlib import Path
from time import monotonic

from apps.launch.facts.project import Leak
from apps.launch.facts.unasked import Unasked
from apps.launch.secrets.allow import Excuse
from apps.launch.secrets.forms import hits
from apps.launch.secrets.git import additions, answer, texts, too_long


def in_files(root: Path, excuses: tuple[Excuse, ...], patience: float) -> tuple[Leak, ...]:
    """The secrets that stand in the tracked files. Raises Skipped and Unasked."""
    end, found = monotonic() + patience, []
    for name, text in texts(root):
        if monotonic() > end:
            raise Unasked(f"the files were not looked through within {patience:g} s")
        found += [
            Leak(path=name, line=hit.line, kind=hit.kind)
            for hit in hits(text, name)
            if not any(each.covers(hit.value, name) for each in excuses)
        ]
    return tuple(dict.fromkeys(found))


def in_history(root: Path, excuses: tuple[Excuse, ...], patience: float) -> tuple[Leak, ...]:
    """The secrets that a commit brought and the files do not have any more, each once.

    Raises Skipped and Unasked, the latter too for a clone that has only a part of the history.
    """
    if answer(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise Unasked("the clone has a part of the history alone: git fetch --unshallow")
    # What stands in the files as well is told of these.
    seen = {hash(line) for _, text in texts(root) for line in text.splitlines()}
    end, found = monotonic() + patience, []
    for added in additions(root, patience):
        if monotonic() > end:
            raise too_long(patience)
        fresh = [(number, line) for number, line in added.lines if hash(line) not in seen]
        seen.update(hash(line) for _, line in fresh)
        for hit in hits("\n".join(line for _, line in fresh), added.path) if fresh else ():
            if not any(each.covers(hit.value, added.path) for each in excuses):
                number = fresh[hit.line - 1][0]
                found.append(Leak(path=added.path, line=number, kind=hit.kind, commit=added.commit))
    return tuple(dict.fromkeys(found))
