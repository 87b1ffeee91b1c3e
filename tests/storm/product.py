"""The product as the storm hits it: with jobs, routes and a measure of the storm's own.

Its settings are the suite's, changed before anybody reads them, since processes start under the
product's four settings modules alone.
"""

from typing import Any


def change_settings() -> None:
    """Add what the storm needs to config.settings.test, in this process."""
    from config.settings import test as settings

    settings.INSTALLED_APPS = ["tests.storm", *settings.INSTALLED_APPS]
    settings.ROOT_URLCONF = "tests.storm.urls"
    settings.MIDDLEWARE = ["tests.storm.measuring.BrokerTimeMiddleware", *settings.MIDDLEWARE]
    schedule = settings.CELERY_BEAT_SCHEDULE
    schedule["sweep jobs"]["schedule"] = 1.0
    schedule["settle mail"]["schedule"] = 2.0


def celery_app() -> Any:
    """What `celery --app tests.storm.worker` runs."""
    change_settings()
    from config.celery import app

    return app


def wsgi_application() -> Any:
    """What `gunicorn tests.storm.wsgi` serves."""
    change_settings()
    from config.wsgi import application

    return application
