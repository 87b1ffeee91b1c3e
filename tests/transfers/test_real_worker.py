"""Import and export through the worker process that production runs."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from apps.jobs.models import Job
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.transfers.conftest import ask_for_export, body, draft_of, start, table
from tests.world.waiting import wait_until
from tests.world.worker import Worker

ROWS = 3000


@pytest.mark.django_db(transaction=True)
def test_a_list_is_imported_and_exported_by_a_worker_process(
    acme: Tenant, as_role: Callable[[Role], Browser], worker: Worker
) -> None:
    owner = as_role(Role.OWNER)
    lines = ["name,email", *(f"Client {n},client{n}@example.com" for n in range(ROWS))]
    file = "\n".join(lines) + "\n"
    draft = draft_of(owner, acme, file)
    start(owner, draft)
    with transaction.atomic():
        job = acme.imports.get().job
    wait_for(job, worker)
    with transaction.atomic():
        assert acme.clients.count() == ROWS

    export = ask_for_export(owner, acme)
    wait_for(export.job, worker)
    page = owner.get(export.get_absolute_url()).content.decode()
    assert "3,000 clients" in page
    with transaction.atomic():
        export.refresh_from_db()
    exported = table(body(owner.get(export.link_for(acme.memberships.get(role="owner").user))))
    assert [f"{row['name']},{row['email']}" for row in exported] == lines[1:]
    said = "".join(worker.lines)
    done = [line for line in worker.lines if '"event": "job.succeeded"' in line]
    assert sum('"kind": "transfers.' in line for line in done) == 2
    assert f'"job": {export.job_id}' in said
    assert f'"request_id": "{export.job.request_id}"' in said
    wait_until(lambda: others() == 0, "The waiting worker holds connections to the database")


def others() -> int:
    """How many other sessions are in the test's database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        count: int = cursor.fetchone()[0]
    return count


def wait_for(job: Job, worker: Worker) -> None:
    ended = Job.objects.filter(pk=job.pk).exclude(state__in=["queued", "running"])
    wait_until(ended.exists, f"{job} did not end")
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, (job.error, job.traceback, worker.lines)
