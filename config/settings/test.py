"""The suite's settings: production's, with static files read from their sources."""

from config.settings.production import *  # noqa: F403  (the base, whole)
from config.settings.production import STORAGES

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Each test process has a queue and cache entries of its own (see tests/conftest.py).
