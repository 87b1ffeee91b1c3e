"""``manage.py launch_check``: is this ready to launch, and if not, what stands in the way."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch.arguments import USAGE, BadCall, add_plan, add_way, plan_file, target_of
from apps.launch.facts import Facts, Unasked
from apps.launch.files import write
from apps.launch.findings import Report, Tier
from apps.launch.formats import FORMATS
from apps.launch.formats.as_json import list_as_json
from apps.launch.formats.text import WIDTH, Look, listing, summary, text
from apps.launch.gathering import Request, gather
from apps.launch.harmless import harmless
from apps.launch.plan_file import BadPlan
from apps.launch.probes.target import BadTarget, Target
from apps.launch.progress import progress
from apps.launch.registry import UnknownCheck, chosen_checks, run
from config.env import no_color


class Command(BaseCommand):
    """Judge what runs here. It reads, and writes nothing but --output."""

    help = "Go or no-go: what blocks a launch, ranked, with the fix beside each."
    # It runs Django's checks itself and reports them; they must not stop it.
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Let -v stand alone here, where Django's own takes a number."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        say = parser.add_mutually_exclusive_group()
        say.add_argument("--format", choices=["text", *FORMATS], help="how it is written")
        say.add_argument(
            "--json", action="store_const", const="json", dest="format", help="for programs"
        )
        say.add_argument("--summary", action="store_true", help="one line")
        add("--list-checks", action="store_true", help="name the checks, run none")
        add("--output", type=Path, metavar="FILE", help="write there; the verdict is still said")
        add("--docs-url", default="", metavar="URL", help="where docs/ is read, for links")
        add("-v", dest="details", action="store_true", help="also what passed, and its evidence")
        add("--only", nargs="+", default=[], metavar="ID", help="these checks or areas (LC-MAIL)")
        add(
            "--fail-on",
            choices=[tier.value for tier in Tier],
            default=Tier.NOW.value,
            help="the last tier that makes it a no-go",
        )
        add(
            "--accept-risk",
            action="append",
            default=[],
            metavar="ID",
            help="accept what blocks now, if the plan accepts it too",
        )
        add(
            "--environment",
            choices=["production", "staging"],
            default="production",
            help="what this is to be; staging is judged by staging's rules",
        )
        add_plan(parser)
        add("--live", metavar="URL", help="also ask the running product there")
        add("--dns", metavar="IP:PORT", help="the name server to ask")
        add_way(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self.name(options) if options["list_checks"] else self.judge(options)
        except (BadTarget, BadPlan, UnknownCheck, BadCall) as error:
            raise CommandError(str(error), returncode=USAGE) from None
        if code:
            sys.exit(code)

    def name(self, options: dict[str, Any]) -> int:
        """Name the checks; return the exit."""
        checks = chosen_checks(options["only"])
        if options["summary"] or options["format"] not in {None, "text", "json"}:
            raise BadCall("--list-checks is text or --json")
        as_json = options["format"] == "json"
        self.put(list_as_json(checks, options["docs_url"]) if as_json else listing(checks), options)
        return 0

    def judge(self, options: dict[str, Any]) -> int:
        """Gather, run and write; return the exit."""
        checks = chosen_checks(options["only"])
        request_target = target(options)
        plan = plan_file(options)
        with progress(self.stderr, WIDTH) as say:
            part = bool(options["only"])
            asked = Request(
                plan=plan,
                target=request_target,
                expected=options["environment"],
                say=say,
                as_read=part,
            )
            facts = gather(asked)
            report = run(
                facts,
                checks,
                fail_on=Tier(options["fail_on"]),
                accept_now=accepted(options["accept_risk"], facts),
                live=request_target.url if request_target else "",
            )
        self.put(self.written(report, options), options)
        if options["output"]:
            self.stdout.write(summary(report))
        return report.exit_code

    def written(self, report: Report, options: dict[str, Any]) -> str:
        """The report in the form that is asked for."""
        if options["summary"]:
            return summary(report)
        if options["format"] in FORMATS:
            return FORMATS[options["format"]](report, options["docs_url"])
        paint = {} if options["output"] else {"paint": self.paint}
        return text(report, Look(verbose=options["details"], **paint))

    def put(self, words: str, options: dict[str, Any]) -> None:
        """Print, or write to the file of --output."""
        if not options["output"]:
            self.stdout.write(words)
            return
        try:
            write(options["output"], f"{words}\n")
        except OSError as error:
            name = harmless(str(options["output"]), 80)
            raise BadCall(f"--output: {name} cannot be written: {error.strerror}") from None

    def paint(self, words: str, style: str) -> str:
        """Colour on a terminal, as Django's commands do; NO_COLOR and --no-color switch it off."""
        styles = {
            "bad": self.style.ERROR,
            "warning": self.style.WARNING,
            "good": self.style.SUCCESS,
        }
        is_plain = style not in styles or no_color()
        return words if is_plain else styles[style](words)


def target(options: dict[str, Any]) -> Target | None:
    """What --live and its companions describe. Raises BadTarget."""
    if options["live"] is None:
        for name in ("dns", "connect_to", "ca_file"):
            if options[name]:
                raise BadTarget(f"--{name.replace('_', '-')} is for --live: give both")
        return None
    return target_of(options)


def accepted(ids: list[str], facts: Facts) -> list[str]:
    """The ids of --accept-risk. Raises BadCall for one that the plan does not accept."""
    planned = set() if isinstance(facts.plan, Unasked) else {one.id for one in facts.plan.accepted}
    for id in ids:
        if id not in planned:
            raise BadCall(
                f"--accept-risk: {harmless(id, 80)} has no [[accepted]] in the launch plan, "
                "with reason, owner and end date"
            )
    return ids
