"""The two database roles: the owner, which migrates, and the runtime role, which owns nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar

import dj_database_url
from django.conf import settings
from django.db import connection, connections

_acting: ContextVar[bool] = ContextVar("acting_as_owner", default=False)


def acting_as_owner() -> bool:
    """Whether the running code works on the tables themselves, inside as_owner()."""
    return _acting.get()


@contextmanager
def as_owner() -> Iterator[None]:
    """Use the default connection as the owner, if DATABASE_OWNER_URL names one.

    The database's name stays, since a test run works in a database of its own. Inside another such
    block the connection stays, and with it the lock that a release holds on it.
    """
    if acting_as_owner():
        yield
        return
    token = _acting.set(True)
    try:
        with _login_of_owner():
            yield
    finally:
        _acting.reset(token)


@contextmanager
def _login_of_owner() -> Iterator[None]:
    if not settings.DATABASE_OWNER_URL:
        yield
        return
    runtime, owner = connection.settings_dict, dj_database_url.parse(settings.DATABASE_OWNER_URL)
    login = {key: owner[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    limits = " ".join(f"-c {name}={value}" for name, value in settings.DATABASE_TIMEOUTS.items())
    # Never from the pool of the runtime role, nor into it.
    options = {**runtime["OPTIONS"], "options": limits, "pool": None}
    connection.close()
    connection.settings_dict = {**runtime, **login, "OPTIONS": options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = runtime


def grant_to_runtime_role() -> None:
    """Let the runtime role read and write rows, and nothing else; run it as the owner."""
    if not settings.DATABASE_OWNER_URL:
        return
    role = connection.ops.quote_name(settings.DATABASES["default"]["USER"])
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        )
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        # An audit trail that the running product can rewrite proves nothing; only the link to a
        # person may go, when the person does.
        cursor.execute(f"REVOKE UPDATE, DELETE ON audit_event FROM {role}")
        cursor.execute(f"GRANT UPDATE (actor_id) ON audit_event TO {role}")


def limit_runtime_role() -> None:
    """Have the database end what runs away on any connection of the runtime role.

    The limits are the role's, in this database: a connection's own options come through no pooler.
    A role may set its own, and no other's.
    """
    with closing(connections.create_connection("default")) as runtime, runtime.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = runtime.ops.quote_name(cursor.fetchone()[0])
        for name, value in settings.DATABASE_TIMEOUTS.items():
            cursor.execute(
                f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = %s", [value]
            )
