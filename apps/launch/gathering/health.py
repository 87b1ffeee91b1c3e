"""Asks the code and the platforms' files what stands of health; it asks no server."""

import json
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import RequestFactory
from django.urls import resolve

from apps.core import health as probes
from apps.core.surface import routes
from apps.launch.facts.health import Health
from apps.launch.gathering.asking import ask
from config.env import BASE_DIR

PATHS = ("healthz", "readyz")


def health() -> Health:
    """Read the routes, the probes and the files; a file that is not there says nothing."""
    found = {route.path: route.access for route in routes() if route.path in PATHS}
    return Health(
        planes={f"/{path}": access.plane.value if access else "" for path, access in found.items()},
        queries=ask("Liveness", liveness_queries),
        asked=tuple(probes.PROBES),
        procfile=procfile(),
        formation=formation(),
        render_path=render_path(),
    )


def liveness_queries() -> int:
    """How often /healthz asks the database; each query is refused, so that none is needed."""
    asked = 0

    def refuse(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        raise ConnectionRefusedError

    match = resolve("/healthz")
    with connection.execute_wrapper(refuse):
        try:
            match.func(RequestFactory().get("/healthz"), *match.args, **match.kwargs)
        except ConnectionRefusedError:
            return asked
    return asked


def procfile() -> dict[str, str]:
    """The processes of the Procfile and their commands, in its order."""
    return dict(re.findall(r"^(\w+):[ \t]*(\S.*)$", text_of("Procfile"), re.MULTILINE))


def formation() -> dict[str, int]:
    """How many of each process app.json starts."""
    declared = json.loads(text_of("app.json") or "{}").get("formation", {})
    return {name: int(each.get("quantity", 1)) for name, each in declared.items()}


def render_path() -> str | None:
    """The healthCheckPath of render.yaml; production has no reader of YAML."""
    text = text_of("render.yaml")
    found = re.search(r"^\s*healthCheckPath:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
    return (found[1] if found else "") if text else None


def text_of(name: str) -> str:
    path = BASE_DIR / name
    return path.read_text(encoding="utf-8") if path.exists() else ""
