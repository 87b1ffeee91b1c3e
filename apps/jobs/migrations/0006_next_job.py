"""The indexes by which the next job is found, those of one state and those that ended; built while the table is in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import BigIntegerField, F, Q, Value
from django.db.models.functions import Coalesce

PARTY = Coalesce("tenant", Value(0), output_field=BigIntegerField())
INDEXES = [
    models.Index(
        F("lane"),
        PARTY,
        F("run_after"),
        F("id"),
        condition=Q(state="queued"),
        name="jobs_job_queued",
    ),
    models.Index(fields=["lease_until"], condition=Q(state="running"), name="jobs_job_running"),
    models.Index(
        PARTY,
        F("started_at").desc(),
        condition=Q(started_at__isnull=False),
        name="jobs_job_served",
    ),
    models.Index(fields=["tenant", "state", "-id"], name="jobs_job_state"),
    models.Index(
        fields=["finished_at"],
        condition=Q(finished_at__isnull=False),
        name="jobs_job_finished",
    ),
]


def built(index: models.Index) -> list[Operation]:
    """The steps that build an index, whatever a run that was broken off left."""
    leftover = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return [
        migrations.RunSQL(leftover, migrations.RunSQL.noop),
        AddIndexConcurrently("job", index),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0005_worker")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = '5min'", migrations.RunSQL.noop),
        *(step for index in INDEXES for step in built(index)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
