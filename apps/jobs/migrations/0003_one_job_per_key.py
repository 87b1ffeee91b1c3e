"""One job for each key, in a tenant and outside of all; built while the table is in use."""

from django.db import migrations, models
from django.db.models import Q


def built(name: str, columns: str, condition: str) -> list[migrations.RunSQL]:
    """The steps that build a partial unique index, whatever a run that was broken off left."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON jobs_job ({columns}) WHERE {condition}",
            f"DROP INDEX CONCURRENTLY {name}",
        ),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0002_key_lane_result")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = '5min'", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                *built(
                    "jobs_job_key_in_tenant",
                    "tenant_id, kind, key",
                    "key <> '' AND tenant_id IS NOT NULL",
                ),
                *built("jobs_job_key_of_none", "kind, key", "key <> '' AND tenant_id IS NULL"),
            ],
            state_operations=[
                migrations.AddConstraint(
                    "job",
                    models.UniqueConstraint(
                        fields=["tenant", "kind", "key"],
                        condition=~Q(key="") & Q(tenant__isnull=False),
                        name="jobs_job_key_in_tenant",
                    ),
                ),
                migrations.AddConstraint(
                    "job",
                    models.UniqueConstraint(
                        fields=["kind", "key"],
                        condition=~Q(key="") & Q(tenant__isnull=True),
                        name="jobs_job_key_of_none",
                    ),
                ),
            ],
        ),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
