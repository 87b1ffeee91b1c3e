"""Facts of the repository: declared and written variables, tracked files, secrets in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable as config/env.py declares it, and whether any code reads it."""

    name: str
    example: str
    required: bool
    secret: bool
    environments: tuple[str, ...]
    is_read: bool = True


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Where something that looks like a secret stands; never what it is.

    `line` counts from 1; `commit` is the abbreviated one that brought it, blank for the files as
    they are.
    """

    path: str
    line: int
    kind: str
    commit: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}{f' in {self.commit}' if self.commit else ''} ({self.kind})"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The variables that a platform's file gives one of its services.

    `literals` are those whose value stands in the file itself.
    """

    service: str
    variables: tuple[str, ...]
    literals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Project:
    """What stands in the project's folder, and what the process was given.

    `given` are the variables' texts as they came, secrets among them. `readers` are the files
    that read the process's environment past config/env.py, each with a line. `stale` are the
    generated pages that do not say what is declared. `from_addons` are the variables that the
    add-ons of app.json set; `heroku` and `render` are empty without their files. `env_file_mode`
    are the permission bits of .env on this disk, if there is one, and `env_file_ignored` is whether
    Git leaves such a file out. `fingerprints` are of what runs here,
    by the recorded environment whose salt they were made with, then by name.
    """

    variables: tuple[Variable, ...]
    given: Mapping[str, str] = field(repr=False)
    readers: tuple[str, ...] | Unasked
    stale: tuple[str, ...]
    heroku: tuple[Manifest, ...] | Unasked
    from_addons: tuple[str, ...]
    render: tuple[Manifest, ...] | Unasked
    tracked_env_files: tuple[str, ...] | Unasked
    env_file_mode: int | None
    env_file_ignored: bool | Unasked
    leaks: tuple[Leak, ...] | Unasked
    former_leaks: tuple[Leak, ...] | Unasked
    fingerprints: Mapping[str, Mapping[str, str]] | Unasked
