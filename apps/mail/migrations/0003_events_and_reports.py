"""A mail can name the event that it tells of, and have the states that providers report."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_held_back")]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="key",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(model_name="mail", name="reference", field=models.UUIDField(null=True)),
        migrations.AddField(
            model_name="mail", name="state_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="mail", name="delivered_at", field=models.DateTimeField(null=True)
        ),
        migrations.AlterField(
            model_name="mail",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("bounced", "Bounced"),
                    ("complained", "Called spam"),
                    ("failed", "Failed"),
                    ("withheld", "Held back"),
                    ("suppressed", "Not sent"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
    ]
