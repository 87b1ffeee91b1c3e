"""``manage.py launch_init``: asks for the launch plan and writes it."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch.files import write
from apps.launch.gathering import PLAN
from apps.launch.harmless import harmless
from apps.launch.interview import QUESTIONS, Question, plan_of
from apps.launch.plan_text import plan_text

USAGE = 2
INTERRUPTED = 130  # as a shell tells Ctrl-C
STAND_IN = {"canonical": "portal.example.com"}  # while other answers are judged
WELCOME = """\
A dozen short questions make the launch plan, {file}, by which launch_check judges.
Enter takes what stands in [brackets]; a dash leaves a thing out, to be filled in later.
"""
DONE = """\
Wrote {file}. Next:
  1. look through it: what else can be said stands there as comments (docs/launch-plan.md)
  2. commit it; it holds no secret
  3. python manage.py launch_check
"""


class Command(BaseCommand):
    """Write launch.toml whole or not at all; a plan that is there already is left alone."""

    help = "Asks for the launch plan and writes it, launch.toml; every answer is also a flag."
    # A plan can be made before everything else is in order.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        for question in QUESTIONS:
            parser.add_argument(question.flag, dest=question.name, help=question.words)
        parser.add_argument("--plan", type=Path, default=PLAN, help="the file to write")
        parser.add_argument("--force", action="store_true", help="replace a plan that is there")
        parser.add_argument("--no-input", action="store_true", help="ask nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["plan"]
        name = harmless(str(file.name), 80)
        if file.exists() and not options["force"]:
            raise CommandError(
                f"{name} is there already; edit it, or use --force", returncode=USAGE
            )
        answers = self.given(options)
        is_asked = sys.stdin.isatty() and not options["no_input"]
        answers = self.asked(answers, name) if is_asked else self.unasked(answers)
        if answers.get("selectors") and not answers.get("mail_domain"):
            words = "--selectors belong to a mail domain: --mail-domain"
            raise CommandError(words, returncode=USAGE)
        try:
            write(file, plan_text(plan_of(answers)))
        except OSError as error:
            raise CommandError(f"{name} cannot be written: {error.strerror}") from None
        self.stdout.write(DONE.format(file=name))

    def given(self, options: dict[str, Any]) -> dict[str, str]:
        """The answers that came as flags, each of them judged."""
        answers: dict[str, str] = {}
        wrong = []
        for question in QUESTIONS:
            if options[question.name] is None:
                continue
            answers[question.name] = options[question.name]
            reason = fault(answers)
            if reason:
                wrong.append(f"{question.flag} {reason}")
                del answers[question.name]
        if wrong:
            raise CommandError("\n".join(wrong), returncode=USAGE)
        return answers

    def unasked(self, answers: dict[str, str]) -> dict[str, str]:
        """The answers of the flags, and for the rest what could be found out."""
        for question in QUESTIONS:
            if question.name in answers:
                continue
            if question.is_needed and not question.default(answers):
                raise CommandError(f"{question.flag} is needed: {question.words}", returncode=USAGE)
            answers[question.name] = question.default(answers)
            if fault(answers):
                answers[question.name] = ""
        return answers

    def asked(self, answers: dict[str, str], name: str) -> dict[str, str]:
        """The answers of the flags and of whoever sits there."""
        self.stdout.write(WELCOME.format(file=name))
        try:
            for question in QUESTIONS:
                if question.name not in answers and not question.unless(answers):
                    answers[question.name] = self.answer(question, answers)
        except (KeyboardInterrupt, EOFError):
            raise CommandError("\nNothing was written.", returncode=INTERRUPTED) from None
        return answers

    def answer(self, question: Question, answers: dict[str, str]) -> str:
        """Ask until the answer can be used."""
        default = question.default(answers)
        while True:
            hint = f" [{default}]" if default else ""
            typed = input(f"{question.words}{hint}\n> ").strip()
            said = "" if typed == "-" else typed or default
            reason = fault({**answers, question.name: said}) if said else ""
            if question.is_needed and not said:
                reason = "is needed"
            if not reason:
                return said
            self.stdout.write(self.style.WARNING(f"That {reason}."))


def fault(answers: dict[str, str]) -> str:
    """Why these answers make no plan; nothing if they make one."""
    try:
        plan_of({**STAND_IN, **answers})
    except ValueError as reason:
        return str(reason)
    return ""
