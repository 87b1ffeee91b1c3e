"""The planted faults, a module for an area; to plant another is to add a line to its FAULTS.

FAULTS: the id that has to find it, its tier, the facts. HARMLESS: what is well although a hasty
check would think otherwise. UNHAD: what cannot be had, and which checks then do not know.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from apps.launch.facts import Facts
from apps.launch.findings import Tier

MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
FAULTS: list[tuple[str, Tier, Facts]] = [row for one in MODULES for row in one.FAULTS]
HARMLESS: list[tuple[str, Facts]] = [row for one in MODULES for row in one.HARMLESS]
UNHAD: list[tuple[dict[str, Any], set[str]]] = [row for one in MODULES for row in one.UNHAD]
