"""Which environment is meant, as launch.toml says it, and the target that its platform has."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from apps.launch.plan import Environment, Plan
from apps.launch.plan_file import BadPlan, read
from config.env import Operator
from deploy.target import Stopped, Target

ROOT = Path(__file__).resolve().parent.parent
# Each is a package of deploy/ whose `target.py` has a function `target(environment, operator)`.
PLATFORMS = {"heroku": "deploy.heroku", "render": "deploy.render", "host": "deploy.host"}


def plan(path: Path) -> Plan:
    """Read the launch plan. Raises Stopped where there is none, or it is not sound."""
    try:
        return read(path)
    except FileNotFoundError:
        raise Stopped(
            f"Reading {path.name}",
            "there is no such file, and it says where each environment is",
            "write it with: python manage.py launch_init; then add [[environments]]",
        ) from None
    except BadPlan as bad:
        raise Stopped(f"Reading {path.name}", str(bad), "mend the lines that are named") from None


def environment(name: str, plan: Plan) -> Environment:
    """The environment of that name, its platform filled in. Raises Stopped if there is none."""
    for one in plan.environments:
        if one.name == name:
            return replace(one, platform=one.platform or plan.hosting.platform)
    known = ", ".join(one.name for one in plan.environments) or "none"
    raise Stopped(
        f"Looking for the environment {name}",
        f"launch.toml has no [[environments]] of that name; it has {known}",
        "add it, as docs/launch-plan.md shows, or name another with --environment",
    )


def target(environment: Environment, operator: Operator) -> Target:
    """The target of an environment, by its platform."""
    made: Target = import_module(f"{PLATFORMS[environment.platform]}.target").target(
        environment, operator
    )
    return made
