"""The project's configuration; importing it makes the Celery app known, so tasks bind to it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
