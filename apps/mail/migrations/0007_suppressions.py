"""Addresses that get no mail, and how often a mail was put off."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0006_log_indexes")]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="put_off",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=320, unique=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounced", "Bounced"),
                            ("complained", "Called spam"),
                            ("refused", "No such mailbox"),
                            ("by_hand", "By hand"),
                        ],
                        max_length=10,
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("since", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "mail",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mail.mail",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        name="mail_suppression_of_somebody",
                    )
                ],
            },
        ),
    ]
