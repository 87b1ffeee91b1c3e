"""``manage.py launch_baseline``: what the journeys cost, measured against the running product."""

import os
import re
import secrets
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path
from textwrap import fill
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.launch.arguments import USAGE, BadCall, add_plan, add_way, plan_file, target_of
from apps.launch.facts.baseline import Baseline, Journey, Measurement
from apps.launch.facts.unasked import Unasked
from apps.launch.formats.baseline import text
from apps.launch.formats.text import WIDTH, plain
from apps.launch.gathering.baseline import as_text, beside, read, store
from apps.launch.harmless import harmless
from apps.launch.journeys import JOURNEYS
from apps.launch.measuring import Amount, NotLetIn, enter, leave, measure, release
from apps.launch.plan import Budgets
from apps.launch.plan_file import BadPlan
from apps.launch.plan_file import read as read_plan
from apps.launch.probes.target import BadTarget, Target
from apps.launch.probes.walker import Walker, addresses_of
from apps.launch.progress import progress
from config.env import baseline_password, no_color

WENT_WRONG, UNMEASURED, INTERRUPTED = 1, 3, 130
VARIABLE = "SLIPWAY_BASELINE_PASSWORD"
SLUG = re.compile(r"[a-z0-9_-]+", re.IGNORECASE)
ENDING = """
  Stored in {file}, beside the plan: commit it. It is judged by
    python manage.py launch_check --only LC-PERF"""
INDENT: Any = {"initial_indent": "  ", "subsequent_indent": "  "}
STAYS = (
    "What it made bears the mark {mark}. {records} Lines of the activity log stay, and so do the "
    "exports and imports, whose files the product deletes after seven days."
)
DELETED = "The records are deleted."
NOT_DELETED = "Records stay: {reason}."


