"""Development: what differs from production so that work on loopback, without TLS, is pleasant."""

from apps.core.logs import logging_config
from config.settings.production import *  # noqa: F403  (the base, whole)
from config.settings.production import ENV, RELEASE, STORAGES

DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

# Loopback has no TLS, and a browser keeps a __Host- cookie only with it.
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DEV_MAIL_DIR = ENV.DEV_MAIL_DIR
LOGGING = logging_config(level=ENV.LOG_LEVEL, pretty=True, release=RELEASE)
