"""Runs manage.py of the folder it stands in, in processes that have the libraries loaded already.

With the argument `gathered`, launch_check's: settings, files and servers are asked once, before
the first request, and each request asks over the network alone.

Each request, a line of JSON, names arguments, variables and the files that take what is printed; a
process is forked for it, which reads settings and the product's own modules anew, as one that was
started from a shell does. The answer, a line of JSON, is its exit code and how long it took.
"""

import json
import os
import runpy
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

# None of these reads Django's settings as it is imported.
LIBRARIES = (
    *("allauth", "celery.app.base", "celery.app.task", "celery.schedules", "corsheaders.conf"),
    *("cryptography.x509", "detect_secrets", "dj_database_url", "django.conf.urls"),
    *("django.core.mail", "django.core.management", "django.db.backends.postgresql.base"),
    *("django.db.migrations.loader", "django.http", "django.template", "django.test.client"),
    *("django.urls", "django_ratelimit.core", "dns.message", "dns.query", "dns.resolver"),
    *("dotenv", "gunicorn.glogging", "kombu.transport.redis", "psycopg", "redis"),
    *("sentry_sdk.integrations.celery", "sentry_sdk.integrations.django", "smtplib"),
    *("structlog", "urllib3", "yaml"),
)


def become(request: dict[str, Any]) -> None:
    """Turn into a process that was started with these arguments, variables and outputs."""
    for number, path in ((1, request["out"]), (2, request["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ.clear()
    os.environ.update(request["variables"])
    sys.path.insert(0, os.getcwd())
    sys.argv = ["manage.py", *request["arguments"]]


def say(line: str) -> None:
    """Write a line to whoever asks."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve() -> bool:
    """Answer requests until there are none; True in a process that has become one's own."""
    # By bytes and unbuffered, or else a child would hold a part of what is meant for its parent.
    while line := os.fdopen(0, "rb", buffering=0, closefd=False).readline():
        request = json.loads(line)
        began = time.monotonic()
        if not (child := os.fork()):
            become(request)
            return True
        signal.signal(signal.SIGTERM, lambda *_, child=child: os.kill(child, signal.SIGKILL))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        say(json.dumps({"code": code, "seconds": time.monotonic() - began}))
    return False


def gather_once() -> None:
    """Ask all that is not asked over the network, now and for whoever runs launch_check later."""
    import django
    from django.db import connections

    sys.path.insert(0, os.getcwd())
    django.setup()
    gathering = import_module("apps.launch.gathering")
    gathered = gathering.here(gathering.Request())
    gathering.here = lambda request: gathered
    connections.close_all()


if __name__ == "__main__":
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    if sys.argv[1:] == ["gathered"]:
        gather_once()
    say("ready")
    if serve():
        runpy.run_path("manage.py", run_name="__main__")