class Command(BaseCommand):
    """Walk the journeys as people do. It writes made-up records into the workspace."""

    help = (
        "Measure what the journeys cost in the running product, and store it beside the plan. "
        f"The password is asked for, or taken from {VARIABLE}."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--live", required=True, metavar="URL", help="where the running product is")
        add("--email", required=True, metavar="E", help="who signs in: an admin without two-step")
        add("--workspace", required=True, metavar="SLUG", help="where: a workspace for such tests")
        add(
            "--concurrency", type=whole(1, 200), metavar="N", help="people at once; else the plan's"
        )
        add(
            "--samples", type=whole(1, 1000), default=40, metavar="N", help="walks of a journey: 40"
        )
        add("--seconds", type=whole(1, 600), default=30, metavar="N", help="at most for each: 30")
        add_plan(parser)
        add_way(parser)
        add("--dry-run", action="store_true", help="sign in, say what would be done, and stop")
        add("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self.run(options)
        except (BadTarget, BadPlan, BadCall) as error:
            raise CommandError(str(error), returncode=USAGE) from None
        except (NotLetIn, Unasked) as error:
            said = f"{harmless(str(error))}\nNothing is stored."
            raise CommandError(said, returncode=UNMEASURED) from None
        except KeyboardInterrupt as error:
            left = f" Records that bear the mark {error} may be left." if error.args else ""
            said = f"Interrupted. Nothing is stored.{left}"
            raise CommandError(said, returncode=INTERRUPTED) from None
        if code:
            sys.exit(code)

    def run(self, options: dict[str, Any]) -> int:
        """Measure, store and tell; return the exit."""
        target, (path, budgets) = target_of(options), plan_of(options)
        may_be_stored(path)
        words = {
            "slug": slug(options["workspace"]),
            "email": options["email"],
            "password": baseline_password() or asked(options["email"]),
            "mark": f"baseline-{secrets.token_hex(6)}",
        }
        crew = Crew(target, words)
        size = options["concurrency"] or budgets.concurrency
        amount = Amount(samples=options["samples"], seconds=options["seconds"])
        named = release(crew.host)
        enter(crew.host)
        if options["dry_run"]:
            leave(crew.host, [])
            self.stdout.write(intent(named, size, amount))
            return 0
        costs, reason = self.measured(crew, size, amount)
        now = Measurement(
            measured_at=timezone.now(), release=named, concurrency=size, journeys=costs
        )
        baseline = kept(path, now)
        if options["json"]:
            self.stdout.write(as_text(now))
        else:
            records = NOT_DELETED.format(reason=reason) if reason else DELETED
            self.stdout.write(text(baseline, budgets, plain if no_color() else self.paint))
            self.stdout.write(ENDING.format(file=path.name))
            left = STAYS.format(mark=words["mark"], records=records)
            self.stdout.write(f"\n{fill(left, WIDTH, **INDENT)}")
        return WENT_WRONG if any(one.errors or not one.samples for one in costs.values()) else 0

    def measured(self, crew: "Crew", size: int, amount: Amount) -> tuple[dict[str, Journey], str]:
        """What the journeys cost, and why made-up records stay, or ""."""
        crowd = crew.crowd(size)
        with progress(self.stderr, WIDTH) as say:
            try:
                costs = measure(crowd, amount, say)
                say("deleting what was made")
                return costs, leave(crew.host, crowd)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(crew.words["mark"]) from None

    def paint(self, words: str, style: str) -> str:
        """Colour on a terminal, as Django's commands do."""
        return (self.style.ERROR if style == "bad" else self.style.WARNING)(words)


class Crew:
    """Whoever walks: the host, who signs in and cleans up, and a crowd that comes with them."""

    def __init__(self, target: Target, words: Mapping[str, str]) -> None:
        """Find the way there. Raises Unasked."""
        self.target, self.words = target, words
        self.addresses, self.stop = addresses_of(target), Event()
        self.host = self.walker()

    def walker(self) -> Walker:
        return Walker(self.target, self.addresses, self.words, self.stop)

    def crowd(self, size: int) -> list[Walker]:
        """Walkers with browsers of their own, signed in as the host is."""
        crowd = [self.walker() for _ in range(size)]
        for each in crowd:
            each.session = dict(self.host.session)
        return crowd


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make what takes a number between the two."""

    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise ArgumentTypeError(f"takes a number from {least} to {most}")
        return int(text)

    return number


def plan_of(options: dict[str, Any]) -> tuple[Path, Budgets]:
    """Where the baseline lies, and the plan's budgets. Raises BadCall and BadPlan."""
    path = plan_file(options)
    try:
        return beside(path), read_plan(path).budgets
    except FileNotFoundError:
        return beside(path), Budgets()


def may_be_stored(path: Path) -> None:
    """See that the result can be stored, before anything is measured. Raises BadCall."""
    try:
        read(path)
    except Unasked as error:
        raise BadCall(f"{error}. Move it away; nothing was measured.") from None
    except OSError as error:
        raise BadCall(f"{path.name} cannot be read: {error.strerror}") from None
    if not os.access(path.parent, os.W_OK):
        raise BadCall(f"{path.name} cannot be written into {harmless(str(path.parent), 80)}")


def kept(path: Path, now: Measurement) -> Baseline:
    """Store it. Raises BadCall."""
    try:
        return store(path, now)
    except OSError as error:
        raise BadCall(f"{path.name} cannot be written: {error.strerror}") from None


def slug(text: str) -> str:
    """Take a workspace's name in addresses. Raises BadCall."""
    if not SLUG.fullmatch(text):
        raise BadCall("--workspace takes the name that stands in its address, after /t/")
    return text


def asked(email: str) -> str:
    """Ask whoever sits there for the password. Raises BadCall where nobody does."""
    if not sys.stdin.isatty():
        raise BadCall(f"The password comes from {VARIABLE}, or from a terminal")
    try:
        return getpass(f"Password of {harmless(email, 80)}: ")
    except EOFError:
        raise BadCall("There is no password") from None


def intent(release: str, size: int, amount: Amount) -> str:
    """What would be done."""
    lines = [f"  {walk.name:<14}{amount.of(walk):>5} times" for walk in JOURNEYS]
    people = "1 person" if size == 1 else f"{size} people"
    return "\n".join(
        [f"  Release {release} lets you in. {people} would walk there at once:", "", *lines]
    )
