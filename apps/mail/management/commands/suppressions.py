"""``manage.py suppressions``: the addresses that get no mail."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from apps.mail.suppressions import Suppression, plain_address

LISTED = 500


class Command(BaseCommand):
    help = (
        "List the addresses that get no mail, the newest first (list), or add or remove some: "
        "suppressions remove ada@example.com"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", nargs="?", choices=["list", "add", "remove"], default="list")
        parser.add_argument("address", nargs="*", help="the addresses to add or remove")
        parser.add_argument("--words", default="", help="with add: why, for whoever looks later")
        parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")

    def handle(
        self, *, verb: str, address: list[str], words: str, json: bool, **options: Any
    ) -> None:
        if (verb == "list") == bool(address):
            raise CommandError(
                "Say which: suppressions add ADDRESS, or suppressions remove ADDRESS; "
                "suppressions list takes none."
            )
        if verb == "list":
            self.stdout.write(as_json(listed()) if json else as_lines(listed()))
            return
        with transaction.atomic():
            done = [self.change(verb, one, words) for one in map(plain_address, address)]
        self.stdout.write(as_json(done) if json else as_sentences(done))

    def change(self, verb: str, address: str, words: str) -> dict[str, Any]:
        """Add or remove one address. Raises CommandError where there is nothing to do."""
        if verb == "remove":
            if not Suppression.objects.lift(address):
                raise CommandError(f"Nothing stands against {address}: look at suppressions list.")
            return {"address": address, "gets_mail": True}
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"{address} is not an e-mail address.") from error
        if not Suppression.objects.add(address, reason="by_hand", words=words):
            raise CommandError(f"{address} is suppressed already: look at suppressions list.")
        return {"address": address, "gets_mail": False}


def listed() -> list[dict[str, Any]]:
    """What stands, the newest first."""
    return [
        {
            "address": one.address,
            "reason": one.reason,
            "since": one.since.isoformat(timespec="seconds"),
            "mail": one.mail_id,
            "words": one.words,
        }
        for one in Suppression.objects.standing().order_by("-since")[:LISTED]
    ]


def as_json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, indent=2)


def as_sentences(rows: list[dict[str, Any]]) -> str:
    said = {True: "gets mail again", False: "gets no more mail"}
    return "\n".join(f"{row['address']} {said[row['gets_mail']]}." for row in rows)


def as_lines(rows: list[dict[str, Any]]) -> str:
    """One line for each address, in columns."""
    if not rows:
        return "No address is suppressed."
    line = "{address:<40}  {reason:<10}  {since:<25}  {words}"
    head = line.format(address="ADDRESS", reason="REASON", since="SINCE", words="WORDS")
    return "\n".join([head, *(line.format_map(row) for row in rows)])
