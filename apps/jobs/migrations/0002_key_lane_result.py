"""What a job is told apart by, how urgent it is, what it leaves, and an end that is a dead letter."""

from django.db import migrations, models

STATES = [
    ("queued", "Waiting"),
    ("running", "Running"),
    ("succeeded", "Done"),
    ("failed", "Failed"),
    ("dead", "Given up"),
    ("cancelled", "Cancelled"),
    ("discarded", "Discarded"),
]


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddField(
            "job",
            "key",
            models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField("job", "lane", models.SmallIntegerField(db_default=1, default=1)),
        migrations.AddField(
            "job",
            "result",
            models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField("job", "seen_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "job",
            "state",
            models.CharField(choices=STATES, default="queued", max_length=10),
        ),
    ]
