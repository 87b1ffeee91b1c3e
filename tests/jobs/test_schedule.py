"""What the scheduler starts."""

from django.conf import settings

from config.celery import app


def test_everything_on_the_schedule_is_a_task_that_exists(db: None) -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"jobs.sweep", "transfers.purge"} <= scheduled <= set(app.tasks)
