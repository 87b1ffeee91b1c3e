"""The planted faults, a module for an area; to plant another is to add a line to its FAULTS.

FAULTS: the id that has to find it, its tier, the facts. HARMLESS: what is well although a hasty
check would think otherwise. UNHAD: a fact that cannot be had, by its name or
as changed facts, and which of the area's checks then do not know.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.findings import Tier

NO = Unasked("no answer")
MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
FAULTS: list[tuple[str, Tier, Facts]] = [row for one in MODULES for row in one.FAULTS]
HARMLESS: list[tuple[str, Facts]] = [row for one in MODULES for row in one.HARMLESS]


def unhad() -> Iterator[tuple[dict[str, Any], set[str]]]:
    """The rows of all areas; where several lack the same whole fact, they are one."""
    whole: dict[str, set[str]] = {}
    for missing, ids in (row for one in MODULES for row in one.UNHAD):
        match missing:
            case str(name):
                whole.setdefault(name, set()).update(ids)
            case _:
                yield missing, ids
    for name, ids in whole.items():
        yield {name: NO}, ids


UNHAD = list(unhad())
