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
from apps.launch.facts import Facts, Skipped
from apps.launch.facts.settings import Settings
from apps.launch.gathering import baseline
from apps.launch.gathering.asking import ask
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
from apps.launch.secrets.search import searching
from config.env import BASE_DIR
from config.product import PRODUCT

PLAN = BASE_DIR / "launch.toml"
OFFLINE = Skipped("needs --live and the address of the running product", needs="--live")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be asked: the plan's file, the running product, and who hears how far it is."""

    plan: Path = PLAN
    target: Target | None = None
    say: Callable[[str], None] = lambda words: None


def gather(request: Request = Request()) -> Facts:
    """Ask everybody; each answer takes seconds at most.

    Raises BadPlan for a launch plan that cannot be read, since then nothing can be judged.
    """
    return over_the_network(here(request), request)


def here(request: Request) -> Facts:
    """Ask settings, files and this product's own servers; the rest is Skipped. Raises BadPlan."""
    request.say("settings, files and database")
    plan = launch_plan(request.plan)
    in_force = Settings({name: getattr(settings, name) for name in dir(settings) if name.isupper()})
    # Whoever asks a database that hangs waits for seconds, so it is asked no second time.
    answer = ask("The database", database)
    # A search for secrets takes a second or more, in which the others are asked.
    with searching(BASE_DIR) as search:
        return Facts(
            now=timezone.now(),
            settings=in_force,
            product=PRODUCT,
            plan=plan,
            django=ask("Django's checks", messages),
            database=answer,
            worker_seen=ask("The cache", worker_seen),
            errors_reported=sentry_sdk.get_client().is_active(),
            sign_in_required=any(map(asks_for_sign_in, settings.MIDDLEWARE)),
            surface=ask("The routes", partial(surface, answer)),
            migrations=ask("The migrations", migrations),
            queue=ask("The queue", partial(queue, answer)),
            health=ask("The health checks", health),
            records=ask("The lists", partial(records, answer)),
            rehearsal=ask("The rehearsal", partial(rehearsal, answer)),
            handover=ask("The handover pack", partial(handover, plan)),
            logs=ask("A rehearsed request", logs),
            baseline=ask(baseline.FILE, partial(baseline.read, baseline.beside(request.plan))),
            dns=OFFLINE,
            tls=OFFLINE,
            web=OFFLINE,
            # The last, since it waits for the search.
            project=ask("The folder", partial(project, plan, settings.ENVIRONMENT, search)),
        )


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
