"""`make roles`: makes the two roles and the database on a server of your own, as CI does.

`make run` and `make test` see to their own servers. A server that DATABASE_URL and
DATABASE_OWNER_URL name needs the two roles first; DATABASE_ADMIN_URL names who may make them.
"""

import os
import sys
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from dev.postgres import APP, OWNER, ROLES
from dev.setup import Refusal, explain, refuse, say

NAMES = ("DATABASE_ADMIN_URL", "DATABASE_URL", "DATABASE_OWNER_URL")


def addresses() -> dict[str, str]:
    """The three addresses. Raises Refusal for what is missing."""
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        raise Refusal(f"set {' and '.join(missing)}: postgresql://ROLE:PASSWORD@HOST/DATABASE")
    return {name: os.environ[name] for name in NAMES}


def make_role(connection: psycopg.Connection, url: str, attributes: str) -> str:
    """Make a role that can do what ours may and no more, or make one so that is there."""
    login = urlsplit(url)
    name, password = unquote(login.username or ""), unquote(login.password or "")
    there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = "ALTER" if there else "CREATE"
    connection.execute(
        sql.SQL(f"{verb} ROLE {{}} {attributes} PASSWORD {{}}").format(
            sql.Identifier(name), sql.Literal(password)
        )
    )
    return name


def open_up(connection: psycopg.Connection) -> None:
    """Let a database's owner alone make tables, as PostgreSQL 15 does by itself."""
    connection.execute("ALTER SCHEMA public OWNER TO pg_database_owner")
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def main() -> None:
    """Make what is missing; it may be run again."""
    given = addresses()
    admin, database = given["DATABASE_ADMIN_URL"], urlsplit(given["DATABASE_URL"]).path[1:]
    with psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        version = connection.info.parameter_status("server_version")
        owner = make_role(connection, given["DATABASE_OWNER_URL"], ROLES[OWNER])
        app = make_role(connection, given["DATABASE_URL"], ROLES[APP])
        there = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(there, [database]).fetchone():
            made = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(made.format(sql.Identifier(database), sql.Identifier(owner)))
    # Test databases are copies of template1.
    for name in ("template1", database):
        with psycopg.connect(admin, dbname=name, autocommit=True) as connection:
            open_up(connection)
    say(f"✓ roles        {owner} and {app}, on PostgreSQL {version}")


if __name__ == "__main__":
    try:
        main()
    except Refusal as refusal:
        refuse(refusal)
    except psycopg.Error as error:
        refuse(f"The server did not do it: {explain(str(error))}")
    except KeyboardInterrupt:
        sys.exit(130)
