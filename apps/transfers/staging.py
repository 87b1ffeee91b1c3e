"""Where checked rows wait until all are checked, and how they get from there into their table.

COPY fills a temporary table, which is gone with the transaction; row-level security takes no COPY
into the table itself. So nothing is locked, and nothing written, while a file is read; then a few
statements for each thousand rows bring them in, and write down what they added and changed.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from psycopg import sql
from psycopg.errors import UniqueViolation

from apps.tenants.models import Tenant
from apps.transfers.registry import Resource

if TYPE_CHECKING:
    from apps.transfers.checking import Candidate

# A row as it waits: its values in the order of the columns, its number in the file at the end.
Line = tuple[Any, ...]
# Which transaction wrote the rows, and what it wrote.
Marked = tuple[int, list[Any]] | None
# What these hold goes to psycopg as it is: Django would ask each value's field for nothing else.
AS_THEY_ARE = (models.CharField, models.TextField, models.EmailField, models.BigAutoField)
STAGED, KNOWN = sql.Identifier("import_staged"), sql.Identifier("import_known")


@dataclass
class Found:
    """What has a key already: records by their primary keys, or a row of the file by its number."""

    pks: list[Any] = field(default_factory=list)
    line: int = 0

    @property
    def only(self) -> Any:
        """The primary key of the one record that has the key; None for several, or for a row."""
        return self.pks[0] if len(self.pks) == 1 and not self.line else None


class Staging:
    """The rows of one import between being checked and being in."""

    def __init__(self, resource: Resource, tenant: Tenant, mapped: Iterable[str]) -> None:
        """Make the tables; `mapped` are the fields that the file fills, and an update may touch."""
        self.resource, self.tenant = resource, tenant
        meta: Any = resource.model._meta
        self.mapped: list[Any] = [meta.get_field(name) for name in mapped]
        self.table = sql.Identifier(meta.db_table)
        self.pk = sql.Identifier(meta.pk.column)
        stored: list[Any] = [each for each in meta.concrete_fields if not each.generated]
        self.fields = [each for each in stored if not is_left_to_the_database(each, self.mapped)]
        self.as_they_are = {each for each in self.fields if type(each) in AS_THEY_ARE}
        self.unmapped = [each for each in self.fields if each not in self.mapped]
        self.own = [each for each in self.unmapped if has_one_for_each(each)]
        self.make_tables()

    def make_tables(self) -> None:
        """A copy of the table's columns and rules for what comes, and the keys that are there.

        The keys are copied since row-level security looks up no function's value in an index.
        """
        self.run("DROP TABLE IF EXISTS {staged}, {known}")
        self.run(
            "CREATE TEMPORARY TABLE {staged} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
            " INCLUDING GENERATED, line integer, key text, changed text[]) ON COMMIT DROP"
        )
        self.run("ALTER TABLE {staged} ALTER COLUMN {pk} DROP NOT NULL")
        keys = self.resource.of(self.tenant).annotate(key=Lower(self.resource.importer.key))
        query, parameters = keys.exclude(key="").values_list("key", "pk").query.sql_with_params()
        self.run("CREATE TEMPORARY TABLE {known} (key, pk) ON COMMIT DROP AS " + query, parameters)
        for statement in (
            "CREATE INDEX ON {known} (key)",
            "ANALYZE {known}",
            "CREATE INDEX ON {staged} (key)",
            "CREATE INDEX ON {staged} (line)",
        ):
            self.run(statement)

    def set_defaults(self) -> None:
        """Have what is the same in all new rows stand in the table: `line` leaves it out."""
        blank = self.resource.model(tenant_id=self.tenant.pk)
        for each in self.unmapped:
            if each in self.own:
                continue
            value = each.get_db_prep_save(each.pre_save(blank, True), connection)
            self.run(
                "ALTER TABLE {staged} ALTER {column} SET DEFAULT {value}",
                column=sql.Identifier(each.column),
                value=sql.Literal(value),
            )

    def run(self, statement: str, parameters: Any = (), **names: Any) -> list[Any]:
        """Execute a statement in which {table} and the like stand for names; return its rows."""
        composed = sql.SQL(statement).format(
            staged=STAGED, known=KNOWN, table=self.table, pk=self.pk, **names
        )
        with connection.cursor() as cursor:
            cursor.execute(composed.as_string(cursor.connection), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def find(self, keys: set[str]) -> dict[str, Found]:
        """Those of these keys that the workspace has, or that stand further up in the file."""
        found: dict[str, Found] = {}
        if not keys:
            return found
        rows = self.run(
            "WITH wanted AS MATERIALIZED (SELECT %s::text[] AS keys)"
            " SELECT key, pk, 0 FROM {known} WHERE key = ANY((SELECT keys FROM wanted)::text[])"
            " UNION ALL SELECT key, NULL, line FROM {staged}"
            " WHERE key = ANY((SELECT keys FROM wanted)::text[])",
            [list(keys)],
        )
        for key, pk, line in rows:
            there = found.setdefault(key, Found())
            if line:
                there.line = line
            else:
                there.pks.append(pk)
        return found

    def add_new(self, lines: Sequence[Line]) -> dict[int, str]:
        """Put new rows in line: of each what `mapped` names, its key and number.

        What the database's own rules refuse comes back by its number.
        """
        columns = [each.column for each in (*self.mapped, *self.own)]
        return self.carefully(lines, partial(self.copy, [*columns, "key", "line"]))

    def add(self, candidates: Sequence["Candidate"]) -> dict[int, str]:
        """Put rows in line that were judged one by one. Returns as `add_new`."""
        columns = [each.column for each in self.fields]
        lines = [self.values_of(each) for each in candidates]
        return self.carefully(lines, partial(self.copy, [*columns, "changed", "key", "line"]))

    def line(self, said: Iterable[Any], key: str, number: int) -> Line:
        """A new row as it waits, by what it says."""
        own = [each.get_db_prep_save(each.get_default(), connection) for each in self.own]
        return (*said, *own, key or None, number)

    def copy(self, columns: list[str], lines: Sequence[Line]) -> None:
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            STAGED, sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with (
            connection.cursor() as wrapper,
            connection.wrap_database_errors,
            wrapper.cursor.copy(into) as copy,
        ):
            for line in lines:
                copy.write_row(line)

    def values_of(self, each: "Candidate") -> Line:
        """What stands in the table for a row, as Model.save would write it."""
        is_new = each.existing is None
        values = (
            getattr(each.made, stored.attname)
            if stored in self.as_they_are
            else stored.get_db_prep_save(stored.pre_save(each.made, is_new), connection)
            for stored in self.fields
        )
        changed = [stored.column for stored in self.mapped if stored.name in each.changed]
        return (*values, None if is_new else changed, each.key or None, each.row.number)

    def insert(self, lines: range) -> Marked:
        """Add the new rows of these lines; return their mark and primary keys, if there are any.

        The mark is the transaction that wrote them, which PostgreSQL keeps with each row: another
        one there later tells that somebody has changed the row since.
        """
        columns: list[Any] = [each.column for each in self.fields if not is_numbered(each)]
        return self.marked(
            "WITH added AS (INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged}"
            " WHERE changed IS NULL AND line BETWEEN %s AND %s ORDER BY line"
            " RETURNING {pk}, xmin) SELECT min(xmin::text::bigint), jsonb_agg({pk}) FROM added",
            [lines[0], lines[-1]],
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        )

    def update(self, lines: range) -> Marked:
        """Change the records of these lines; return their mark, and each with what it was before.

        Only what the file says differently is set. The records are locked first, in one order, so
        that what is remembered is what stood there, whoever was at work meanwhile.
        """
        bounds = [lines[0], lines[-1]]
        self.run(
            "SELECT FROM {table} JOIN {staged} USING ({pk}) WHERE {table}.tenant_id = %s"
            " AND changed IS NOT NULL AND line BETWEEN %s AND %s"
            " ORDER BY {table}.{pk} FOR UPDATE OF {table}",
            [self.tenant.pk, *bounds],
        )
        now = touched_now(self.resource.model)
        return self.marked(
            "WITH changed AS (UPDATE {table} SET {settings} FROM {staged}, {table} AS former"
            " WHERE {table}.tenant_id = %s AND {table}.{pk} = {staged}.{pk}"
            " AND former.tenant_id = %s AND former.{pk} = {table}.{pk}"
            " AND {staged}.changed IS NOT NULL AND {staged}.line BETWEEN %s AND %s"
            " RETURNING {table}.{pk}, {table}.xmin, jsonb_build_object({former}) AS was)"
            " SELECT min(xmin::text::bigint), jsonb_agg(jsonb_build_array({pk}, was)) FROM changed",
            [*now.values(), self.tenant.pk, self.tenant.pk, *bounds],
            settings=sql.SQL(", ").join(self.settings(now)),
            former=sql.SQL(", ").join(
                sql.SQL("{}, former.{}").format(sql.Literal(name), sql.Identifier(name))
                for name in (each.column for each in self.mapped)
            ),
        )

    def settings(self, now: dict[str, Any]) -> list[Any]:
        """What an update sets: the times of change, and each field that the row says anew."""
        anew = "{0} = CASE WHEN {1} = ANY({2}.changed) THEN {2}.{0} ELSE {3}.{0} END"
        return [
            *(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in now),
            *(
                sql.SQL(anew).format(
                    sql.Identifier(column), sql.Literal(column), STAGED, self.table
                )
                for column in (each.column for each in self.mapped)
                if column not in now
            ),
        ]

    def marked(self, statement: str, parameters: list[Any], **names: Any) -> Marked:
        """What a statement wrote, by its mark; None for nothing."""
        mark, rows = self.run(statement, parameters, **names)[0]
        return None if rows is None else (mark, json.loads(rows))

    def vanished(self, lines: range) -> list[int]:
        """The lines whose records are not there any more."""
        rows = self.run(
            "SELECT line FROM {staged} WHERE changed IS NOT NULL AND line BETWEEN %s AND %s"
            " AND NOT EXISTS (SELECT FROM {table} WHERE {table}.tenant_id = %s"
            " AND {table}.{pk} = {staged}.{pk})",
            [lines[0], lines[-1], self.tenant.pk],
        )
        return [line for (line,) in rows]

    def pieces(self, size: int) -> list[range]:
        """The numbers of the rows that wait, in pieces."""
        self.run("ANALYZE {staged}")
        [(last,)] = self.run("SELECT coalesce(max(line), 0) FROM {staged}")
        return [range(first, min(first + size, last + 1)) for first in range(1, last + 1, size)]

    def carefully(self, items: Sequence[Any], work: Callable[[Any], None]) -> dict[int, str]:
        """Do the work on all at once; where the database refuses, on halves, down to single ones.

        `items` are lines or the numbers of some. Returns what stays refused, by its number, with
        the reason in words.
        """
        if not items:
            return {}
        try:
            with transaction.atomic():
                work(items)
            return {}
        except (IntegrityError, DataError) as error:
            if len(items) == 1:
                [one] = items
                number = one if isinstance(one, int) else one[-1]
                return {number: self.explained(error)}
        half = len(items) // 2
        return self.carefully(items[:half], work) | self.carefully(items[half:], work)

    def explained(self, error: Exception) -> str:
        """Why the database refused a row: in the model's words, if it has some for that rule."""
        cause: Any = error.__cause__
        if isinstance(cause, UniqueViolation):
            return f"Something like it was added meanwhile: is it already {self.resource.a_noun}?"
        name = cause.diag.constraint_name if cause else ""
        for rule in self.resource.model._meta.constraints:
            if rule.name == name:
                return str(rule.get_violation_error_message())
        return "The database cannot keep this row."


def touched_now(model: type[models.Model]) -> dict[str, Any]:
    """The columns that say when a row was last changed, and what they say now."""
    blank, meta = model(), cast(Any, model._meta)
    return {
        each.column: each.get_db_prep_save(each.pre_save(blank, False), connection)
        for each in meta.concrete_fields
        if getattr(each, "auto_now", False)
    }


def is_numbered(each: models.Field) -> bool:
    """Whether the database counts this field up by itself."""
    return isinstance(each, models.AutoField)


def has_one_for_each(each: models.Field) -> bool:
    """Whether new rows that say nothing differ in this field, and not by the moment alone."""
    has_own = each.has_default() and callable(each.default)
    return has_own and each.default is not timezone.now


def is_left_to_the_database(each: models.Field, mapped: list[Any]) -> bool:
    """Whether a default of the database's own fills this field."""
    return each.db_default is not models.NOT_PROVIDED and each not in mapped
