"""The columns of an export beside its rows, in the order of the list; what all writers share."""

from collections.abc import Callable
from typing import Any

from django.db.models import DecimalField, F, Field, FloatField, IntegerField, QuerySet

from apps.transfers.registry import Resource

Tell = Callable[[int], None]
TELL_EVERY = 500  # rows
NUMBERS = (IntegerField, DecimalField, FloatField)


def columns_of(rows: QuerySet[Any], resource: Resource) -> QuerySet[Any]:
    """The rows with the resource's columns beside them, as `column_0` and so on.

    In the order that the selection asks for, else the oldest first.
    """
    named = {
        f"column_{at}": F(column) if isinstance(column, str) else column
        for at, column in enumerate(resource.columns.values())
    }
    rows = rows.annotate(**named)
    return rows if rows.query.order_by else rows.order_by("pk")


def fields_of(rows: QuerySet[Any]) -> dict[str, Field]:
    """What `columns_of` put beside the rows: the name of each column, and what it holds."""
    return {
        name: column.output_field
        for name, column in rows.query.annotations.items()
        if name.startswith("column_")
    }
