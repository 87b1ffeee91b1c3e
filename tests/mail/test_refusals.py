"""What a mail server's refusals lead to, with servers that really refuse."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core import mailing
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.mail.tasks import settle
from tests.conftest import Mailbox

ServerSays = Callable[..., None]


def send() -> None:
    mailing.send("test", to="ada@example.com")


def again() -> None:
    """Let time pass until the next attempt."""
    Job.objects.update(run_after=timezone.now())


@pytest.mark.parametrize(
    "answers",
    [{"recipient": "550 5.1.1 No such user"}, {"content": "554 5.7.1 Looks like spam"}],
    ids=["recipient", "content"],
)
def test_a_mail_that_is_refused_for_good_fails_at_once_with_the_servers_words(
    db: None, server_says: ServerSays, do_jobs: Callable[[], int], answers: dict[str, str]
) -> None:
    server_says(**answers)
    send()
    assert do_jobs() == 1
    mail, [said] = Mail.objects.get(), answers.values()
    assert (mail.state, mail.error, mail.sent_at) == (Mail.State.FAILED, said, None)
    assert mail.state_at is not None


@pytest.mark.parametrize(
    "answers",
    [{"recipient": "451 4.7.1 Try again later"}, {"content": "451 4.3.0 Try again later"}],
    ids=["recipient", "content"],
)
def test_a_mail_that_is_refused_for_now_is_tried_again(
    mailbox: Mailbox,
    server_says: ServerSays,
    do_jobs: Callable[[], int],
    answers: dict[str, str],
    settings: Any,
) -> None:
    working = {name: getattr(settings, name, None) for name in ("SMTP", "MAILERS")}
    server_says(**answers)
    send()
    do_jobs()
    settle()
    assert Mail.objects.get().state == Mail.State.QUEUED
    for name, value in working.items():
        setattr(settings, name, value)
    again()
    do_jobs()
    assert Mail.objects.get().state == Mail.State.SENT
    assert len(mailbox.messages) == 1


def test_a_server_that_is_away_costs_no_mail(
    mailbox: Mailbox, do_jobs: Callable[[], int], settings: Any
) -> None:
    working = {name: getattr(settings, name, None) for name in ("SMTP", "MAILERS")}
    nowhere = {**working["SMTP"], "port": 1}
    settings.SMTP, settings.MAILERS = (
        nowhere,
        {
            **(working["MAILERS"] or {}),
            "smtp": {"BACKEND": settings.MAIL_TRANSPORT, "OPTIONS": nowhere},
        },
    )
    send()
    do_jobs()
    assert Mail.objects.get().state == Mail.State.QUEUED
    for name, value in working.items():
        setattr(settings, name, value)
    again()
    do_jobs()
    assert len(mailbox.messages) == 1


def test_a_mail_that_was_put_off_often_enough_fails_with_the_last_answer(
    db: None, server_says: ServerSays, do_jobs: Callable[[], int]
) -> None:
    server_says(recipient="451 4.7.1 Try again later")
    send()
    for _ in Mail.WAITS:
        assert do_jobs() == 1
        mail = Mail.objects.get()
        assert (mail.state, mail.error) == (Mail.State.QUEUED, "451 4.7.1 Try again later")
        again()
    assert do_jobs() == 1
    mail = Mail.objects.get()
    assert (mail.state, mail.error) == (Mail.State.FAILED, "451 4.7.1 Try again later")
    assert (mail.text, mail.put_off) == ("", len(Mail.WAITS))


def test_a_mail_is_put_off_for_seconds_at_first_and_for_days_in_all(
    db: None, server_says: ServerSays, do_jobs: Callable[[], int]
) -> None:
    server_says(content="421 4.3.2 Shutting down")
    send()
    began = timezone.now()
    do_jobs()
    job = Mail.objects.get().job
    assert job is not None
    assert timedelta(seconds=5) <= job.run_after - began < timedelta(seconds=30)
    assert timedelta(days=2) < sum(Mail.WAITS, timedelta()) < timedelta(days=4)
    assert Mail.objects.get().text


def test_only_the_newest_job_of_a_mail_that_was_put_off_can_send_it(
    mailbox: Mailbox, server_says: ServerSays, do_jobs: Callable[[], int]
) -> None:
    server_says(recipient="451 4.7.1 Try again later")
    send()
    do_jobs()
    older = Job.objects.earliest("pk")
    Job.objects.filter(pk=older.pk).update(state=Job.State.QUEUED, attempts=0)
    assert do_jobs() == 1
    assert Mail.objects.get().put_off == 1


def test_what_a_failed_mail_said_is_forgotten(
    db: None, server_says: ServerSays, do_jobs: Callable[[], int]
) -> None:
    server_says(recipient="550 No such user")
    send()
    do_jobs()
    settle()
    mail = Mail.objects.get()
    assert (mail.text, mail.html) == ("", "")


def test_a_failed_mail_is_never_sent_empty(mailbox: Mailbox, do_jobs: Callable[[], int]) -> None:
    send()
    Job.objects.get().cancel()
    settle()
    Job.objects.update(state=Job.State.QUEUED)
    do_jobs()
    assert not mailbox.messages
    assert Job.objects.get().error == "This mail has ended before, and what it said is gone."


def test_a_mail_whose_job_is_cancelled_is_closed(db: None) -> None:
    send()
    Job.objects.get().cancel()
    settle()
    mail = Mail.objects.get()
    assert (mail.state, mail.error, mail.text) == (Mail.State.FAILED, "Cancelled", "")


def test_a_mail_that_still_waits_is_left_alone(db: None) -> None:
    send()
    settle()
    mail = Mail.objects.get()
    assert mail.state == Mail.State.QUEUED
    assert mail.text
