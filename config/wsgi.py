"""The entry point of the web process."""

import gc
import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from apps.core.later import itself
from apps.core.surface import routes
from config.env import settings_module

os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
# Of what a start makes there is nothing to free; apps/core/apps.py says when all is in place.
gc.disable()
django_application = get_wsgi_application()
# All views, before gunicorn forks: its processes share them, and nobody's first page waits for one.
for route in routes():
    itself(route.view)
gc.freeze()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, but for a header on which it would break before any page could answer.

    A parameter in the notation of RFC 8187 (``a*=klingon''b``) is decoded before the first
    middleware runs. No browser's Content-Type has one; the body then counts as of no kind.
    """
    if "*" in environ.get("CONTENT_TYPE", ""):
        environ["CONTENT_TYPE"] = ""
    return django_application(environ, start_response)
