"""The entry point of the web process."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from config.env import settings_module

os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
django_application = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, but for a header on which it would break before any page could answer.

    A parameter in the notation of RFC 8187 (``a*=klingon''b``) is decoded before the first
    middleware runs. No browser's Content-Type has one; the body then counts as of no kind.
    """
    if "*" in environ.get("CONTENT_TYPE", ""):
        environ["CONTENT_TYPE"] = ""
    return django_application(environ, start_response)
