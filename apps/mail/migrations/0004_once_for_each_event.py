"""One mail for each event and recipient, and one for each reference; both built beside the work."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

ONCE, REFERENCE = "mail_mail_once_for_each_event", "mail_mail_reference"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("mail", "0003_events_and_reports")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = '5min'", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {ONCE}", migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {ONCE} ON mail_mail"
                    " (COALESCE(tenant_id, 0), key, LOWER(\"to\")) WHERE key <> ''",
                    f"DROP INDEX CONCURRENTLY {ONCE}",
                ),
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {REFERENCE}", migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {REFERENCE} ON mail_mail (reference)",
                    f"DROP INDEX CONCURRENTLY {REFERENCE}",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="mail",
                    constraint=models.UniqueConstraint(
                        django.db.models.functions.comparison.Coalesce("tenant_id", 0),
                        models.F("key"),
                        django.db.models.functions.text.Lower("to"),
                        condition=models.Q(("key", ""), _negated=True),
                        name=ONCE,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="mail",
                    constraint=models.UniqueConstraint(fields=("reference",), name=REFERENCE),
                ),
            ],
        ),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
