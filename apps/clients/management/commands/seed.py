"""Fill a development database with made-up people, workspaces and clients."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.clients.models import Client
from apps.clients.samples import NOTES, samples, write_csv
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import tenant_scope

PASSWORD = "launch-day-harbour"  # noqa: S105  (printed on purpose; production refuses the command)
ALLOWED = ("development", "test")

OWNER, ADMIN, MEMBER, VIEWER, STRANGER, OPERATOR = (
    ("ada@slipway.example", "Ada Okafor"),
    ("jun@slipway.example", "Jun Park"),
    ("lena@slipway.example", "Lena Vogt"),
    ("mateo@slipway.example", "Mateo Rossi"),
    ("sam@slipway.example", "Sam Reyes"),
    ("ops@slipway.example", "Olu Adeyemi"),
)
SEATS = ((ADMIN, Role.ADMIN), (MEMBER, Role.MEMBER), (VIEWER, Role.VIEWER))
WORKSPACES = (("Northwind", 25), ("Contoso Services", 10_000))
ELSEWHERE = "Elsewhere"
BATCH = 2_000


class Command(BaseCommand):
    """Make what is missing; what is there already stays as it is."""

    help = "Fill a development database with made-up people, workspaces and clients."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="only print who may sign in")
        parser.add_argument("--json", action="store_true", help="print the logins as JSON")
        parser.add_argument(
            "--csv", type=Path, metavar="PATH", help="only write 10,000 clients for an import"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT not in ALLOWED:
            raise CommandError(
                f"seed makes people whose password everybody knows, so it runs in development "
                f"only. These are {settings.ENVIRONMENT} settings."
            )
        if options["csv"]:
            owners = [email for email, _ in (OWNER, ADMIN, MEMBER)]
            write_csv(options["csv"], number=10_000, owners=owners)
            self.stdout.write(f"Wrote {options['csv']}")
            return
        if not options["logins"]:
            fill()
        self.stdout.write(json.dumps(logins()) if options["json"] else table(logins()))


@transaction.atomic
def fill() -> None:
    """Make the people, the workspaces and their clients."""
    owner, admin, member, _viewer, stranger, _operator = people()
    for name, number in WORKSPACES:
        tenant = workspace(name, owner)
        for (email, _), role in SEATS:
            user = User.objects.get(email=email)
            tenant.memberships.get_or_create(user=user, defaults={"role": role})
        with tenant_scope(tenant):
            if not tenant.clients.exists():
                add_clients(tenant, number, [owner, admin, member])
    workspace(ELSEWHERE, stranger)


def people() -> list[User]:
    """The six, with verified addresses, the last one staff. The password is hashed just once."""
    found = []
    hashed = ""
    for email, name in (OWNER, ADMIN, MEMBER, VIEWER, STRANGER, OPERATOR):
        user = User.objects.filter(email=email).first()
        if user is None:
            is_staff = email == OPERATOR[0]
            user = User(email=email, name=name, password=hashed, is_staff=is_staff)
            if not hashed:
                user.set_password(PASSWORD)
                hashed = user.password
            user.save()
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        found.append(user)
    return found


def workspace(name: str, owner: User) -> Tenant:
    """The owner's workspace of this name, made if it is not there."""
    seat = owner.memberships.filter(tenant__name=name).select_related("tenant").first()
    return seat.tenant if seat else Tenant.objects.found(name=name, owner=owner)


def add_clients(tenant: Tenant, number: int, owners: list[User]) -> None:
    """Add clients in batches, then do a few things with some of them, as people would."""
    now = timezone.now()
    made_up = samples(number, domain=f"{tenant.slug}.example", today=now.date())
    clients = [
        Client(
            tenant=tenant,
            name=sample.name,
            email=sample.email,
            phone=sample.phone,
            city=sample.city,
            status=sample.status,
            owner=None if sample.owner is None else owners[sample.owner],
            last_contact_on=sample.last_contact_on,
            created_at=now - timedelta(days=sample.days_known, minutes=index % 1440),
        )
        for index, sample in enumerate(made_up)
    ]
    tenant.clients.bulk_create(clients, batch_size=BATCH)
    for client, body, author in zip(clients, NOTES, [*owners, *owners], strict=False):
        client.add_note(by=author, body=body)
    first, second, third = clients[:3]
    first.status, first.city = "active", "London"
    first.change(by=owners[0], version=first.version)
    second.archive(by=owners[1])
    third.archive(by=owners[2])
    third.restore(by=owners[0])


def logins() -> list[dict[str, str]]:
    """Who may sign in, with what, and what they then see."""
    both = " and ".join(name for name, _ in WORKSPACES)
    roles = [(OWNER, Role.OWNER), *SEATS]
    return [
        *(
            {"role": role.value, "email": email, "password": PASSWORD, "workspace": both}
            for (email, _), role in roles
        ),
        {
            "role": "stranger",
            "email": STRANGER[0],
            "password": PASSWORD,
            "workspace": f"{ELSEWHERE}, which is empty",
        },
        {
            "role": "operator",
            "email": OPERATOR[0],
            "password": PASSWORD,
            "workspace": "none; sees how the product stands at /operations/",
        },
    ]


def table(rows: list[dict[str, str]]) -> str:
    """The rows in aligned columns, headed by their keys."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
