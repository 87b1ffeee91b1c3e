"""Which ended jobs are deleted, when, and what goes or stays with them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import send_mail
from django.utils import timezone

from apps.jobs import retention
from apps.jobs.models import Job
from apps.jobs.tasks import purge
from apps.mail.models import Mail
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import tenant_scope
from tests.policy.samples import export


@pytest.fixture(autouse=True)
def kept(settings: Any) -> None:
    settings.JOBS_KEPT_DAYS, settings.DEAD_JOBS_KEPT_DAYS = 30, 180


def ended(state: str, days: int) -> Job:
    job = Job.ask("tests.any")
    Job.objects.filter(pk=job.pk).update(
        state=state, finished_at=timezone.now() - timedelta(days=days)
    )
    return job


def left() -> set[int]:
    return set(Job.objects.values_list("pk", flat=True))


def test_ended_jobs_go_after_their_days_and_dead_letters_later(db: None) -> None:
    kept = [ended("succeeded", 29), ended("dead", 31), ended("dead", 179)]
    for state in ("succeeded", "failed", "cancelled", "discarded"):
        ended(state, 31)
    ended("dead", 181)
    purge()
    assert left() == {job.pk for job in kept}


def test_what_waits_or_runs_stays_however_old_it_is(db: None) -> None:
    job = Job.ask("tests.any")
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=999))
    purge()
    assert left() == {job.pk}


def test_many_are_deleted_in_batches(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        ended("succeeded", 31)
    assert (retention.purge(), left()) == (5, set())


def test_an_exports_job_stays_with_the_export(acme: Tenant, settings: Any, tmp_path: Path) -> None:
    own = {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": own}
    by = acme.memberships.get(role=Role.OWNER).user
    with tenant_scope(acme):
        made = acme.exports.get(pk=export(acme, by))
    Job.objects.update(finished_at=timezone.now() - timedelta(days=999))
    ended("succeeded", 31)
    purge()
    assert left() == {made.job_id}


def test_a_mail_outlives_its_job(db: None) -> None:
    send_mail("Hello", "Text", None, ["ada@example.com"])
    mail = Mail.objects.get()
    Job.objects.update(state="succeeded", finished_at=timezone.now() - timedelta(days=31))
    purge()
    assert left() == set()
    mail.refresh_from_db()
    assert mail.job_id is None


def test_a_key_is_free_again_once_its_job_is_gone(db: None) -> None:
    first = Job.ask("tests.any", key="once")
    Job.objects.update(state="succeeded", finished_at=timezone.now() - timedelta(days=31))
    purge()
    assert Job.ask("tests.any", key="once").pk != first.pk
