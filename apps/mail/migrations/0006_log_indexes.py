from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations, models
from django.db.models.functions import Upper

INDEXES = [
    models.Index(fields=["tenant", "state", "-id"], name="mail_mail_in_state"),
    models.Index(fields=["state", "-id"], name="mail_mail_everybodys"),
    GinIndex(OpClass(Upper("to"), name="gin_trgm_ops"), name="mail_mail_search"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("mail", "0005_subscriptions"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = '5min'", migrations.RunSQL.noop),
        # What a run that was broken off left behind.
        *(
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop
            )
            for index in INDEXES
        ),
        *(AddIndexConcurrently("mail", index) for index in INDEXES),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
