"""Runs manage.py of the folder it stands in, in processes that have the libraries loaded already.

With the argument `here`, launch_check's: settings, files and servers are asked once, before the
first request, and each request asks over the network alone, or asks of files too what `FILES` has.
The first of them, which has to come before any fault, keeps what the network told in the files that
it names.

Each request, a line of JSON, names arguments, variables, the files that take what is printed, and
what is to be done `before`, by functions of this module, each with its file; a process is forked
for it, which reads settings and the product's own modules anew, as one that was started from a
shell does. The answer, a line of JSON, is its exit code and how long it took.
"""

import json
import os
import pickle
import runpy
import signal
import sys
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

# None of these reads Django's settings as it is imported.
LIBRARIES = (
    *("allauth", "celery.app.base", "celery.app.task", "celery.schedules", "corsheaders.conf"),
    *("cryptography.x509", "detect_secrets", "dj_database_url", "django.conf.urls", "fido2.server"),
    *("django.core.mail", "django.core.management", "django.db.backends.postgresql.base"),
    *("django.db.migrations.loader", "django.http", "django.template", "django.test.client"),
    *("django.urls", "django_ratelimit.core", "dns.message", "dns.query", "dns.resolver"),
    *("dotenv", "gunicorn.glogging", "kombu.transport.redis", "psycopg", "redis", "requests"),
    *("sentry_sdk.integrations.celery", "sentry_sdk.integrations.django", "smtplib"),
    *("structlog", "urllib3", "yaml"),
)

# Who is asked for what stands in files that are no code; plan and baseline are read each time.
FILES = ("project", "handover", "health")


def become(request: dict[str, Any]) -> None:
    """Turn into a process that was started with these arguments, variables and outputs."""
    for number, path in ((1, request["out"]), (2, request["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ.clear()
    os.environ.update(request["variables"])
    sys.path.insert(0, os.getcwd())
    sys.argv = ["manage.py", *request["arguments"]]
    for name, file in request["before"]:
        BEFORE[name](Path(file))


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


def gathering() -> Any:
    """The module that gathers the facts, of the project in this folder."""
    import django

    sys.path.insert(0, os.getcwd())
    django.setup()
    return import_module("apps.launch.gathering")


def gather_here() -> None:
    """Ask all that is not asked over the network, now and for whoever runs launch_check later."""
    from django.db import connections

    module = gathering()
    remember_texts({})
    gathered = module.local(module.Request(), module.QUESTIONS).all()
    module.here = lambda request: gathered
    connections.close_all()


def remember_texts(found: dict[tuple[str, str], Any]) -> None:
    """Search no text for secrets twice: what it has rests on the text and its name alone."""
    scan = import_module("apps.launch.secrets.scan")
    search = scan.hits

    def hits(text: str, path: str) -> Any:
        if (text, path) not in found:
            found[text, path] = search(text, path)
        return found[text, path]

    hits.found = found  # type: ignore[attr-defined]
    scan.hits = hits


def ask_files(_: Path) -> None:
    """Have the next launch_check of this process ask the files again, and nobody else here."""
    module = gathering()
    gathered = module.here(None)

    def asked(request: Any) -> Any:
        known = {name: getattr(gathered, name) for name in module.QUESTIONS if name not in FILES}
        questions = {name: module.QUESTIONS[name] for name in FILES}
        facts = module.local(request, questions)
        vars(facts).update(known)
        return facts.all()

    module.here = asked


def keep_network(file: Path) -> None:
    """Have the next launch_check of this process keep what the network tells it."""
    module = gathering()
    ask = module.over_the_network

    def asked(facts: Any, request: Any) -> Any:
        told = ask(facts, request)
        file.write_bytes(
            pickle.dumps({name: getattr(told, name) for name in ("dns", "tls", "web")})
        )
        return told

    module.over_the_network = asked


def keep_pages(file: Path) -> None:
    """Have the next launch_check of this process keep certificates and pages, and who was asked."""
    module = gathering()
    ask = module.certificates_and_pages

    def asked(*about: Any) -> Any:
        told = ask(*about)
        file.write_bytes(pickle.dumps((who_is_asked(*about), told)))
        return told

    module.certificates_and_pages = asked


def know_pages(file: Path) -> None:
    """Have the next launch_check take them from there, unless it would ask otherwise."""
    module = gathering()
    ask = module.certificates_and_pages
    known, told = pickle.loads(file.read_bytes())  # written by keep_pages

    def asked(*about: Any) -> Any:
        return told if who_is_asked(*about) == known else ask(*about)

    module.certificates_and_pages = asked


def who_is_asked(target: Any, plan: Any, dns: Any, settings: Any) -> Any:
    """All that certificates and pages are asked by, but for settings, which are the process's."""
    network = import_module("apps.launch.gathering.network")
    names = network.names_of(target, plan)
    return repr(
        (target, names, network.addresses(names, dns), plan.site, plan.hosting, plan.redirects)
    )


def keep_texts(file: Path) -> None:
    """Keep what was found in each text."""
    scan = import_module("apps.launch.secrets.scan")
    file.write_bytes(pickle.dumps(scan.hits.found))


def know_texts(file: Path) -> None:
    """Have the next launch_check of this process search the other texts alone, and by itself."""
    module = gathering()
    remember_texts(pickle.loads(file.read_bytes()))  # written by keep_texts
    leaks = import_module("apps.launch.secrets.search").leaks
    module.searching = lambda root: nullcontext(partial(leaks, root))


def know_names(file: Path) -> None:
    """Have the next launch_check of this process take that for what name servers tell."""
    told = pickle.loads(file.read_bytes())["dns"]  # written by keep_network
    gathering().names = lambda *about: told


def know_network(file: Path) -> None:
    """Have the next launch_check of this process take that for what the network tells."""
    told = pickle.loads(file.read_bytes())  # written by keep_network
    gathering().over_the_network = lambda facts, request: replace(facts, **told)


BEFORE = {
    each.__name__: each
    for each in (
        *(keep_network, keep_pages, keep_texts),
        *(know_network, know_pages, know_texts, know_names, ask_files),
    )
}

if __name__ == "__main__":
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    if sys.argv[1:] == ["here"]:
        gather_here()
    say("ready")
    if serve():
        runpy.run_path("manage.py", run_name="__main__")
