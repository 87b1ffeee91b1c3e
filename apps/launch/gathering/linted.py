"""Runs the migrations in a database that is thrown away, and asks squawk about their SQL.

squawk parses SQL as PostgreSQL does, and so sees what a migration does by whatever means. It is a
development package: where it is not installed, nobody can be asked.
"""

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.utils import Error

from apps.core.owner import as_owner
from apps.launch.facts.migrations import RULES, Migrations, Step
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.migrations import acceptances

PROGRAM = Path(sys.executable).with_name("squawk")
OLDEST = "14"  # of PostgreSQL
# What squawk finds that our rules say too, by one of these names.
SAME = {
    "adding-field-with-default": {"rewrite-table"},
    "adding-foreign-key-constraint": {"add-constraint", "change-type"},
    "adding-required-field": {"not-null"},
    "ban-drop-column": {"drop-column"},
    "ban-drop-default": {"drop-default"},
    "ban-drop-table": {"drop-table"},
    "ban-truncate-cascade": {"drop-table"},
    "changing-column-type": {"change-type", "rewrite-table"},
    "constraint-missing-not-valid": {"add-constraint"},
    "disallowed-unique-constraint": {"add-constraint", "add-index"},
    "renaming-column": {"rename-column"},
    "renaming-table": {"rename-table"},
    "require-concurrent-index-creation": {"add-index"},
    "require-concurrent-index-deletion": {"drop-index"},
}
# The limits are the connection's. That a column is filled, a validated check of another migration
# proves. A constraint that goes refuses nothing of the former release's, nor does one on what must
# be filled: only rows that the new one wrote can be empty.
NOT_ASKED = {
    "adding-not-nullable-field",
    "ban-drop-constraint",
    "ban-drop-not-null",
    "require-lock-timeout",
    "require-statement-timeout",
    "require-timeout-settings",
}
STYLE = "prefer-"
COLUMN = re.compile(r'\badd column "?(\w+)"?', re.IGNORECASE)
DEFAULT = re.compile(r'\balter column "?(\w+)"? drop default', re.IGNORECASE)


class Run(NamedTuple):
    """A migration and the SQL that it ran."""

    migration: Migration
    statements: list[str]


class Said(NamedTuple):
    """What squawk says of one statement."""

    rule: str
    statement: str
    message: str


def linted(found: Migrations, names: set[str], *, together: bool) -> list[Step]:
    """What squawk finds in the SQL of some migrations, and our own rules do not.

    Statements on tables that the migration makes count as harmless; with `together`, those that
    any of them makes. Raises Unasked where there is no squawk, or no server to try them on.
    """
    return [
        step
        for name, run in runs().items()
        if name in names
        for step in of_one(name, run, found, made_by(names if together else {name}, found))
    ]


def made_by(names: set[str], found: Migrations) -> set[str]:
    return {model.replace(".", "_") for name, model in found.made if name in names}


def of_one(name: str, run: Run, found: Migrations, new: set[str]) -> Iterator[Step]:
    ours = {step.rule for step in found.steps if step.migration == name}
    for said in asked(run.statements, atomic=run.migration.atomic):
        known = SAME.get(said.rule, set()) & ours
        if not known and not any(f'"{table}"' in said.statement for table in new):
            yield Step(
                migration=name,
                what=f"runs what squawk calls {said.rule}: {said.message}",
                rule="sql",
                harm=RULES["sql"].harm,
                operation=" ".join(said.statement.split())[:100],
                accepted=acceptances(run.migration).get("sql", ""),
            )


def asked(statements: list[str], *, atomic: bool) -> list[Said]:
    """What squawk says of statements, but for style and what it cannot know. Raises Unasked."""
    text = "\n".join(f"{statement.rstrip().rstrip(';')};" for statement in statements)
    mode = "--assume-in-transaction" if atomic else "--no-assume-in-transaction"
    command = [str(PROGRAM), "--reporter=json", f"--pg-version={OLDEST}", mode]
    try:
        done = subprocess.run(  # noqa: S603  (constant arguments)
            command, check=False, input=text, capture_output=True, text=True, timeout=60
        )
        findings = json.loads(done.stdout or "[]")
    except FileNotFoundError:
        raise Unasked("squawk is not installed here; `make check` brings it") from None
    except (ValueError, subprocess.TimeoutExpired):
        raise Unasked("squawk gave no answer") from None
    lines = text.splitlines()
    added = {each.lower() for each in COLUMN.findall(text)}
    return [
        Said(one["rule_name"], statement, one["message"])
        for one in findings
        if one["rule_name"] not in NOT_ASKED and not one["rule_name"].startswith(STYLE)
        if not seen_better(
            one["rule_name"],
            statement := "\n".join(lines[one["line"] : one["line_end"] + 1]),
            added,
        )
    ]


def seen_better(rule: str, statement: str, added: set[str]) -> bool:
    """Whether our rules know more: of a key on a new column, whose rows are all empty, and of a
    default that Django gave to the rows that stand, a moment ago, and takes back.
    """
    if rule == "adding-foreign-key-constraint":
        return COLUMN.search(statement) is not None
    dropped = DEFAULT.search(statement)
    return dropped is not None and dropped[1].lower() in added


@contextmanager
def heard() -> Iterator[list[str]]:
    """The statements that change tables, as they are sent, for as long as the block lasts."""
    statements: list[str] = []

    def listen(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not params and not str(sql).lstrip().upper().startswith("SELECT"):
            statements.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield statements


def runs() -> Mapping[str, Run]:
    """Each migration of all apps with the SQL that it runs, from the first on."""
    found: dict[str, Run] = {}
    with as_owner(), thrown_away(), heard() as statements:

        def progress(action: str, migration: Any = None, fake: bool = False) -> None:
            if action == "apply_start":
                statements.clear()
            elif action == "apply_success":
                name = f"{migration.app_label}.{migration.name}"
                found[name] = Run(migration, list(statements))

        executor = MigrationExecutor(connection, progress)  # type: ignore[arg-type]
        executor.migrate(executor.loader.graph.leaf_nodes())
    return found


@contextmanager
def thrown_away() -> Iterator[None]:
    """Use an empty database of the owner's until the block ends. Raises Unasked without one."""
    name, usual = f"slipway_sql_{secrets.token_hex(4)}", connection.settings_dict["NAME"]
    quoted = connection.ops.quote_name(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {quoted}")
    except Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise Unasked(f"no database could be made to run the migrations in: {reason}") from None
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted}")
