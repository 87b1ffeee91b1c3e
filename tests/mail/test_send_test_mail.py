"""`manage.py send_test_mail` says whether mail works."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.mail.models import Mail
from tests.conftest import Mailbox


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("send_test_mail", *arguments, stdout=out)
    return out.getvalue()


def test_it_goes_through_the_queue_and_says_how_to_follow_it(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    said = run("ada@example.com")
    mail = Mail.objects.get()
    assert f"Mail {mail.pk} to ada@example.com is queued as job {mail.job_id}." in said
    assert f"mail={mail.pk}" in said
    assert not mailbox.messages
    do_jobs()
    assert mailbox.messages[0]["Subject"] == "A test mail from Slipway"


def test_at_once_it_speaks_to_the_server_itself(mailbox: Mailbox, db: None) -> None:
    said = run("ada@example.com", "--now")
    assert said.endswith("took the mail to ada@example.com on.\n")
    assert len(mailbox.messages) == 1
    assert not Mail.objects.exists()


def test_at_once_it_repeats_the_servers_refusal(server_says: Callable[..., None]) -> None:
    server_says(recipient="550 5.1.1 No such user")
    with pytest.raises(CommandError, match=r"refused it for good: 550 5\.1\.1 No such user"):
        run("ada@example.com", "--now")


def test_at_once_it_repeats_why_the_server_will_not_take_it_yet(
    server_says: Callable[..., None],
) -> None:
    server_says(recipient="451 4.7.1 Come back later")
    with pytest.raises(CommandError, match=r"did not take it: SMTPRecipientsRefused.*Come back"):
        run("ada@example.com", "--now")


def test_at_once_it_says_what_to_look_at_when_there_is_no_server() -> None:
    with pytest.raises(CommandError, match=r"ConnectionRefusedError.*Look at EMAIL_URL"):
        run("ada@example.com", "--now")


def test_what_is_no_address_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="ada is not an e-mail address"):
        run("ada")
