"""Exports as JSON lines."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0001_initial")]
    accepted = {"sql": "A wider varchar is a note in the catalogue: PostgreSQL rewrites no row."}

    operations = [
        migrations.AlterField(
            model_name="export",
            name="format",
            field=models.CharField(
                choices=[("csv", "CSV"), ("xlsx", "Excel"), ("jsonl", "JSON lines")],
                max_length=10,
            ),
        ),
    ]
