"""Which job a worker takes next: by lane, then fair between tenants, then the oldest.

Fair means: the tenant with the fewest running jobs, then the one that was served longest ago. What
belongs to no tenant stands in one queue, as if it were a tenant's. The statement looks at the head
of each tenant's queue, so its time grows with the tenants that wait and not with their jobs.
"""

from django.db import connection, transaction
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.models import Job
from apps.jobs.registry import Lane

BULK_CLAIMS = 7_042_001  # the first half of the advisory lock's key, ours alone

# The walk from one waiting tenant to the next is a loose index scan, which PostgreSQL does not plan
# by itself. The row is locked as late as here, one alone, so that two who claim never meet: the
# second one skips it. Each expression is written as in the index that it is to be found by.
CLAIM = """
WITH RECURSIVE waiting AS (
    (
        SELECT lane, COALESCE(tenant_id, 0) AS party FROM jobs_job
        WHERE state = 'queued' AND lane BETWEEN %(first)s AND %(last)s
        ORDER BY lane, COALESCE(tenant_id, 0) LIMIT 1
    )
    UNION ALL
    SELECT following.lane, following.party FROM waiting CROSS JOIN LATERAL (
        SELECT lane, COALESCE(tenant_id, 0) AS party FROM jobs_job
        WHERE state = 'queued' AND lane <= %(last)s
            AND (lane, COALESCE(tenant_id, 0)) > (waiting.lane, waiting.party)
        ORDER BY lane, COALESCE(tenant_id, 0) LIMIT 1
    ) AS following
),
running AS MATERIALIZED (
    SELECT COALESCE(tenant_id, 0) AS party, count(*) AS jobs,
        count(*) FILTER (WHERE lane = %(bulk)s AND worker = %(worker)s) AS bulk_here
    FROM jobs_job WHERE state = 'running' GROUP BY 1
),
ranked AS MATERIALIZED (
    SELECT waiting.lane, waiting.party
    FROM waiting
    LEFT JOIN running USING (party)
    CROSS JOIN LATERAL (
        SELECT run_after FROM jobs_job
        WHERE state = 'queued' AND lane = waiting.lane
            AND COALESCE(tenant_id, 0) = waiting.party AND run_after <= %(now)s
        ORDER BY run_after LIMIT 1
    ) AS head
    LEFT JOIN LATERAL (
        SELECT started_at FROM jobs_job
        WHERE COALESCE(tenant_id, 0) = waiting.party AND started_at IS NOT NULL
        ORDER BY started_at DESC LIMIT 1
    ) AS served ON true
    WHERE waiting.lane < %(bulk)s OR (
        (SELECT COALESCE(sum(bulk_here), 0) FROM running) < %(bulk_slots)s
        AND COALESCE(running.bulk_here, 0) < %(bulk_slots_of_a_tenant)s
    )
    ORDER BY waiting.lane, COALESCE(running.jobs, 0), served.started_at NULLS FIRST, head.run_after
),
chosen AS MATERIALIZED (
    SELECT free.id FROM ranked CROSS JOIN LATERAL (
        SELECT id FROM jobs_job
        WHERE state = 'queued' AND lane = ranked.lane
            AND COALESCE(tenant_id, 0) = ranked.party AND run_after <= %(now)s
            AND attempts < allowed_attempts
        ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS free
    LIMIT 1
)
UPDATE jobs_job SET state = 'running', attempts = attempts + 1, lease_until = %(lease_until)s,
    started_at = %(now)s, worker = %(worker)s, done = 0, total = NULL
FROM chosen WHERE jobs_job.id = chosen.id RETURNING jobs_job.id
"""


def claim_next() -> Job | None:
    """Take the fittest job that is due for one attempt; None if there is none for this worker.

    Bulk jobs come last and only into the slots that are theirs (apps/jobs/worker.py). Who claims
    one counts those that run, so a worker's processes do it one after the other.
    """
    pk = claimed(Lane.URGENT, Lane.ORDINARY)
    if pk is None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                lock = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
                cursor.execute(lock, [BULK_CLAIMS, worker.name()])
            pk = claimed(Lane.BULK, Lane.BULK)
    if pk is None:
        return None
    return Job.objects.select_related("tenant", "requested_by").get(pk=pk)


def claimed(first: Lane, last: Lane) -> int | None:
    """Take the fittest job of these lanes; return its primary key."""
    now = timezone.now()
    facts = {
        "first": first.value,
        "last": last.value,
        "bulk": Lane.BULK.value,
        "bulk_slots": worker.bulk_slots(),
        "bulk_slots_of_a_tenant": worker.bulk_slots_of_a_tenant(),
        "worker": worker.name(),
        "now": now,
        "lease_until": now + Job.LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, facts)
        row = cursor.fetchone()
    return row[0] if row else None
