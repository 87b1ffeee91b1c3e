"""``manage.py handover``: writes the handover pack from the launch plan and the facts."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.surface import routes
from apps.launch.arguments import USAGE, BadCall, add_plan, plan_file
from apps.launch.facts import Unasked
from apps.launch.gathering import Request, gather
from apps.launch.gathering.health import procfile
from apps.launch.handover.as_html import as_html
from apps.launch.handover.as_markdown import pages
from apps.launch.handover.folder import FOLDER, others, put
from apps.launch.handover.pack import pack
from apps.launch.harmless import harmless
from apps.launch.plan_file import BadPlan
from apps.launch.registry import known_checks, run

PAGE = "handover.html"


class Command(BaseCommand):
    """Asks what launch_check asks offline, and writes nothing but the pack."""

    help = "Write what somebody needs who takes over: Markdown, and a page to print."
    # What Django's checks find is one of the known risks; it must not stop the pack.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--output", type=Path, default=FOLDER, metavar="FOLDER", help="docs/handover without")
        add("--format", choices=["markdown", "html", "both"], default="both")
        add("--replace", action="store_true", help="also files that people wrote or changed")
        add_plan(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["output"]
        try:
            facts = gather(Request(plan=plan_file(options)))
        except (BadCall, BadPlan) as error:
            raise CommandError(str(error), returncode=USAGE) from None
        made = pack(facts, run(facts, known_checks()), routes=list(routes()), processes=procfile())
        files = pages(made) if options["format"] != "html" else {}
        if options["format"] != "markdown":
            files[PAGE] = as_html(made)
        try:
            if not options["replace"] and (kept := list(others(folder, files))):
                raise CommandError(
                    f"Nothing was written: people wrote or changed {', '.join(kept)} in "
                    f"{harmless(str(folder), 80)}. --replace goes over it, --output elsewhere.",
                    returncode=USAGE,
                )
            put(folder, files, made.fingerprint)
        except OSError as error:
            name = harmless(str(folder), 80)
            raise CommandError(
                f"--output: {name} cannot be written: {error.strerror}", returncode=USAGE
            ) from None
        self.stdout.write(f"wrote {len(files)} files to {folder}")
        if isinstance(facts.plan, Unasked):
            self.stdout.write(f"Most of it is marked as not said, since it {facts.plan}")
