"""``manage.py staff``: who runs the product, and may see the platform's pages."""

from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User

log = structlog.get_logger("slipway.ops")


class Command(BaseCommand):
    help = "List the platform staff (list), or change who is: staff add ada@example.com"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", nargs="?", choices=["list", "add", "remove"], default="list")
        parser.add_argument("email", nargs="?", help="the address of somebody who has signed up")

    def handle(self, *, verb: str, email: str | None, **options: Any) -> None:
        if (verb == "list") == bool(email):
            raise CommandError("Say who: staff add EMAIL, or staff remove EMAIL; list takes none.")
        if email:
            self.change(person(email), is_staff=verb == "add")
        else:
            staff = User.objects.filter(is_staff=True).order_by("email")
            lines = [f"{user.email}  {user.name}".rstrip() + closed(user) for user in staff]
            self.stdout.write("\n".join(lines) or "Nobody is staff.")

    def change(self, user: User, *, is_staff: bool) -> None:
        """Note that somebody is staff, or no longer is, and leave a line in the log."""
        if user.is_staff == is_staff:
            self.stdout.write(f"{user.email} {'is' if is_staff else 'is not'} staff already.")
            return
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
        log.warning("staff.added" if is_staff else "staff.removed", user=user.pk)
        self.stdout.write(f"{user.email} is {'staff now' if is_staff else 'no longer staff'}.")


def person(email: str) -> User:
    """Whose address it is. Raises CommandError for nobody's."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise CommandError(f"Nobody has the address {email}. They sign up first.")
    return user


def closed(user: User) -> str:
    return "" if user.is_active else "  (account closed)"
