"""Pages of a list by keyset: each begins where the last ended, so page 400 costs what page 1 does.

It knows rows and query strings; which orders a list offers is the list's own affair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, Expression, F, Func, Model, OrderBy, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan
from django.http import HttpRequest

PAGE_SIZE = 25
COUNTED = 1_000  # counting on would cost the database more than the page itself
CURSORS = ("after", "before")
NEVER = date.min  # what an empty date counts as where it means "not yet"
KEY = "keyset_key"
SIGNER = Signer(salt="apps.core.keyset")

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Sort:
    """An order that a list offers: by `key`, then by primary key in the same direction.

    `name` stands in the query string: ``?sort=name`` ascends, ``?sort=-name`` descends; which one
    a first click gives, `descending` says. A key that may be empty needs `null`, the value that an
    empty one counts as. An index on (tenant, key, id) serves both directions.
    """

    name: str
    key: str | Expression
    null: Any = None
    descending: bool = False

    @property
    def slug(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    @property
    def expression(self) -> Any:
        key = F(self.key) if isinstance(self.key, str) else self.key
        return key if self.null is None else Coalesce(key, Value(self.null))

    def reversed(self) -> "Sort":
        return replace(self, descending=not self.descending)


@dataclass(frozen=True)
class Header:
    """A column's head: where a click leads, and how the list is sorted by it now, if it is."""

    url: str
    direction: str


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list and the ways on from there; a falsy URL means that there is none."""

    rows: list[Row]
    label: str
    previous_url: str
    next_url: str
    headers: dict[str, Header]


@dataclass(frozen=True)
class Cursor:
    """A row of the list, its number from the top, and whether the page lies before or after it."""

    key: Any
    pk: Any
    number: int
    back: bool


@dataclass(frozen=True)
class Window(Generic[Row]):
    """The rows that a cursor opens on, the number of the first, and whether others lie around."""

    rows: list[Row]
    first: int
    has_previous: bool
    has_next: bool


class Together(Func):
    """Values compared as one, ``(a, b) > (c, d)``, which PostgreSQL answers from an index."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


def paginate(
    request: HttpRequest,
    queryset: QuerySet[Row],
    sorts: Sequence[Sort],
    *,
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """Read the page of `queryset` that the query string asks for, in one of `sorts`.

    The first sort is the default. Two queries, whatever the number of rows: the rows, and a count
    that stops at 1,000. A cursor that is forged or of another sort opens the first page, and so,
    with one query more, does one beyond which too few rows are left.
    Raises ValueError if a key turns out empty and its sort declares no `null`.
    """
    sort = chosen(request.GET.get("sort", ""), sorts)
    keyed: QuerySet[Row] = queryset.annotate(**{KEY: sort.expression})
    cursor = decode(request, keyed, sort)
    window = read(keyed, sort, cursor, size)
    if cursor and len(window.rows) < size and (cursor.back or not window.rows):
        # Rows came or went since the cursor was made: no short first page, no empty last one.
        window = read(keyed, sort, None, size)
    total = queryset.order_by()[: COUNTED + 1].count()
    rows, first = window.rows, window.first
    if not window.has_previous:
        first = 1
    elif not window.has_next and total <= COUNTED:
        first = total - len(rows) + 1
    last = first + len(rows) - 1
    return Page(
        rows=rows,
        label=label(first, last, total),
        previous_url=url(request, before=encode(rows[0], sort, first))
        if window.has_previous
        else "",
        next_url=url(request, after=encode(rows[-1], sort, last)) if window.has_next else "",
        headers={each.name: header(request, each, sort) for each in sorts},
    )


def in_order_of(
    queryset: QuerySet[Row], query: Mapping[str, str], sorts: Sequence[Sort]
) -> QuerySet[Row]:
    """All rows in the order that a query string names; as they come where it names none."""
    slug = query.get("sort", "")
    if slug not in offered(sorts):
        return queryset
    sort = chosen(slug, sorts)
    key = OrderBy(sort.expression, descending=sort.descending)
    return queryset.order_by(key, "-pk" if sort.descending else "pk")


def offered(sorts: Sequence[Sort]) -> dict[str, Sort]:
    """The sorts of a list in both directions, by what names them in the query string."""
    return {each.slug: each for sort in sorts for each in (sort, sort.reversed())}


def chosen(slug: str, sorts: Sequence[Sort]) -> Sort:
    """The sort that the query string names, or the first."""
    return offered(sorts).get(slug, sorts[0])


def read(keyed: QuerySet[Row], sort: Sort, cursor: Cursor | None, size: int) -> Window[Row]:
    """The rows beyond the cursor, or the first ones, in the list's order."""
    descending = sort.descending != (cursor is not None and cursor.back)
    columns = [KEY, "pk"]
    if cursor:
        here = Together(F(KEY), F("pk"))
        there = Together(Value(cursor.key, field_of(keyed)), Value(cursor.pk, keyed.model._meta.pk))
        keyed = keyed.filter((LessThan if descending else GreaterThan)(here, there))
    ordered = keyed.order_by(*(f"-{column}" if descending else column for column in columns))
    found = list(ordered[: size + 1])
    rows, more = found[:size], len(found) > size
    if cursor is None:
        return Window(rows, 1, False, more)
    if cursor.back:
        return Window(rows[::-1], cursor.number - len(rows), more, True)
    return Window(rows, cursor.number + 1, True, more)


def encode(row: Model, sort: Sort, number: int) -> str:
    """A cursor at `row`. It is signed, so that nobody can make PostgreSQL compare just anything."""
    key = getattr(row, KEY)
    if key is None:
        raise ValueError(f"The sort {sort.name!r} met an empty key: declare what `null` counts as")
    return SIGNER.sign_object([sort.slug, str(key), str(row.pk), number])


def decode(request: HttpRequest, keyed: QuerySet[Any], sort: Sort) -> Cursor | None:
    """The cursor in the query string, if `encode` made it for this sort; None for anything else."""
    back = "before" in request.GET
    token = request.GET.get("before" if back else "after", "")
    try:
        slug, key, pk, number = SIGNER.unsign_object(token)
        key, pk = field_of(keyed).to_python(key), keyed.model._meta.pk.to_python(pk)
    except (BadSignature, TypeError, ValueError, ValidationError):
        return None
    return Cursor(key, pk, number, back) if slug == sort.slug else None


def field_of(keyed: QuerySet[Any]) -> Any:
    """The field that the list's key is kept in, which knows how to read it back from text."""
    return keyed.query.annotations[KEY].output_field


def url(request: HttpRequest, **changes: str) -> str:
    """The address of this list with its query string kept, but for the cursor and `changes`."""
    query = request.GET.copy()
    for name in CURSORS:
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def header(request: HttpRequest, sort: Sort, current: Sort) -> Header:
    """A column's head: a second click on the current one turns the list round."""
    if sort.name != current.name:
        return Header(url(request, sort=sort.slug), "")
    direction = "descending" if current.descending else "ascending"
    return Header(url(request, sort=current.reversed().slug), direction)


def label(first: int, last: int, total: int) -> str:
    """What stands under the list: "26 to 50 of 1,234" with a dash, or "of more than 1,000"."""
    if last < first:
        return ""
    span = f"{first:,}" if first == last else f"{first:,}\N{EN DASH}{last:,}"
    return f"{span} of {f'{total:,}' if total <= COUNTED else f'more than {COUNTED:,}'}"
