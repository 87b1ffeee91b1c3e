"""Each environment's settings differ from production's in what config/differences.py lists."""

import json
from functools import cache

import pytest

from config.differences import DIFFERENCES, NAMED
from config.env import ENVIRONMENTS
from tests.config.processes import COMPLETE, python

SNAPSHOT = """
import importlib, json, re, sys
module = importlib.import_module("config.settings." + sys.argv[1])
names = [name for name in dir(module) if name.isupper() and name != "ENV"]
values = {name: re.sub(r" at 0x[0-9a-f]+", "", repr(getattr(module, name))) for name in names}
print(json.dumps(values))
"""


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
