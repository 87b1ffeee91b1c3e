"""The trail itself: it is written once, and outlives the people it names."""

from collections.abc import Callable

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import events
from apps.tenants.models import Tenant


@pytest.mark.parametrize(
    "change", ["UPDATE audit_event SET action = 'nothing'", "DELETE FROM audit_event"]
)
def test_the_running_product_cannot_rewrite_what_happened(acme: Tenant, change: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_a_person_who_goes_stays_in_the_trail_by_name(
    acme: Tenant, make_user: Callable[..., User]
) -> None:
    guest = make_user("guest@example.com", name="Guest")
    events.ACTIONS["workspace.created"].record(tenant=acme, by=guest)
    guest.delete()
    event = Event.objects.filter(tenant=acme).latest("pk")
    assert (event.actor, event.actor_name) == (None, "Guest")


def test_an_old_event_that_lacks_a_detail_still_reads(acme: Tenant) -> None:
    event = Event(tenant=acme, actor_name="Ada", action="workspace.renamed", details={})
    assert event.sentence == "renamed the workspace from … to …"
