"""``manage.py change_email``: let somebody in who lost the mailbox of their old address."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.models import User
from apps.core import mailing


class Command(BaseCommand):
    help = "Move a person to another address: ada@old.example ada@new.example"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old")
        parser.add_argument("new")

    def handle(self, *, old: str, new: str, **options: Any) -> None:
        self.stdout.write(move(old, new.strip().lower()))


@transaction.atomic
def move(old: str, new: str) -> str:
    """Put `new` in the place of `old`, end the person's sessions, and tell both addresses.

    The new address is not proved by that: the next sign-in asks for a code that goes there, beside
    the password and the second step. Raises CommandError where it cannot be done.
    """
    try:
        validate_email(new)
        user = User.objects.get_by_natural_key(old)
    except ValidationError as error:
        raise CommandError(f"{new} is not an e-mail address.") from error
    except User.DoesNotExist as error:
        raise CommandError(f"Nobody has the address {old}.") from error
    if User.objects.filter(email=new).exists():
        raise CommandError(f"There is an account with the address {new}.")
    former, user.email = user.email, new
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=new, primary=True)
    for session in UserSession.objects.filter(user=user):
        session.end()
    for to in (former, new):
        context = {"from_email": former, "to_email": new}
        mailing.send("email_changed_by_us", to=to, context=context)
    return f"{former} is {new} now, has to prove it at the next sign-in, and is told by mail."
