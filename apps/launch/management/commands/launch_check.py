"""``manage.py launch_check``: is this ready to launch, and if not, what stands in the way."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch import render
from apps.launch.facts import gather
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
        report = run(gather(), checks)
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
