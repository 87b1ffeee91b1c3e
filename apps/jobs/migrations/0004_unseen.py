"""What somebody has yet to see of their jobs is found at once; built while the table is in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

UNSEEN = models.Index(
    fields=["requested_by", "-id"],
    condition=Q(seen_at=None, requested_by__isnull=False),
    name="jobs_job_unseen",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0003_one_job_per_key")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = '5min'", migrations.RunSQL.noop),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS jobs_job_unseen", migrations.RunSQL.noop
        ),
        AddIndexConcurrently("job", UNSEEN),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
