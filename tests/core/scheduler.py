"""The product's Celery app with something to send soon, for `celery --app tests.core.scheduler`."""

from tests.core.worker import app, speak

__all__ = ["app"]

app.add_periodic_task(0.1, speak.s("canary-task"), name="speak")
