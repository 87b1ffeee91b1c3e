"""What a mail server's refusals lead to, with servers that really refuse."""

from collections.abc import Callable
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
    settle()
    mail, [said] = Mail.objects.get(), answers.values()
    assert (mail.state, mail.error) == (Mail.State.FAILED, said)
    job = Job.objects.get()
    assert (job.state, job.error, job.attempts) == (Job.State.FAILED, said, 1)


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


def test_a_mail_whose_attempts_are_used_up_fails_with_the_last_answer(
    db: None, server_says: ServerSays, do_jobs: Callable[[], int]
) -> None:
    server_says(recipient="451 4.7.1 Try again later")
    send()
    for _ in range(Job.MAX_ATTEMPTS):
        do_jobs()
        again()
    settle()
    mail = Mail.objects.get()
    assert mail.state == Mail.State.FAILED
    assert "451" in mail.error
    assert "Try again later" in mail.error


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
    assert Job.objects.get().error == "This mail has failed before and what it said is gone."


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
