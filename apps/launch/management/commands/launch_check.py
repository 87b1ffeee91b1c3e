"""``manage.py launch_check``: is this ready to launch, and if not, what stands in the way."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch import render
from apps.launch.gathering import PLAN, Request, gather
from apps.launch.plan_file import BadPlan
from apps.launch.probes.target import BadTarget, Target, detour, live_url, name_server
from apps.launch.registry import UnknownCheck, chosen_checks, known_checks, run

USAGE = 2


class Command(BaseCommand):
    """Judge what runs here. It reads and never writes."""

    help = "Go or no-go: what blocks a launch, ranked, with the fix beside each."
    # It runs Django's checks itself and reports them; they must not stop it.
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Let -v stand alone here, where Django's own takes a number."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        say = parser.add_mutually_exclusive_group()
        say.add_argument("--json", action="store_true", help="for programs, schema_version 1")
        say.add_argument("--summary", action="store_true", help="one line")
        say.add_argument("--list-checks", action="store_true", help="name the checks, run none")
        parser.add_argument(
            "--only", nargs="+", default=[], metavar="ID", help="these checks or areas (LC-MAIL)"
        )
        parser.add_argument("--live", metavar="URL", help="also ask the running product there")
        parser.add_argument("--dns", metavar="IP:PORT", help="the name server to ask")
        parser.add_argument(
            "--connect-to",
            action="append",
            default=[],
            metavar="HOST1:PORT1:HOST2:PORT2",
            help="connect to the second for the first, as curl does",
        )
        parser.add_argument("--ca-file", type=Path, help="the authorities to believe, in PEM")
        parser.add_argument("--plan", type=Path, default=PLAN, help="the launch plan's file")
        parser.add_argument(
            "-v", dest="details", action="store_true", help="also what passed, and its evidence"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checks = chosen_checks(options["only"])
        except UnknownCheck as error:
            raise CommandError(str(error), returncode=USAGE) from error
        if options["list_checks"]:
            self.stdout.write(render.listing(known_checks()))
            return
        try:
            facts = gather(Request(plan=options["plan"], target=target(options)))
        except (BadTarget, BadPlan) as error:
            raise CommandError(str(error), returncode=USAGE) from error
        report = run(facts, checks)
        if options["json"]:
            self.stdout.write(render.as_json(report))
        elif options["summary"]:
            self.stdout.write(render.summary(report))
        else:
            self.stdout.write(render.text(report, render.Look(options["details"], self.paint)))
        if report.exit_code:
            sys.exit(report.exit_code)

    def paint(self, words: str, style: str) -> str:
        """Colour on a terminal, as Django's commands do; NO_COLOR and --no-color switch it off."""
        styles = {
            "bad": self.style.ERROR,
            "warning": self.style.WARNING,
            "good": self.style.SUCCESS,
        }
        return styles[style](words) if style in styles else words


def target(options: dict[str, Any]) -> Target | None:
    """What --live and its companions describe. Raises BadTarget."""
    if not options["live"]:
        return None
    return Target(
        url=live_url(options["live"]),
        dns=name_server(options["dns"]) if options["dns"] else None,
        connect_to=dict(detour(each) for each in options["connect_to"]),
        ca_file=options["ca_file"],
    )
