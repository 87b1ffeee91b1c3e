"""Reads how lists sort, filter and turn pages, and asks the database for sizes and indexes."""

import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.utils.module_loading import module_has_submodule
from django.views.generic.list import MultipleObjectMixin

from apps.core.keyset import Sort
from apps.core.later import itself
from apps.core.surface import Route, routes
from apps.launch.facts.database import Database
from apps.launch.facts.records import Listed, Records, Tables
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import ask
from apps.launch.gathering.database import asking_the_database

# By table: what was counted last, in how many pages, and how many pages there are now.
SIZES = """
    SELECT c.relname, c.reltuples::bigint, c.relpages,
        pg_relation_size(c.oid) / current_setting('block_size')::int
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
# By index: its first two columns, of which an expression is NULL.
INDEXES = """
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indisvalid,
        i.indpred IS NULL, first.attname, second.attname
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_attribute first ON first.attrelid = c.oid AND first.attnum = i.indkey[0]
    LEFT JOIN pg_attribute second ON second.attrelid = c.oid AND i.indnkeyatts > 1
        AND second.attnum = i.indkey[1]
    ORDER BY 2
"""
# A key over several columns is looked up by all of them, in whichever order the index has them.
UNLED = """
    SELECT k.conrelid::regclass::text, string_agg(a.attname, ', ' ORDER BY a.attnum)
    FROM pg_constraint k
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
    WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
        AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
    )
    GROUP BY k.oid, k.conrelid ORDER BY 1, 2
