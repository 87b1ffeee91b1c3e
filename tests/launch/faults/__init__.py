"""The planted faults, a module for an area; to plant another is to add a line to its FAULTS.

FAULTS: the id that has to find it, its tier, the facts. HARMLESS: what is well although a hasty
check would think otherwise. UNHAD: a fact that cannot be had, and which of the area's checks then
do not know.
"""

from importlib import import_module
from pkgutil import iter_modules

from apps.launch.facts import Facts
from apps.launch.findings import Tier

MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
FAULTS: list[tuple[str, Tier, Facts]] = [row for one in MODULES for row in one.FAULTS]
HARMLESS: list[tuple[str, Facts]] = [row for one in MODULES for row in one.HARMLESS]
UNHAD: dict[str, set[str]] = {}
for one in MODULES:
    for fact, ids in one.UNHAD:
        UNHAD.setdefault(fact, set()).update(ids)
