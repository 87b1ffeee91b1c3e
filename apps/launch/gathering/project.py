"""Asks the project's folder: declarations, platforms' files, Git, and what secrets lie about."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from apps.launch.env_docs import PAGES
from apps.launch.facts.project import Manifest, Project, Variable
from apps.launch.facts.unasked import Skipped, Unasked, known
from apps.launch.fingerprints import SALT, fingerprints
from apps.launch.gathering.asking import ask
from apps.launch.gathering.code import past_the_declarations, read_variables, trees
from apps.launch.plan import Plan
from apps.launch.secrets.git import ignores, tracked_files
from apps.launch.secrets.search import Search, leaks
from config.env import BASE_DIR, Env, given

ENV_FILE = re.compile(
    r"(\.env(\..*)?|.*\.env)(?<!\.example)(?<!\.sample)(?<!\.template)(?<!\.dist)"
)
# Heroku's add-ons set these.
ADDONS = {"heroku-postgresql": "DATABASE_URL", "heroku-redis": "REDIS_URL"}
NO_YAML = Skipped("needs PyYAML, which development has: runs in development and CI")


def project(
    plan: Plan | Unasked, environment: str, search: Search | None = None, root: Path = BASE_DIR
) -> Project:
    """Ask all of it; what one question cannot be answered leaves the others.

    `search` is one for secrets that goes on already; without it, it is made here.
    """
    search = search or partial(leaks, root)
    code = ask("The code", lambda: list(trees(root)))
    values = given()
    return Project(
        variables=tuple(variables(code)),
        given=values,
        readers=code if isinstance(code, Unasked) else past_the_declarations(code),
        stale=tuple(name for name, make in PAGES.items() if text_of(root / name) != make()),
        heroku=ask("app.json", partial(heroku, root)),
        from_addons=tuple(from_addons(root)),
        render=ask("render.yaml", partial(render, root)),
        tracked_env_files=ask("Git", partial(tracked_env_files, root)),
        env_file_mode=mode_of(root / ".env"),
        env_file_ignored=ask("Git", partial(ignores, root, ".env")),
        leaks=ask("The search for secrets", partial(search, "in_files")),
        former_leaks=ask("The search for secrets", partial(search, "in_history")),
        fingerprints=ask("The fingerprints", partial(prints, plan, environment, values)),
    )


def variables(code: Any) -> Iterator[Variable]:
    """The declared variables; where the code could not be read, each counts as read."""
    declared = fields(Env)
    names = {one.name for one in declared}
    read = names if isinstance(code, Unasked) else read_variables(code, names)
    for one in declared:
        yield Variable(
            name=one.name,
            example=one.metadata["example"],
            required=one.metadata["required"],
            secret=one.metadata["secret"],
            environments=one.metadata["environments"],
            is_read=one.name in read,
        )


def text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def mode_of(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.is_file() else None


def heroku(root: Path) -> tuple[Manifest, ...]:
    """What app.json sets; nothing without the file."""
    text = text_of(root / "app.json")
    if text is None:
        return ()
    said = json.loads(text).get("env", {})
    return (
        Manifest(
            service="app.json",
            variables=tuple(said),
            literals=tuple(
                name
                for name, about in said.items()
                if (about.get("value") if isinstance(about, dict) else about)
            ),
        ),
    )


def from_addons(root: Path) -> Iterator[str]:
    """The variables that the add-ons of app.json set."""
    try:
        addons = json.loads(text_of(root / "app.json") or "{}").get("addons", [])
    except ValueError:  # which `heroku` tells of
        return
    for addon in addons:
        plan = addon["plan"] if isinstance(addon, dict) else addon
        if (name := plan.partition(":")[0]) in ADDONS:
            yield ADDONS[name]


def render(root: Path) -> tuple[Manifest, ...]:
    """What render.yaml sets for each of its processes; nothing without the file."""
    text = text_of(root / "render.yaml")
    if text is None:
        return ()
    try:
        import yaml
    except ImportError:
        raise NO_YAML from None
    blueprint = yaml.safe_load(text)
    groups = {one["name"]: one.get("envVars", []) for one in blueprint.get("envVarGroups", [])}
    return tuple(
        manifest(one["name"], one.get("envVars", []), groups)
        for one in blueprint.get("services", [])
        if one["type"] not in {"keyvalue", "redis"} and one.get("runtime") != "static"
    )


def manifest(
    service: str, said: Iterable[Mapping[str, Any]], groups: Mapping[str, Any]
) -> Manifest:
    """What a service of Render's has of its own and from its groups."""
    entries = [
        entry
        for one in said
        for entry in (groups.get(one["fromGroup"], []) if "fromGroup" in one else [one])
    ]
    return Manifest(
        service=service,
        variables=tuple(one["key"] for one in entries),
        literals=tuple(one["key"] for one in entries if one.get("value")),
    )


def tracked_env_files(root: Path) -> tuple[str, ...]:
    """The files that Git keeps and that are there to hold secrets."""
    names = tracked_files(root)
    return tuple(name for name in names if ENV_FILE.fullmatch(name.rpartition("/")[2]))


def prints(
    plan: Plan | Unasked, environment: str, values: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The fingerprints of what runs here, with the salt of each other environment on record."""
    return {
        name: fingerprints(values, recorded[SALT])
        for name, recorded in known(plan).fingerprints.items()
        if name != environment and SALT in recorded
    }
