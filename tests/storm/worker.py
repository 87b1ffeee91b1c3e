"""The product's Celery app in the storm, for `celery --app tests.storm.worker`."""

from tests.storm.product import celery_app

app = celery_app()
