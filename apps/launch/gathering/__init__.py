"""Gathers the facts: asks settings, files, database and cache; probes/ ask the network."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import sentry_sdk
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.cache import redis_alone
from apps.core.health import HEARTBEAT
from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.facts.project import Project
from apps.launch.facts.settings import Settings
from apps.launch.gathering import baseline
from apps.launch.gathering.as_read import AsRead, Questions
from apps.launch.gathering.asking import ask
from apps.launch.gathering.backups import backups
from apps.launch.gathering.database import database
from apps.launch.gathering.django import messages
from apps.launch.gathering.handover import handover
from apps.launch.gathering.health import health
from apps.launch.gathering.logs import logs
from apps.launch.gathering.migrations import migrations
from apps.launch.gathering.names import names
from apps.launch.gathering.network import certificates_and_pages
from apps.launch.gathering.project import project
from apps.launch.gathering.queue import queue
from apps.launch.gathering.records import records
from apps.launch.gathering.rehearsal import rehearsal
from apps.launch.gathering.surface import surface
from apps.launch.plan import Plan
from apps.launch.plan_file import read
from apps.launch.probes.target import Target
from apps.launch.secrets.search import Search, searching
from config.env import BASE_DIR
from config.product import PRODUCT

PLAN = BASE_DIR / "launch.toml"
OFFLINE = Skipped("needs --live and the address of the running product", needs="--live")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be asked: the plan's file, the running product, and who hears how far it is.

    `expected` is the environment that it is to be. With `as_read`, a fact is asked for when
    somebody first reads it, which spares those who judge a part all that the others rest on.
    """

    plan: Path = PLAN
    target: Target | None = None
    expected: str = "production"
    say: Callable[[str], None] = lambda words: None
    as_read: bool = False


def gather(request: Request = Request()) -> Facts:
    """Ask everybody; each answer takes seconds at most.

    Raises BadPlan for a launch plan that cannot be read, since then nothing can be judged.
    """
    if request.as_read:
        request.say("what the checks read")
        return local(request, {**QUESTIONS, **(beyond(request.target) if request.target else {})})
    return over_the_network(here(request), request)


def here(request: Request) -> Facts:
    """Ask settings, files and this product's own servers; the rest is Skipped. Raises BadPlan."""
    request.say("settings, files and database")
    # A search for secrets takes a second or more, in which the others are asked.
    with searching(BASE_DIR) as search:
        questions: Questions = {**QUESTIONS, "project": partial(folder, search=search)}
        return local(request, questions).all()


def local(request: Request, questions: Questions) -> AsRead:
    """The facts that there are questions for, none of them asked for yet. Raises BadPlan.

    What only the network could tell and nobody asks is Skipped.
    """
    return AsRead(
        questions,
        now=timezone.now(),
        expected=request.expected,
        settings=Settings(
            {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
        ),
        product=PRODUCT,
        plan=launch_plan(request.plan),
        errors_reported=sentry_sdk.get_client().is_active(),
        sign_in_required=any(map(asks_for_sign_in, settings.MIDDLEWARE)),
        baseline=ask(baseline.FILE, partial(baseline.read, baseline.beside(request.plan))),
        **{name: OFFLINE for name in ("dns", "tls", "web") if name not in questions},
    )


def folder(facts: Facts, search: Search | None = None) -> Project | Unasked:
    """What stands in the project's folder, and the secrets that a `search` finds in it."""
    return ask("The folder", partial(project, facts.plan, settings.ENVIRONMENT, search))


# Whoever asks a database that hangs waits for seconds, so it is asked once and its answer given on.
QUESTIONS: Questions = {
    "django": lambda facts: ask("Django's checks", messages),
    "database": lambda facts: ask("The database", database),
    "worker_seen": lambda facts: ask("The cache", worker_seen),
    "surface": lambda facts: ask("The routes", partial(surface, facts.database)),
    "migrations": lambda facts: ask("The migrations", migrations),
    "queue": lambda facts: ask("The queue", partial(queue, facts.database)),
    "health": lambda facts: ask("The health checks", health),
    "records": lambda facts: ask("The lists", partial(records, facts.database)),
    "rehearsal": lambda facts: ask("The rehearsal", partial(rehearsal, facts.database)),
    "handover": lambda facts: ask("The handover pack", partial(handover, facts.plan)),
    "logs": lambda facts: ask("A rehearsed request", logs),
    "backups": lambda facts: ask("The store of backups", backups),
    "project": folder,
}


def beyond(target: Target) -> Questions:
    """What name servers and the running product are asked; certificates and pages at once."""
    return {
        "dns": lambda facts: names(target, facts.plan, facts.settings),
        "shown": lambda facts: certificates_and_pages(
            target, facts.plan, facts.dns, facts.settings
        ),
        "tls": lambda facts: facts.shown[0],
        "web": lambda facts: facts.shown[1],
    }


def over_the_network(facts: Facts, request: Request) -> Facts:
    """Ask name servers and the running product too, if there is a target."""
    if not request.target:
        return facts
    request.say("name servers")
    dns = names(request.target, facts.plan, facts.settings)
    request.say("certificates and pages")
    tls, web = certificates_and_pages(request.target, facts.plan, dns, facts.settings)
    return replace(facts, dns=dns, tls=tls, web=web)


def asks_for_sign_in(path: str) -> bool:
    """Whether a middleware is Django's that asks for a sign-in, or made of it."""
    return issubclass(import_string(path), LoginRequiredMiddleware)


def launch_plan(path: Path) -> Plan | Skipped:
    """The launch plan, or Skipped where there is no such file. Raises BadPlan."""
    try:
        return read(path)
    except FileNotFoundError:
        words = f"needs the launch plan, {path.name}: python manage.py launch_init"
        return Skipped(words, needs="launch_init")


def worker_seen() -> float | None:
    """How many seconds ago a worker last showed itself, or None if none did in a day."""
    beaten: float | None = redis_alone().get(HEARTBEAT)
    return None if beaten is None else max(0.0, time.time() - beaten)
