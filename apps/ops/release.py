"""The release phase: makes tables and static files ready for this code, once, however often run."""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from django.apps import apps as django_apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from psycopg import errors

from apps.ops.release_lock import Busy, first_line, lone_release

TRIES = 5
# A table's lock that was not to be had, and two that waited for each other: both pass.
IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)

log = structlog.get_logger("slipway.release")


class Stopped(Exception):
    """The release phase failed; the message says where, why, and the way on."""


@dataclass
class Released:
    """What a release found and did. `unknown` are applied migrations that this code has not."""

    outcome: str = "released"  # or "nothing to do", or "behind": the database is of a newer release
    applied: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    tries: int = 1
    waited: float = 0.0
    static_files: str = "not needed"


def release(out: OutputWrapper) -> Released:
    """Migrate and collect static files for this code; `out` gets what the two have to say.

    Older code than the database changes nothing: a rollback on Heroku runs the release phase of
    the code that it goes back to. Raises Busy, Unsuitable or Stopped.
    """
    done = Released()
    with lone_release() as done.waited:
        open_ones, done.unknown = compare()
        if done.unknown and not open_ones:
            done.outcome = "behind"
        else:
            done.outcome = "released" if open_ones else "nothing to do"
            migrate(done, out)
            done.applied = [name_of(one) for one in open_ones]
    if done.outcome != "behind":
        check_walls()
    done.waited = round(done.waited, 2)
    done.static_files = collect_static(out)
    log.info("release.done", outcome=done.outcome, applied=done.applied, tries=done.tries)
    return done


def compare() -> tuple[list[Migration], list[str]]:
    """Which migrations wait to be applied, in order, and which are applied and not in this code."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    ours = executor.loader.disk_migrations
    known = {*ours, *(replaced for one in ours.values() for replaced in one.replaces)}
    unknown = sorted(set(executor.loader.applied_migrations) - known)
    return [one for one, _ in plan], [f"{app}.{name}" for app, name in unknown]


def name_of(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"


def migrate(done: Released, out: OutputWrapper) -> None:
    """Run `migrate`; after a lock that was not to be had, again, up to five times in all.

    `lock_timeout` is what makes a migration step aside for the requests that queue up behind it, so
    running into it is no failure. Raises Busy when each try did, and Stopped for all else.
    """
    for done.tries in range(1, TRIES + 1):
        try:
            # Its own check would ask as the owner: check_walls() does, as the runtime role.
            call_command("migrate", interactive=False, skip_checks=True, stdout=out)
            return
        except Exception as failure:  # a migration is anybody's code, and may raise anything
            stop_unless_in_the_way(failure)
            log.warning("release.lock_timeout", tries=done.tries, reason=first_line(failure))
            out.write(f"A table stayed locked (try {done.tries} of {TRIES}).\n")
        if done.tries < TRIES:
            # Longer each time, and never at the same rhythm as what holds the lock.
            time.sleep(random.uniform(0.5, 1.0) * done.tries)  # noqa: S311  (a pause is no secret)
    raise Busy(
        f"A table stayed locked: {TRIES} tries of {settings.RELEASE_LOCK_TIMEOUT} s each "
        f"(RELEASE_LOCK_TIMEOUT). {left_over()} See in pg_stat_activity who holds the lock, then "
        "run this again."
    )


def stop_unless_in_the_way(failure: Exception) -> None:
    """Return if trying again is right. Raises Stopped, with the way on, if not."""
    try:
        failed = next(iter(compare()[0]), None)
    except Exception:  # the connection is gone, or history is inconsistent: the failure says it
        raise Stopped(f"Migrating failed: {first_line(failure)}") from failure
    # Without one that is open, it was the walls: each statement of theirs can be said again.
    undone = failed is None or failed.atomic
    in_the_way = isinstance(failure, OperationalError) and isinstance(failure.__cause__, IN_THE_WAY)
    if in_the_way and undone:
        return
    what = name_of(failed) if failed else "Raising the walls"
    stands = (
        "The database has undone what it began."
        if undone
        else "It is not atomic, so parts of it may stand, such as an index that is INVALID: look, "
        "and put them away."
    )
    raise Stopped(
        f"{what} failed: {first_line(failure)}. {stands} What was applied before it stays. "
        "The code that runs now goes on. Mend it and deploy again."
    ) from failure


def left_over() -> str:
    open_ones, _ = compare()
    return f"Not applied: {', '.join(name_of(one) for one in open_ones) or 'none'}."


def check_walls() -> None:
    """Raise Stopped unless the walls between tenants stand for the role that the product has."""
    wrong = [
        one
        for one in run_checks(tags=[Tags.database], databases=["default"])
        if one.is_serious() and not one.is_silenced()
    ]
    if wrong:
        raise Stopped("The database is not safe to run on: " + " ".join(str(one) for one in wrong))


def collect_static(out: OutputWrapper) -> str:
    """Collect static files unless those of this code are there: platforms do so as they build."""
    storage: Any = staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        return "not needed"
    if is_collected(storage):
        return "there"
    try:
        call_command("collectstatic", interactive=False, verbosity=0, stdout=out)
    except (OSError, ValueError, CommandError) as failure:
        raise Stopped(
            f"Static files cannot be collected into {settings.STATIC_ROOT}: {first_line(failure)}"
        ) from failure
    return "collected"


def is_collected(storage: Any) -> bool:
    """Whether the manifest names every file of this code, and none has changed since."""
    manifest = Path(settings.STATIC_ROOT) / storage.manifest_name
    if not manifest.exists():
        return False
    collected, names = manifest.stat().st_mtime, storage.load_manifest()[0]
    ignored: Any = django_apps.get_app_config("staticfiles")
    return all(
        named(source, path) in names and Path(source.path(path)).stat().st_mtime <= collected
        for finder in get_finders()
        for path, source in finder.list(ignored.ignore_patterns)
    )


def named(source: Any, path: str) -> str:
    """Under which name a file is collected: some folders are declared with a prefix."""
    prefix = getattr(source, "prefix", "")
    return f"{prefix}/{path}" if prefix else path
