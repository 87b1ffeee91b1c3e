"""Imports are tried out, may update, can be undone, and columns' meanings are remembered."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_initial"),
        ("tenants", "0002_tenant_requires_mfa"),
        ("transfers", "0002_json_lines"),
    ]
    accepted = {
        "add-index": "The table has a row for each file that was uploaded: read in milliseconds.",
        "add-constraint": "The same: checking its rows takes milliseconds.",
    }

    operations = [
        migrations.AddField(
            model_name="import",
            name="is_all_or_nothing",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="import",
            name="mode",
            field=models.CharField(
                choices=[
                    ("create", "Add new ones; refuse those that are there already"),
                    ("update", "Add new ones; update those that are there already"),
                ],
                db_default="create",
                default="create",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="sheet",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="import",
            name="sheets",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="import",
            name="trial",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="as_trial",
                to="jobs.job",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="unchanged",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="import",
            name="undoing",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="as_undoing",
                to="jobs.job",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="undone",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="ColumnMemory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60)),
                ("meanings", models.JSONField(default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "kind"), name="transfers_memory_per_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportTrace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.BigIntegerField()),
                ("added", models.JSONField(default=list)),
                ("updated", models.JSONField(default=list)),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="traces",
                        to="transfers.import",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant", "made_at"], name="transfers_trace_age"),
                    models.Index(fields=["tenant", "upload"], name="transfers_trace_upload"),
                ],
            },
        ),
    ]
