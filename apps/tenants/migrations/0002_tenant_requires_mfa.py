"""A workspace can require a second factor of its members."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="requires_mfa",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
