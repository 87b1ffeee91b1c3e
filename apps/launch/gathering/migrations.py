"""Reads the migrations' files and finds what would hurt a product that runs meanwhile."""

import inspect
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db.migrations import operations as ops
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState

from apps.launch.facts.migrations import RULES, Migrations, Step
from apps.launch.gathering.operations import Judged, judged, subject, together
from config.env import BASE_DIR

REASON = 3  # words that a reason has at least
# Found by comparing with another commit, and by squawk.
ASKED_APART = {"edited", "sql"}


def migrations() -> Migrations:
    """What the migrations of the project's own apps would do; no database is asked."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    conflicts = tuple(sorted(loader.detect_conflicts()))
    ours = {one.label for one in apps.get_app_configs() if one.name.startswith("apps.")}
    own = {
        f"{app}.{name}": migration
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in ours
    }
    return Migrations(
        steps=tuple(
            step
            for migration in own.values()
            for step in harmful(migration, state_before(migration, loader))
        ),
        conflicts=conflicts,
        unmade=() if conflicts else tuple(unmade(loader)),
        made=tuple((name, model) for name, one in own.items() for model in makes(one)),
        files=tuple((name, file_of(one)) for name, one in own.items()),
        edits=tuple((name, acceptances(one).get("edited", "")) for name, one in own.items()),
    )


def file_of(migration: Migration) -> str:
    """Where a migration stands, as seen from the project's folder."""
    return os.path.relpath(inspect.getfile(type(migration)), BASE_DIR)


def unmade(loader: MigrationLoader) -> Iterator[str]:
    """What `makemigrations` would make, as app.name; it asks nobody and writes nothing."""
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), MigrationQuestioner()
    )
    for app, made in sorted(detector.changes(graph=loader.graph).items()):
        yield from (f"{app}.{one.name}" for one in made)


def state_before(migration: Migration, loader: MigrationLoader) -> ProjectState:
    """The models as the migration finds them."""
    key = (migration.app_label, migration.name)
    return loader.graph.make_state(nodes=key, at_end=False, real_apps=loader.unmigrated_apps)


def makes(migration: Migration) -> Iterator[str]:
    """The models, as app.model, whose tables a migration makes."""
    for operation in migration.operations:
        for each in getattr(operation, "database_operations", [operation]):
            if isinstance(each, ops.CreateModel):
                yield f"{migration.app_label}.{each.name_lower}"


def harmful(migration: Migration, before: ProjectState) -> Iterator[Step]:
    """The operations of one migration that hurt, but for those on tables that it makes itself.

    Each carries the reason that the migration gives for it: `accepted`, by the rule's name. What
    that accepts for nothing, or without a reason, counts as harm of its own.
    """
    name = f"{migration.app_label}.{migration.name}"
    accepted = acceptances(migration)
    done: set[str] = set()
    for step in steps(migration, before):
        done.add(step.rule)
        yield replace(step, migration=name, accepted=accepted.get(step.rule, ""))
    for what in unsound(accepted, done):
        yield Step(
            migration=name,
            what=what,
            rule="acceptance",
            harm=RULES["acceptance"].harm,
            operation="accepted",
        )


def acceptances(migration: Migration) -> Mapping[str, str]:
    """What a migration accepts of itself: reasons, by the names of rules."""
    accepted: Mapping[str, str] = getattr(migration, "accepted", {})
    return accepted


def unsound(accepted: Mapping[str, str], done: set[str]) -> Iterator[str]:
    """What is wrong with what a migration accepts; some shows only where more is asked."""
    for rule, reason in accepted.items():
        if rule not in RULES:
            yield f"accepts {rule}, which is no rule"
        elif rule not in done | ASKED_APART:
            yield f"accepts {rule}, which it does not do"
        if len(str(reason).split()) < REASON:
            yield f"accepts {rule} without a reason"


def steps(migration: Migration, before: ProjectState) -> Iterator[Step]:
    """The harmful operations, with the place of each in the file."""
    new: set[str] = set()
    app = migration.app_label
    for number, operation in enumerate(migration.operations):
        place = f"operations[{number}] {type(operation).__name__}"
        for each, state in carried_out(operation, app, before):
            model = subject(each)
            if isinstance(each, ops.CreateModel):
                new.add(model)
            elif model not in new:
                yield from told(judged(each, app, state), place, app, model)
        operation.state_forwards(app, before)
    yield from told(together(migration, new), "operations", app, "")


def carried_out(
    operation: Any, app: str, before: ProjectState
) -> Iterator[tuple[Any, ProjectState]]:
    """What an operation does to the database, in pieces, and the models that each piece finds."""
    if not isinstance(operation, ops.SeparateDatabaseAndState):
        yield operation, before
        return
    state = before.clone()
    for each in operation.database_operations:
        yield from carried_out(each, app, state)
        each.state_forwards(app, state)


def told(found: Judged, place: str, app: str, model: str) -> Iterator[Step]:
    for rule, what in found:
        yield Step(
            migration="",
            what=what,
            rule=rule,
            harm=RULES[rule].harm,
            operation=place,
            model=f"{app}.{model}" if model else "",
        )
