"""Prints every route with who may call it and how: the documented list of protected endpoints."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.surface import Route, routes

COLUMNS = ("route", "name", "plane", "role", "methods")


class Command(BaseCommand):
    """Text for people, --json for programs, --markdown for documents."""

    help = "Print every route with its plane, the least role and the methods that it answers."

    def add_arguments(self, parser: CommandParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one list of objects")
        form.add_argument("--markdown", action="store_true", help="one table")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [row(route) for route in routes()]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
        elif options["markdown"]:
            self.stdout.write("\n".join(as_markdown(rows)))
        else:
            self.stdout.write("\n".join(as_text(rows)))


def row(route: Route) -> dict[str, Any]:
    """What is told about a route; an undeclared one has no plane, and the system check fails."""
    declared = route.access
    return {
        "route": f"/{route.path}",
        "name": route.name,
        "plane": declared.plane.value if declared else "undeclared",
        "role": declared.role.value if declared and declared.role else "",
        "methods": list(declared.methods) if declared else [],
    }


def cells(values: dict[str, Any]) -> list[str]:
    return [" ".join(v) if isinstance(v, list) else str(v) for v in values.values()]


def as_markdown(rows: list[dict[str, Any]]) -> list[str]:
    """A table; a route's own ``|`` would end its cell."""
    lines = [[f"`{first}`".replace("|", "\\|"), *rest] for first, *rest in map(cells, rows)]
    head = [[name.capitalize() for name in COLUMNS], ["---"] * len(COLUMNS)]
    return [f"| {' | '.join(line)} |" for line in head + lines]


def as_text(rows: list[dict[str, Any]]) -> list[str]:
    """Aligned columns."""
    table = [[name.upper() for name in COLUMNS], *map(cells, rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(COLUMNS))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in table
    ]
