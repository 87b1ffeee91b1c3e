"""How an import is undone: what it added is deleted, what it changed gets its former values back.

Only where nobody has touched a row since; what has been is left alone, and said to be.
"""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from django.db import connection
from psycopg import sql

from apps.jobs.runner import Run
from apps.transfers.staging import touched_now

if TYPE_CHECKING:
    from apps.transfers.models import Import
    from apps.transfers.models.traces import ImportTrace

SHOWN = 50
CHANGED, IN_USE, GONE = "was changed since", "is in use since", "was deleted since"


class Undoing:
    """One import being undone, and what came of it so far."""

    def __init__(self, each: "Import") -> None:
        self.each = each
        self.meta = cast(Any, each.resource.model._meta)
        self.counts: Counter[str] = Counter(deleted=0, restored=0)
        self.left: list[tuple[Any, str]] = []
        self.names: dict[str, Any] = {
            "table": sql.Identifier(self.meta.db_table),
            "pk": sql.Identifier(self.meta.pk.column),
            "kind": sql.SQL(self.meta.pk.rel_db_type(connection)),
        }

    def run(self, statement: str, parameters: list[Any], **names: Any) -> list[Any]:
        """Execute a statement in which {table} and the like stand for names; return its rows."""
        composed = sql.SQL(statement).format(**self.names, **names)
        with connection.cursor() as cursor:
            cursor.execute(composed.as_string(cursor.connection), parameters)
            return cursor.fetchall()

    def take_back(self, trace: "ImportTrace") -> None:
        """Undo what one statement wrote."""
        if trace.added:
            self.count("deleted", trace.added, self.delete(trace), trace.mark)
        if trace.updated:
            pks = [pk for pk, _ in trace.updated]
            self.count("restored", pks, self.restore(trace), trace.mark)

    def delete(self, trace: "ImportTrace") -> set[str]:
        """Delete what was added and is as it was, unless something refers to it."""
        rows = self.run(
            "DELETE FROM {table} USING jsonb_array_elements_text(%s::jsonb) AS added"
            " WHERE {table}.tenant_id = %s AND {table}.{pk} = added::{kind}"
            " AND {table}.xmin = %s::text::xid {unused} RETURNING {table}.{pk}::text",
            [json.dumps(trace.added), self.each.tenant_id, trace.mark],
            unused=sql.SQL(" ").join(self.unused()),
        )
        return {pk for (pk,) in rows}

    def unused(self) -> list[Any]:
        """That no row of any table refers to it: a note about a client is somebody's work."""
        return [
            sql.SQL(
                "AND NOT EXISTS (SELECT FROM {child} WHERE {child}.{column} = {table}.{pk})"
            ).format(
                child=sql.Identifier(relation.related_model._meta.db_table),
                column=sql.Identifier(relation.field.column),
                table=self.names["table"],
                pk=self.names["pk"],
            )
            for relation in self.meta.get_fields(include_hidden=True)
            if relation.auto_created
            and not relation.concrete
            and (relation.one_to_many or relation.one_to_one)
        ]

    def restore(self, trace: "ImportTrace") -> set[str]:
        """Give what was updated and is as the import left it its former values."""
        columns = [
            field.column
            for field in self.meta.concrete_fields
            if field.column in trace.updated[0][1]
        ]
        now = touched_now(self.each.resource.model)
        rows = self.run(
            "UPDATE {table} SET {settings} FROM jsonb_array_elements(%s::jsonb) AS item,"
            " jsonb_populate_record(NULL::{table}, item->1) AS former"
            " WHERE {table}.tenant_id = %s AND {table}.{pk} = (item->>0)::{kind}"
            " AND {table}.xmin = %s::text::xid RETURNING {table}.{pk}::text",
            [*now.values(), json.dumps(trace.updated), self.each.tenant_id, trace.mark],
            settings=sql.SQL(", ").join(
                [
                    *(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in now),
                    *(
                        sql.SQL("{0} = former.{0}").format(sql.Identifier(column))
                        for column in columns
                        if column not in now
                    ),
                ]
            ),
        )
        return {pk for (pk,) in rows}

    def count(self, what: str, pks: list[Any], done: set[str], mark: int) -> None:
        """Tell what was done, and of the others why not."""
        self.counts[what] += len(done)
        others = [pk for pk in pks if str(pk) not in done]
        if not others:
            return
        still = dict(
            self.run(
                "SELECT {pk}::text, {table}.xmin = %s::text::xid FROM {table}"
                " JOIN jsonb_array_elements_text(%s::jsonb) AS other ON {pk} = other::{kind}"
                " WHERE {table}.tenant_id = %s",
                [mark, json.dumps(others), self.each.tenant_id],
            )
        )
        for pk in others:
            why = GONE if str(pk) not in still else IN_USE if still[str(pk)] else CHANGED
            self.counts[why] += 1
            if why != GONE and len(self.left) < SHOWN:
                self.left.append((pk, why))

    def result(self) -> dict[str, Any]:
        """The counts, and the first of what was left alone by name, with the reason."""
        rows = self.each.resource.of(self.each.tenant).in_bulk([pk for pk, _ in self.left])
        named = {str(pk): row for pk, row in rows.items()}
        return {
            "deleted": self.counts.pop("deleted"),
            "restored": self.counts.pop("restored"),
            "left": dict(self.counts),
            "shown": [
                {"name": str(row), "url": row.get_absolute_url(), "why": why}
                for pk, why in self.left
                if (row := named.get(str(pk)))
            ],
        }


def undo(each: "Import", run: Run) -> dict[str, Any]:
    """Undo an import, trace by trace; say what came of it."""
    work, total, done = Undoing(each), each.added + each.updated, 0
    run.progress(0, total)
    with run.in_turns():
        for trace in each.traces.order_by("-pk").iterator(chunk_size=1):
            work.take_back(trace)
            done += len(trace.added) + len(trace.updated)
            run.progress(done, total)
    each.traces.all().delete()
    each.resource.importer.afterwards(each.tenant)
    return work.result()
