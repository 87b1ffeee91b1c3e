"""Which worker took a job."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_unseen")]

    operations = [
        migrations.AddField(
            "job",
            "worker",
            models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
    ]
