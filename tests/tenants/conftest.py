"""What the tests of tenants share: people of Acme, and what happens while another waits."""

import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.tenants.models import Invitation, Membership, Tenant
from apps.tenants.roles import Role
from tests.accounts.conftest import link_in
from tests.conftest import Mailbox


@pytest.fixture
def owner(acme: Tenant) -> Membership:
    """Acme's first member."""
    return acme.memberships.get()


@pytest.fixture
def invite(owner: Membership) -> Callable[..., Invitation]:
    """Invite somebody to Acme, two minutes ago: ``invite("ada@example.com", Role.VIEWER)``."""

    def make(email: str, role: Role = Role.MEMBER, by: Membership | None = None) -> Invitation:
        invitation = Invitation.invite(email, role, by=by or owner)
        invitation.sent_at = timezone.now() - timedelta(minutes=2)
        invitation.save()
        return invitation

    return make


@pytest.fixture
def read_mail(mailbox: Mailbox, do_jobs: Callable[[], int]) -> Callable[[], list[EmailMessage]]:
    """Let the worker send what waits, and take what the mail server got, by address."""

    def take() -> list[EmailMessage]:
        do_jobs()
        mails = sorted(mailbox.messages, key=lambda message: str(message["To"]))
        mailbox.messages.clear()
        return mails

    return take


def path_in(message: EmailMessage) -> str:
    """The path of the invitation in a mail."""
    return urlsplit(link_in(message)).path


def while_another(first: Callable[[], object], second: Callable[[], object]) -> object:
    """Do `first`, begin `second` on another connection before the first is committed.

    Returns what the second one returned or raised, once both are through. If the second does not
    wait for the first, it is through before the first has ended, and sees the world before it.
    """
    outcome: list[object] = []

    def meanwhile() -> None:
        try:
            outcome.append(second())
        except Exception as error:  # the test looks at it
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=meanwhile)
    with transaction.atomic():
        first()
        thread.start()
        thread.join(timeout=0.5)
    thread.join()
    return outcome[0]
