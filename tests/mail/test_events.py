"""One mail to one person for one event, however often and by whomever it is asked for."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core import mailing
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.tenants.models import Tenant
from tests.conftest import Mailbox

ADA, BEN = "ada@example.com", "ben@example.com"


def tell(to: str = ADA, key: str = "export 1 is ready", tenant: Tenant | None = None) -> None:
    mailing.send("test", to=to, key=key, tenant=tenant)


def test_who_is_told_of_an_event_twice_gets_one_mail(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    tell()
    tell()
    do_jobs()
    tell()
    assert do_jobs() == 0
    assert [message["To"] for message in mailbox.messages] == [ADA]
    assert Job.objects.count() == 1


def test_the_address_in_other_letters_is_the_same_person(db: None) -> None:
    tell(ADA)
    tell("Ada@Example.COM")
    assert Mail.objects.count() == 1


def test_another_person_another_event_and_another_workspace_are_told(
    acme: Tenant, globex: Tenant
) -> None:
    before = Mail.objects.count()
    tell()
    tell(BEN)
    tell(key="export 2 is ready")
    tell(tenant=acme)
    tell(tenant=globex)
    assert Mail.objects.count() == before + 5


def test_mails_of_no_event_are_as_many_as_are_asked_for(db: None) -> None:
    tell(key="")
    tell(key="")
    assert Mail.objects.count() == 2


def test_an_event_that_is_undone_can_be_told_of_later(db: None) -> None:
    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    tell()
    assert Mail.objects.count() == 1


def test_the_table_itself_refuses_a_second_mail(db: None) -> None:
    tell()
    with pytest.raises(IntegrityError, match="mail_mail_once_for_each_event"):
        Mail.objects.create(to=ADA.upper(), key="export 1 is ready", message_id="<2@testserver>")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_tell_at_once_one_queues_and_the_other_finds_the_same_mail() -> None:
    found: list[int] = []

    def another() -> None:
        try:
            message = mailing.compose("test", to=ADA, key="export 1 is ready")
            found.append(Mail.objects.queue(message, to=ADA).pk)
        finally:
            connection.close()

    other = threading.Thread(target=another)
    with transaction.atomic():
        tell()
        other.start()
        # The other has looked, found nothing and waits for our commit with its own row.
        until_somebody_waits()
    other.join(timeout=10)
    assert found == [Mail.objects.get().pk]
    assert Job.objects.count() == 1


def until_somebody_waits() -> None:
    """Return once another connection waits for a lock of this one's transaction."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            [waiting, _slept] = cursor.fetchone()
            if waiting:
                return
    pytest.fail("Nobody waited: the other did not come upon the same row.")
