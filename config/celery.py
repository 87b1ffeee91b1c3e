"""The entry point of the worker and the scheduler."""

import os

from celery import Celery

from config.env import settings_module

os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
app = Celery("slipway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
