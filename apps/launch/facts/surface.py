"""Facts of routes, their access and limits, and what a rehearsal of two tenants showed."""

from dataclasses import dataclass

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Door:
    """A route of the URLconf: its path as written there, its name, and who is let in.

    `is_open` means without sign-in. An API's view, `is_api`, asks whom it lets in by itself;
    `asks` says whether it does.
    """

    path: str
    name: str
    is_declared: bool = True
    is_open: bool = False
    is_api: bool = False
    asks: bool = True


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A limit: how many requests of a route in how many seconds, and what is counted together.

    `by` is a value of apps/core/limits.py's By; `methods` are the HTTP methods that count.
    """

    route: str
    count: int
    seconds: int
    by: str
    methods: tuple[str, ...] = ("POST",)


@dataclass(frozen=True, kw_only=True)
class TenantTable:
    """A tenant-owned table as the database's catalogue has it.

    `owned` means that the product's role owns it, and so is exempt from row-level security unless
    that is `forced`. `loose` are the columns that may point into another tenant. `led` says
    whether an index begins with the tenant.
    """

    name: str
    row_security: bool = True
    forced: bool = False
    owned: bool = False
    policed: bool = True
    loose: tuple[str, ...] = ()
    led: bool = True


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What the product shows to whom. `unguarded` says of each manager that it is not."""

    doors: tuple[Door, ...]
    limits: tuple[Counted, ...]
    engine: str  # the back end of the default database, which holds the sentinel
    unguarded: tuple[str, ...]
    tables: tuple[TenantTable, ...] | Unasked