"""
LEAST_ROW = 28  # bytes that PostgreSQL needs for a row without any column
PAGE = 8192
FEW = 10_000  # rows below which it does not matter that all are read
LIBRARIES = sysconfig.get_path("purelib")
Declared = tuple[type[Model], str, str]  # the model, the field or "" and where it is declared


def records(database: Database | Unasked) -> Records:
    """Read the process, and ask the database for the rest, if it answered before."""
    pages = {f"/{route.path}": endless(route) for route in routes() if is_list(route)}
    return Records(
        lists=len(pages),
        endless={path: reason for path, reason in pages.items() if reason},
        tables=database if isinstance(database, Unasked) else ask("The database", tables),
    )


def is_list(route: Route) -> bool:
    """Whether a class of the project answers with a list: Django's, or Django REST framework's."""
    view: Any = view_class(route)
    if not isinstance(view, type) or is_a_librarys(view):
        return False
    if issubclass(view, MultipleObjectMixin):
        return True
    actions = getattr(itself(route.view), "actions", None)  # of a viewset, by HTTP method
    lists = "list" in actions.values() if actions else hasattr(view, "list")
    return lists and hasattr(view, "pagination_class")


def view_class(route: Route) -> Any:
    view = itself(route.view)
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def said(route: Route, name: str) -> Any:
    """What a class says, or as_view() in its place."""
    view: Any = itself(route.view)
    given = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None) or {}
    return given[name] if name in given else getattr(view_class(route), name, None)


def is_a_librarys(view: type) -> bool:
    """Whether a class came with a package, whose lists are its own affair."""
    file = getattr(sys.modules.get(view.__module__), "__file__", None) or ""
    return Path(file).is_relative_to(LIBRARIES)


def endless(route: Route) -> str:
    """Why a list may show all its rows at once, or ""."""
    view: Any = view_class(route)
    if issubclass(view, MultipleObjectMixin):
        paged = said(route, "paginate_by")
        own = view.get_paginate_by is not MultipleObjectMixin.get_paginate_by
        return "" if own or paged else "paginate_by is not set"
    pages = said(route, "pagination_class")
    if pages is None:
        return "pagination_class is None"
    if not getattr(pages, "page_size", getattr(pages, "default_limit", True)):
        return f"{pages.__name__} has no size"
    if getattr(pages, "page_size_query_param", None) and not pages.max_page_size:
        return f"{pages.__name__} has no max_page_size"
    return "" if getattr(pages, "max_limit", True) else f"{pages.__name__} has no max_limit"


def tables() -> Tables:
    """Ask the catalogue. Raises Unasked where none of the tables is there yet."""
    models = [
        model
        for app in apps.get_app_configs()
        if app.name.startswith("apps.")
        for model in app.get_models()
    ]
    with asking_the_database() as connection, connection.cursor() as cursor:
        cursor.execute(SIZES)
        rows = {name: about(*figures) for name, *figures in cursor.fetchall()}
        leading, invalid = indexes(cursor)
        cursor.execute(UNLED)
        unled = tuple(f"{plain(table)}.{columns}" for table, columns in cursor.fetchall())
    if not any(model._meta.db_table in rows for model in models):
        raise Unasked("The database has none of the tables yet: python manage.py migrate")
    found = {
        Listed(
            table=(table := model._meta.db_table),
            column=column or "an expression",
            declared=declared,
            indexed=(table, column) in leading,
        )
        for model, column, declared in declarations(models)
        if model._meta.db_table in rows
    }
    listed = sorted(found, key=lambda one: (one.table, one.column, one.declared))
    return Tables(rows=rows, listed=tuple(listed), invalid=invalid, unled=unled)


def about(counted: int, counted_pages: int, pages: int) -> int | None:
    """How many rows a table has, as the planner reckons: by its density when it was counted.

    One that was never counted has fewer than FEW if they would not fit, or nobody knows.
    """
    if counted >= 0 and counted_pages:
        return counted * pages // counted_pages
    most = pages * PAGE // LEAST_ROW
    return most if most < FEW else None


def indexes(cursor: CursorWrapper) -> tuple[set[tuple[str, str]], tuple[str, ...]]:
    """The table and column that a whole index begins with, or has after the workspace; the invalid.

    An index on an expression is left out: row-level security keeps PostgreSQL from looking into
    most of them.
    """
    cursor.execute(INDEXES)
    leading: set[tuple[str, str]] = set()
    invalid = []
    for table, name, is_valid, is_whole, first, second in cursor.fetchall():
        if not is_valid:
            invalid.append(plain(name))
        elif is_whole:
            leading.add((plain(table), first or ""))
            if first == "tenant_id":
                leading.add((plain(table), second or ""))
    return {(table, column) for table, column in leading if column}, tuple(invalid)


def plain(name: str) -> str:
    """A name of the catalogue without its quotes."""
    return name.strip('"')


def declarations(models: Sequence[type[Model]]) -> Iterator[Declared]:
    """What lists sort and filter by, wherever the code says so."""
    for model in models:
        yield from sorts(model)
        yield from filters(model)
        for field in (model._meta.ordering or ())[:1]:  # the rest only settles draws
            yield model, column_of(model, field), f"{model.__name__}.Meta.ordering"
    for route in routes():
        yield from of_class(route)


def sorts(model: type[Model]) -> Iterator[Declared]:
    """The orders that a model declares for its lists."""
    own = {name: value for base in reversed(model.__mro__) for name, value in vars(base).items()}
    for name, declared in own.items():
        if isinstance(declared, Sequence) and not isinstance(declared, str):
            for sort in declared:
                if isinstance(sort, Sort):
                    # What an empty key counts as makes the key an expression.
                    key = "" if sort.null is not None else sort.key
                    yield model, column_of(model, key), f"{model.__name__}.{name} {sort.name}"


def filters(model: type[Model]) -> Iterator[Declared]:
    """The fields by which the form of the model's list narrows it: ClientFilter for Client."""
    app = apps.get_app_config(model._meta.app_label)
    if app.module and module_has_submodule(app.module, "forms"):
        form = getattr(import_module(f"{app.name}.forms"), f"{model.__name__}Filter", None)
        if isinstance(form, type) and issubclass(form, forms.BaseForm):
            own = {field.name for field in model._meta.concrete_fields}
            for name in form.base_fields:  # type: ignore[attr-defined]  # the metaclass's
                if name in own:
                    yield model, column_of(model, name), f"{form.__name__}.{name}"


def of_class(route: Route) -> Iterator[Declared]:
    """What a list that is a class sorts and filters by, with Django REST framework's names too."""
    view: Any = view_class(route)
    model = said(route, "model") or getattr(said(route, "queryset"), "model", None)
    if model is None or not is_list(route):
        return
    for name in ("ordering", "ordering_fields", "filterset_fields"):
        declared = said(route, name) or ()
        for field in [declared] if isinstance(declared, str) else declared:
            if field != "__all__":
                yield model, column_of(model, field), f"{view.__name__}.{name}"


def column_of(model: type[Model], key: Any) -> str:
    """The column behind a key such as "-created_at"; "" for what is no column of the table."""
    if not isinstance(key, str):
        return ""
    name = key.lstrip("-+")
    if name == "pk":
        return str(model._meta.pk.column)
    try:
        return str(getattr(model._meta.get_field(name), "column", None) or "")
    except FieldDoesNotExist:
        return ""
