"""What claiming the next job costs, with few and with very many jobs that wait."""

import statistics
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.core.owner import as_owner
from apps.jobs.claiming import claim_next
from apps.jobs.models import Job
from apps.tenants.models import Tenant

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
FEW, MANY = 100, 100_000
CLAIMS = 60


def fill(tenant: Tenant, count: int) -> None:
    """Have that many jobs of the tenant wait."""
    due = timezone.now() - timedelta(hours=1)
    jobs = (Job(kind="tests.any", tenant=tenant, run_after=due) for _ in range(count))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM jobs_job")
    Job.objects.bulk_create(jobs, batch_size=5000)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_job")


def claim() -> float:
    """How long one claim takes, in seconds; it is taken back."""
    with transaction.atomic():
        begun = time.perf_counter()
        assert claim_next()
        took = time.perf_counter() - begun
        transaction.set_rollback(True)
    return took


def test_claims(acme: Tenant, globex: Tenant) -> None:
    took = {}
    for count in (FEW, MANY):
        fill(acme, count)
        (theirs,) = Job.objects.bulk_create([Job(kind="tests.any", tenant=globex)])
        with transaction.atomic():
            claimed = [claim_next(), claim_next()]
            assert theirs.pk in {job.pk for job in claimed if job}
            transaction.set_rollback(True)
        times = sorted(claim() for _ in range(CLAIMS))
        took[count] = times[0]
        middle = statistics.median(times)
        print(
            f"\n{count:,} waiting: fastest {times[0] * 1000:.2f} ms, median {middle * 1000:.2f} ms"
        )
    ratio = took[MANY] / took[FEW]
    print(f"ratio: {ratio:.2f}")
    assert ratio < 2
