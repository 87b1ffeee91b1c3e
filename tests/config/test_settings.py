"""Each environment's settings differ from production's in what config/differences.py lists."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from config.differences import DIFFERENCES, NAMED
from config.env import ENVIRONMENTS
from tests.config.processes import COMPLETE, ROOT, python

SNAPSHOT = """
import importlib, json, re, sys
module = importlib.import_module("config.settings." + sys.argv[1])
names = [name for name in dir(module) if name.isupper() and name != "ENV"]
values = {name: re.sub(r" at 0x[0-9a-f]+", "", repr(getattr(module, name))) for name in names}
print(json.dumps(values))
"""

# Who may touch the process's environment, and what for.
ENTRY_POINTS = {"manage.py", "config/wsgi.py", "config/celery.py"}
READER = "config/env.py"


@cache
def settings_of(environment: str) -> dict[str, str]:
    """The settings of an environment, as a process of its own sees them."""
    module = f"config.settings.{environment}"
    done = python(
        "-c", SNAPSHOT, environment, variables={**COMPLETE, "DJANGO_SETTINGS_MODULE": module}
    )
    assert done.returncode == 0, done.stderr
    values: dict[str, str] = json.loads(done.stdout)
    return values


@pytest.mark.parametrize("environment", [name for name in ENVIRONMENTS if name != "production"])
def test_an_environment_differs_from_production_in_the_listed_settings_alone(
    environment: str,
) -> None:
    production, other = settings_of("production"), settings_of(environment)
    names = production.keys() | other.keys()
    differing = {name for name in names if production.get(name) != other.get(name)}
    assert differing == {*NAMED, *DIFFERENCES[environment]}


def test_every_environment_but_production_is_listed() -> None:
    assert set(DIFFERENCES) == set(ENVIRONMENTS) - {"production"}


def test_production_is_safe_as_written() -> None:
    settings = settings_of("production")
    assert settings["DEBUG"] == "False"
    assert settings["SESSION_COOKIE_SECURE"] == "True"
    assert settings["ALLOWED_HOSTS"] == "['portal.harbourside.co', 'harbourside.onrender.com']"


def python_files() -> Iterator[Path]:
    """What runs in production; dev/ and tests/ may read what they like."""
    yield ROOT / "manage.py"
    for folder in ("apps", "config"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def touches(tree: ast.AST) -> Iterator[ast.AST]:
    """Each place that reads or writes the process's environment, or a .env file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}:
                yield node
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module == "dotenv" or (
                node.module in {"os", "posix"} and names & {"environ", "environb", "getenv", "*"}
            ):
                yield node
        elif isinstance(node, ast.Import) and any(a.name == "dotenv" for a in node.names):
            yield node


def sets_the_settings_module(tree: ast.AST) -> bool:
    """Whether all that a file does to the environment is to name the settings."""
    named = [
        node.targets[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "os.environ['DJANGO_SETTINGS_MODULE']"
    ]
    return len(named) == len(list(touches(tree))) == 1


def test_nothing_but_config_env_reads_the_environment() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if list(touches(ast.parse(path.read_text())))
    }
    assert found - {READER} == ENTRY_POINTS


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_an_entry_point_only_names_the_settings(name: str) -> None:
    assert sets_the_settings_module(ast.parse((ROOT / name).read_text()))


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.environ.get('A')",
        "import os\nos.getenv('A')",
        "import os as o\no.environ['A']",
        "from os import environ",
        "from os import getenv as g",
        "from dotenv import load_dotenv",
        "import dotenv",
    ],
)
def test_a_reader_would_be_found(code: str) -> None:
    assert list(touches(ast.parse(code)))
