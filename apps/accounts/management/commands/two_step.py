"""``manage.py two_step``: let somebody in who lost their second step, or change the key of all."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.mfa import reencrypt
from apps.accounts.models import User
from apps.core import mailing


class Command(BaseCommand):
    help = "Remove a person's second steps: remove ada@example.com; or encrypt all anew: reencrypt"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["remove", "reencrypt"])
        parser.add_argument("email", nargs="?", help="whose second steps to remove")

    def handle(self, *, verb: str, email: str | None, **options: Any) -> None:
        if (verb == "remove") != bool(email):
            raise CommandError("Say whose: two_step remove ada@example.com; reencrypt takes none.")
        self.stdout.write(remove(email) if email else reencrypt_all())


@transaction.atomic
def remove(email: str) -> str:
    """Take a person's app, passkeys and codes away, and tell them. CommandError for nobody."""
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError(f"Nobody has the address {email}.") from error
    Authenticator.objects.filter(user_id=user.pk).delete()
    mailing.send("two_step_removed", to=user.email)
    return f"{user.email} signs in by password alone now, and is told so by mail."


@transaction.atomic
def reencrypt_all() -> str:
    """Encrypt every secret with today's SECRET_KEY, so that a former key can go."""
    kept = Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN)
    for authenticator in kept.iterator():
        reencrypt(authenticator)
    return f"{kept.count()} secrets are encrypted with the present SECRET_KEY."
