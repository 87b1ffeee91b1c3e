"""Databases that are made for a while, and how they go."""

from typing import Any

import psycopg
from psycopg import sql


def drop(server: "psycopg.Connection[Any]", name: str) -> None:
    """Drop a database, if there is one, and end whoever is connected to it.

    `server` is a connection to another one, which commits by itself.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        server.execute(statement + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:
        # Autovacuum is at work there: no owner may end it, but without FORCE it is asked to go.
        server.execute(statement)
