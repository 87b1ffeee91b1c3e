"""What a room declares so that its rows can be exported and imported.

A declaration stands in the room's own `transfers.py`; this room knows none of them by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Expression, QuerySet
from django.forms import ModelForm
from django.http import QueryDict
from django.utils.module_loading import autodiscover_modules

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant

NAME_BYTES = 63  # of a column in PostgreSQL, which cuts the rest off


@dataclass(frozen=True)
class Selection:
    """The rows that a list asks for, in its order, and whether they are only some of all."""

    rows: QuerySet[Any]
    is_narrow: bool


def nothing_more(tenant: Tenant) -> None:
    """What most rooms do after an import."""


@dataclass(frozen=True, kw_only=True)
class Importer:
    """How a line of a file becomes a row.

    The values of a line are held against `form`, which is made once, with the tenant, and asked
    line by line: its fields, its `clean_…` methods and its `clean`. None of them may ask the
    database, or each line would cost a query; what has to be looked up is declared:

    * `key` is the field that tells one row of the tenant from all others, compared without case;
      a row whose key is there already is refused.
    * `by` names, for a field that chooses another row, the field in which a file names it.
    """

    form: Callable[..., ModelForm]
    key: str
    by: Mapping[str, str] = field(default_factory=dict)
    # Headers that mean a field, besides its name, its label and its column in exports.
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    afterwards: Callable[[Tenant], None] = nothing_more


def no_form(**kwargs: Any) -> ModelForm:
    """Raise LookupError: what only leaves has no form for its lines."""
    raise LookupError("These rows can be exported, not imported")


ONLY_OUT = Importer(form=no_form, key="")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Rows that can leave, and enter if there is an `importer`: ``exports/new/clients/``.

    `columns` are the columns of an export in their order: a name, and the field (``owner__email``)
    or SQL expression behind it. `select` reads the query string of the list at `list_route`, its
    order included; without it, all rows of the tenant leave, the oldest first.
    Raises ValueError for a column whose name PostgreSQL would cut.
    """

    kind: str
    model: type[TenantModel]
    list_route: str
    columns: Mapping[str, str | Expression]
    select: Callable[[Tenant, QueryDict], Selection] | None = None
    importer: Importer = ONLY_OUT

    def __post_init__(self) -> None:
        long = [name for name in self.columns if len(name.encode()) > NAME_BYTES]
        if long:
            raise ValueError(f"The name of a column takes {NAME_BYTES} bytes at most: {long[0]}")

    @property
    def is_importable(self) -> bool:
        """Whether its rows can come in as well."""
        return self.importer is not ONLY_OUT

    def selected(self, tenant: Tenant, query: QueryDict) -> Selection:
        """The rows of the tenant that a query string asks for."""
        return self.select(tenant, query) if self.select else Selection(self.of(tenant), False)

    def of(self, tenant: Tenant) -> QuerySet[Any]:
        """All rows of the tenant."""
        related: Any = self.model._meta.get_field("tenant").remote_field
        rows: QuerySet[Any] = getattr(tenant, related.get_accessor_name()).all()
        return rows

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)

    @property
    def a_noun(self) -> str:
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    @property
    def nouns(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    def counted(self, number: int) -> str:
        """A number of rows in words: "1 client", "1,204 clients"."""
        return f"{number:,} {self.noun if number == 1 else self.nouns}"


_resources: dict[str, Resource] = {}


def register(resource: Resource) -> Resource:
    """Make a resource known. Raises ValueError if its kind is taken."""
    if resource.kind in _resources:
        raise ValueError(f"Two resources of kind {resource.kind}")
    _resources[resource.kind] = resource
    return resource


@cache
def discover() -> None:
    """Import every app's `transfers.py`, once."""
    autodiscover_modules("transfers")


def resources() -> list[Resource]:
    """All that can be transferred, in the order of the installed apps."""
    discover()
    return list(_resources.values())


def resource_of(kind: str) -> Resource:
    """The resource of this kind. Raises LookupError if there is none."""
    discover()
    return _resources[kind]
