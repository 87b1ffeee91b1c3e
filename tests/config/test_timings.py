"""Our times stay below the platforms' own, which docs/operations.md lists with their sources."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from apps.core import health
from tests.config.processes import COMPLETE, ROOT, python

GUNICORN = """
import json
from config import gunicorn
print(json.dumps({name: getattr(gunicorn, name) for name in dir(gunicorn) if name.islower()
                  and isinstance(getattr(gunicorn, name), int)}))
"""
# Seconds: Heroku's router, Heroku's and Render's patience after TERM, Render's with a health check.
FIRST_BYTE, FROM_TERM_TO_KILL, HEALTH_CHECK = 30, 30, 5


@pytest.fixture(scope="module")
def gunicorn() -> dict[str, int]:
    done = python("-c", GUNICORN, variables=COMPLETE)
    assert done.returncode == 0, done.stderr
    answer: dict[str, int] = json.loads(done.stdout)
    return answer


def seconds(limit: str) -> int:
    return int(limit.removesuffix("s"))


def test_a_statement_ends_before_gunicorn_stops_waiting_and_that_before_it_is_killed(
    gunicorn: dict[str, int],
) -> None:
    statement = seconds(settings.DATABASE_TIMEOUTS["statement_timeout"])
    assert statement < gunicorn["graceful_timeout"] < FROM_TERM_TO_KILL
    assert statement < gunicorn["timeout"] < FIRST_BYTE


def test_the_worker_stops_by_itself_before_it_is_killed() -> None:
    assert settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT < FROM_TERM_TO_KILL


@pytest.mark.parametrize("name", ["render.yaml", "render.staging.yaml"])
def test_render_waits_as_long_as_that_needs(name: str, gunicorn: dict[str, int]) -> None:
    longest = max(gunicorn["graceful_timeout"], settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT)
    for service in yaml.safe_load((ROOT / name).read_text())["services"]:
        if service["type"] != "keyvalue":
            assert longest < service["maxShutdownDelaySeconds"] <= 300, service["name"]


def test_health_is_told_before_anybody_loses_patience() -> None:
    assert health.DEADLINE < HEALTH_CHECK


def test_the_page_says_what_is_set(gunicorn: dict[str, int]) -> None:
    page = Path(ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = page.partition("### How long the platforms wait")[2].partition("\n### ")[0]
    rows = re.findall(r"^\|.*\|.*\|.*?\| `([A-Za-z_.]+)` ([\d.]+) s \|", table, re.MULTILINE)
    said = {name: float(figure) for name, figure in rows}
    assert said == {
        "statement_timeout": seconds(settings.DATABASE_TIMEOUTS["statement_timeout"]),
        "graceful_timeout": gunicorn["graceful_timeout"],
        "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT,
        "DEADLINE": health.DEADLINE,
    }
