import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0004_once_for_each_event"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=320)),
                ("topic", models.CharField(max_length=40)),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("user__isnull", False)),
                        fields=("user", "topic"),
                        name="mail_subscription_one_per_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("user", None)),
                        fields=("address", "topic"),
                        name="mail_subscription_one_per_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("user", None), models.Q(("address", ""), _negated=True)),
                            models.Q(("address", ""), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="mail_subscription_of_one_reader",
                    ),
                ],
            },
        ),
    ]
