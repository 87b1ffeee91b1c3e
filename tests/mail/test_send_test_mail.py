"""`manage.py send_test_mail` says whether mail works."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.mail.management.commands import send_test_mail
from apps.mail.models import Mail
from apps.tenants.scope import outside
from tests.conftest import Mailbox


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("send_test_mail", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the job while the command waits, as a worker beside it would."""

    def work(seconds: float) -> None:
        with outside():
            for pk in Job.objects.filter(attempts=0).values_list("pk", flat=True):
                attempt(pk)

    monkeypatch.setattr(send_test_mail.time, "sleep", work)


def test_without_waiting_it_goes_through_the_queue_and_says_how_to_follow_it(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    said = run("ada@example.com", "--wait", "0")
    mail = Mail.objects.get()
    assert f"Mail {mail.pk} to ada@example.com is queued as job {mail.job_id}." in said
    assert f"mail={mail.pk}" in said
    assert not mailbox.messages
    do_jobs()
    assert mailbox.messages[0]["Subject"] == "A test mail from Slipway"


def test_it_waits_for_the_outcome_and_says_it(mailbox: Mailbox, worker: None, db: None) -> None:
    assert run("ada@example.com") == "Sent. The mail server has taken it on.\n"
    assert len(mailbox.messages) == 1


def test_it_says_in_words_why_it_failed(
    server_says: Callable[..., None], worker: None, db: None
) -> None:
    server_says(recipient="550 5.1.1 No such user")
    with pytest.raises(CommandError, match=r"The mailbox does not exist\. The answer was: 550"):
        run("ada@example.com")


def test_it_says_what_it_waits_for_when_the_server_asks_for_time(
    server_says: Callable[..., None], worker: None, db: None
) -> None:
    server_says(recipient="451 4.7.1 Greylisted")
    with pytest.raises(CommandError, match=r"still waits after 0\.5 s\..*next try \d\d:\d\d"):
        run("ada@example.com", "--wait", "0.5")


def test_without_a_worker_it_asks_for_one(mailbox: Mailbox, db: None) -> None:
    with pytest.raises(CommandError, match=r"Does the worker run\?"):
        run("ada@example.com", "--wait", "0.1")


def test_any_letter_of_the_catalogue_can_be_sent_and_is_marked(mailbox: Mailbox, db: None) -> None:
    run("ada@example.com", "--letter", "invitation", "--now")
    subject = mailbox.messages[0]["Subject"]
    assert subject == "Sample: Ada Lovelace invites you to Acme"


def test_an_unknown_letter_is_refused_with_the_names_that_there_are(db: None) -> None:
    with pytest.raises(CommandError, match=r"no mail 'newsletter'\. There are: .*invitation"):
        run("ada@example.com", "--letter", "newsletter")


def test_json_says_the_same_to_a_script(mailbox: Mailbox, worker: None, db: None) -> None:
    told = json.loads(run("ada@example.com", "--json"))
    mail = Mail.objects.get()
    assert told["state"] == "sent"
    assert (told["mail"], told["job"], told["letter"]) == (mail.pk, mail.job_id, "test")


def test_json_tells_of_a_failure_too_and_the_command_fails(
    server_says: Callable[..., None], db: None
) -> None:
    server_says(recipient="550 5.1.1 No such user")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("send_test_mail", "ada@example.com", "--json", "--now", stdout=out)
    assert json.loads(out.getvalue())["state"] == "failed"


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
    with pytest.raises(CommandError, match=r"did not take it: 4\d\d .*Come back"):
        run("ada@example.com", "--now")


def test_at_once_it_says_what_to_look_at_when_there_is_no_server() -> None:
    with pytest.raises(CommandError, match=r"ConnectionRefusedError.*Look at EMAIL_URL"):
        run("ada@example.com", "--now")


def test_what_is_no_address_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="ada is not an e-mail address"):
        run("ada")
