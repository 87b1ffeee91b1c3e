"""``manage.py deployments``: what was deployed, when, by whom, and how it ended."""

from argparse import ArgumentParser
from datetime import datetime
from json import dumps
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.ops.models import Deployment, facts

VERSION = 1  # of the JSON
LISTED = 20
ENDS = [each.value for each in Deployment.Outcome if each is not Deployment.Outcome.RUNNING]

log = structlog.get_logger("slipway.ops")


class Command(BaseCommand):
    help = (
        "List the newest deployments, or, as deploy/ does, note that one began (--begin, which "
        "prints its number) or ended (--end NUMBER --outcome OUTCOME)"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")
        parser.add_argument("--limit", type=int, default=LISTED, help="how many to list (20)")
        verbs = parser.add_mutually_exclusive_group()
        verbs.add_argument("--begin", action="store_true", help="a deployment begins")
        verbs.add_argument("--end", type=int, metavar="NUMBER", help="the deployment has ended")
        parser.add_argument("--environment", help="with --begin, or to list one environment's")
        parser.add_argument("--release", default="", help="with --begin: the release's name")
        parser.add_argument("--commit", default="", help="with --begin: the whole commit")
        parser.add_argument("--who", default="", help="with --begin: who deploys")
        parser.add_argument("--despite", default="", help="with --begin: why past a gate")
        parser.add_argument("--began", type=moment, help="with --begin: when, if not just now")
        parser.add_argument("--outcome", choices=ENDS, help="with --end: how")
        parser.add_argument("--why", default="", help="with --end: what stopped it")

    def handle(self, *, json: bool, **options: Any) -> None:
        if options["begin"]:
            shown = [begin(options)]
        elif options["end"] is not None:
            shown = [end(options)]
        else:
            if options["limit"] < 1:
                raise CommandError("--limit is at least 1.", returncode=2)
            wanted = options["environment"]
            chosen = Deployment.objects.filter(**{"environment": wanted} if wanted else {})
            shown = chosen.newest(options["limit"])
        if json:
            told = {"version": VERSION, "deployments": facts(shown)}
            self.stdout.write(dumps(told, indent=2))
        else:
            self.stdout.write(as_lines(facts(shown)) if shown else "Nothing was deployed yet.")


def moment(text: str) -> datetime:
    """A time with its zone, as ISO 8601 writes it. Raises ValueError for anything else."""
    found = parse_datetime(text)
    if found is None or timezone.is_naive(found):
        raise ValueError("not a time with a zone")
    return found


def begin(options: dict[str, Any]) -> Deployment:
    """Note that a deployment begins. Raises CommandError unless it is said of what, and by whom."""
    missing = [name for name in ("environment", "release", "who") if not options[name]]
    if missing:
        words = ", ".join(f"--{name}" for name in missing)
        raise CommandError(f"--begin also needs {words}.", returncode=2)
    names = ("environment", "release", "commit", "who", "despite")
    given = {name: cut(name, options[name]) for name in names}
    made = Deployment.objects.create(**given, began=options["began"] or timezone.now())
    log.info("deployment.began", deployment=made.pk, environment=made.environment)
    return made


def end(options: dict[str, Any]) -> Deployment:
    """Note how a deployment ended. Raises CommandError if there is none, or its end is known."""
    if not options["outcome"]:
        raise CommandError(f"--end also needs --outcome: {', '.join(ENDS)}.", returncode=2)
    found = Deployment.objects.filter(pk=options["end"]).first()
    if found is None:
        raise CommandError(f"There is no deployment {options['end']}.")
    if not found.end(options["outcome"], why=options["why"]) and (
        found.outcome != options["outcome"]
    ):
        raise CommandError(f"Deployment {found.pk} has ended already: {found.outcome}.")
    found.refresh_from_db()
    log.info("deployment.ended", deployment=found.pk, outcome=found.outcome)
    return found


def cut(name: str, text: str) -> str:
    """A text as long as its column takes: a long branch's name must not stop a deploy."""
    column: Any = Deployment._meta.get_field(name)
    return text[: column.max_length]


def as_lines(rows: list[dict[str, Any]]) -> str:
    """One line for each deployment, in columns, and its reasons under it."""
    line = "{id:>6}  {environment:<12}  {release:<14}  {began:<25}  {took:>7}  {outcome:<11}  {who}"
    head = {name: name.upper() for name in rows[0]} | {"took": "TOOK (s)"}
    lines = [line.format_map(head)]
    for row in rows:
        took = "-" if row["took"] is None else row["took"]
        lines.append(line.format_map({**row, "took": took}).rstrip())
        lines += [f"{'':>8}{name}: {row[name]}" for name in ("despite", "why") if row[name]]
    return "\n".join(lines)
