"""What the checks judge, gathered: the one module of this room that asks settings and servers."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

import sentry_sdk
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import checks
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from apps.core.cache import redis_alone
from apps.core.health import HEARTBEAT
from config.product import PRODUCT, Product

T = TypeVar("T")
PATIENCE = 3  # seconds that the database has for a connection, and for an answer

# A role owns a table also where it is a member of the role that does, since it may become it.
ABOUT_THE_CONNECTION = """
    SELECT
        rolname,
        rolsuper,
        rolbypassrls,
        (
            SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relkind IN ('r', 'p') AND pg_has_role(current_user, relowner, 'MEMBER')
            AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
        ),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
    FROM pg_roles WHERE rolname = current_user
"""


class Unasked(Exception):
    """A fact that could not be had; its words say why."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one of Django's checks said."""

    id: str
    text: str
    hint: str
    is_error: bool
    silenced: bool


@dataclass(frozen=True, kw_only=True)
class Database:
    """What the database says of the role that the product runs as."""

    host: str
    role: str
    is_superuser: bool
    bypasses_row_security: bool
    tables_owned: int
    encrypted: bool
    unapplied: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that checks may look at. A fact that could not be had is an Unasked."""

    settings: Mapping[str, Any]
    product: Product
    django: tuple[Message, ...] | Unasked
    database: Database | Unasked
    worker_seen: float | Unasked | None  # seconds since a worker's last sign of life
    errors_reported: bool
    sign_in_required: bool  # unless a view says otherwise

    @property
    def environment(self) -> str:
        return str(self.settings["ENVIRONMENT"])


def known(fact: T | Unasked) -> T:
    """The fact itself. Raises Unasked, which makes the check unknown, where it could not be had."""
    if isinstance(fact, Unasked):
        raise fact
    return fact


def gather() -> Facts:
    """Ask settings, Django, the database and the cache; each answer takes seconds at most."""
    return Facts(
        settings={name: getattr(settings, name) for name in dir(settings) if name.isupper()},
        product=PRODUCT,
        django=ask("Django's checks", of_django),
        database=ask("The database", of_database),
        worker_seen=ask("The cache", of_worker),
        errors_reported=sentry_sdk.get_client().is_active(),
        sign_in_required=any(
            issubclass(import_string(path), LoginRequiredMiddleware) for path in settings.MIDDLEWARE
        ),
    )


def ask(whom: str, question: Callable[[], T]) -> T | Unasked:
    """Return the answer, or an Unasked that says why there is none."""
    try:
        return question()
    except (DatabaseError, RedisError, OSError) as error:
        said = " ".join(str(error).split())
        return Unasked(f"{whom} did not answer: {said or type(error).__name__}")
    except Exception as error:  # an answer that cannot be had is unknown, whatever the reason
        return Unasked(f"{whom} did not answer: {type(error).__name__}")


def of_django() -> tuple[Message, ...]:
    """What `manage.py check --deploy` would say, what settings silence included."""
    return tuple(
        Message(
            id=said.id or "",
            text=" ".join(str(said.msg).split()),
            hint=" ".join(str(said.hint or "").split()),
            is_error=said.level >= checks.ERROR,
            silenced=said.is_silenced(),
        )
        for said in checks.run_checks(include_deployment_checks=True)
        if said.level >= checks.WARNING
    )


def of_database() -> Database:
    """Ask over a connection of its own, which gives up soon and leaves the process's alone."""
    database = connections.create_connection("default")
    options = {**database.settings_dict["OPTIONS"], "connect_timeout": PATIENCE, "pool": None}
    database.settings_dict = {**database.settings_dict, "OPTIONS": options}
    with closing(database):
        # One transaction, which takes its time-out along: a pooler hands the connection on.
        database.set_autocommit(False)
        with database.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}s'")
            cursor.execute(ABOUT_THE_CONNECTION)
            role, is_superuser, bypasses_row_security, tables_owned, encrypted = cursor.fetchone()
        unapplied = unapplied_migrations(database)
        database.rollback()
    return Database(
        host=database.settings_dict["HOST"],
        role=role,
        is_superuser=is_superuser,
        bypasses_row_security=bypasses_row_security,
        tables_owned=tables_owned,
        encrypted=encrypted,
        unapplied=unapplied,
    )


def unapplied_migrations(database: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The migrations that the code has and the database has not, as app.name."""
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan)


def of_worker() -> float | None:
    """How many seconds ago a worker last showed itself, or None if none did in a day."""
    beaten: float | None = redis_alone().get(HEARTBEAT)
    return None if beaten is None else max(0.0, time.time() - beaten)
