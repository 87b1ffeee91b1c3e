"""Work on several clients at once; what concerns one of them is a verb of the model."""

from collections.abc import Iterable

from django.db import transaction

from apps.accounts.models import User
from apps.clients.models import Client


@transaction.atomic
def archive_clients(*, clients: Iterable[Client], by: User) -> None:
    """Archive each of `clients`, with an event of its own."""
    for client in clients:
        client.archive(by=by)
