"""Every task of ours works for one tenant, unless it visibly says that it works for none."""

from typing import Any

import pytest
from celery import Task
from django.conf import settings

from apps.core.celery import PlatformTask
from apps.tenants.celery import TenantTask, needs_tenant
from config.celery import app

# Celery runs Django's checks as it imports the tasks, and some of those ask the database.
pytestmark = pytest.mark.django_db


def tasks() -> dict[str, Any]:
    """The tasks of the project by name, without Celery's own."""
    app.loader.import_default_modules()
    of_ours = app.tasks.items()
    return {name: task for name, task in of_ours if not type(task).__module__.startswith("celery.")}


def test_every_task_carries_a_tenant_or_is_visibly_the_platforms() -> None:
    found = tasks()
    assert {"jobs.run", "jobs.sweep", "mail.settle", "transfers.purge"} <= set(found)
    neither = {n for n, task in found.items() if not isinstance(task, TenantTask | PlatformTask)}
    assert not neither, f"Make these with @shared_task or @platform_task: {neither}"


def test_what_the_scheduler_starts_is_the_platforms_since_it_works_for_no_tenant() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    wrong = {name for name in scheduled if needs_tenant(tasks()[name])}
    assert not wrong, f"Mark these @platform_task and let them ask for each tenant's work: {wrong}"


def test_a_plain_task_carries_a_tenant_and_one_of_another_make_is_found() -> None:
    plain = app.task(tasks, name="tests.plain", shared=False, lazy=False)
    other = app.task(tasks, name="tests.other", shared=False, lazy=False, base=Task)
    try:
        assert isinstance(plain, TenantTask)
        assert not isinstance(other, TenantTask | PlatformTask)
        assert "tests.other" in tasks()
    finally:
        app.tasks.unregister(plain)
        app.tasks.unregister(other)
