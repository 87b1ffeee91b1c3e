"""Who may get mail where there is a list of them: nobody else does, whichever way it is sent."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, send_mail
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from apps.core import mailing
from apps.jobs.models import Job
from apps.mail import transport
from apps.mail.models import Mail
from config.env import BASE_DIR
from tests.conftest import Mailbox

ADA, STRANGER = "ada@example.com", "bob@elsewhere.example"


@pytest.fixture(autouse=True)
def allowlist(settings: Any) -> None:
    settings.MAIL_ALLOWLIST = [ADA, "@qa.example.com"]


@pytest.mark.parametrize(
    "to",
    [
        ADA,
        "Ada@Example.COM",
        "Ada Byron <ada@example.com>",
        "anybody@qa.example.com",
        "Any Body <any+body@QA.example.com>",
    ],
)
def test_whom_the_list_names_gets_mail(to: str) -> None:
    assert transport.may_get_mail(to)


@pytest.mark.parametrize(
    "to",
    [
        STRANGER,
        "",
        "ada",
        "ada@example.com.elsewhere.example",
        "ada@sub.example.com",
        "ada+tag@example.com",
        "bob@sub.qa.example.com",
        "bob@notqa.example.com",
        "@qa.example.com, bob@elsewhere.example",
        "ada@example.com, bob@elsewhere.example",
        '"ada@example.com" <bob@elsewhere.example>',
        "ada@example.com <bob@elsewhere.example>",
        '"bob@elsewhere.example"@qa.example.com',
    ],
)
def test_nobody_else_does_however_it_is_written(to: str) -> None:
    assert not transport.may_get_mail(to)


def test_an_empty_list_is_nobody_and_none_is_everybody(settings: Any) -> None:
    settings.MAIL_ALLOWLIST = []
    assert not transport.may_get_mail(ADA)
    settings.MAIL_ALLOWLIST = None
    assert transport.may_get_mail(STRANGER)


def test_a_mail_to_somebody_else_is_kept_as_a_row_that_says_so_and_its_job_is_done(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    mailing.send("test", to=STRANGER)
    mailing.send("test", to=ADA)
    with capture_logs() as lines:
        do_jobs()
    assert [message["To"] for message in mailbox.messages] == [ADA]
    kept = Mail.objects.get(to=STRANGER)
    assert (kept.state, kept.error) == (
        Mail.State.WITHHELD,
        "MAIL_ALLOWLIST does not name the recipient.",
    )
    assert (kept.text, kept.html, kept.sent_at) == ("", "", None)
    assert {job.state for job in Job.objects.all()} == {Job.State.SUCCEEDED}
    [line] = [line for line in lines if line["event"] == "mail.withheld"]
    assert (line["mail"], line["template"], line["log_level"]) == (kept.pk, "test", "warning")
    assert STRANGER not in str(lines)


def test_what_a_library_writes_is_kept_back_as_well(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    send_mail("Hello", "Text", None, [STRANGER, ADA])
    EmailMessage("Hello", "Text", None, [], bcc=[STRANGER], cc=[ADA]).send()
    do_jobs()
    assert {message["To"] for message in mailbox.messages} == {ADA}
    assert Mail.objects.filter(state=Mail.State.WITHHELD).count() == 2


def test_the_way_past_the_queue_is_closed_too_and_says_what_to_do(
    mailbox: Mailbox, db: None
) -> None:
    with pytest.raises(CommandError, match=f"does not name the recipient.*Add {STRANGER}"):
        call_command("send_test_mail", STRANGER, "--now", stdout=StringIO())
    call_command("send_test_mail", ADA, "--now", stdout=StringIO())
    assert [message["To"] for message in mailbox.messages] == [ADA]


def test_one_stranger_among_the_recipients_keeps_the_whole_message_back(mailbox: Mailbox) -> None:
    for field in ("cc", "bcc"):
        message = EmailMessage("Hello", "Text", None, [ADA], **{field: [STRANGER]})
        with pytest.raises(transport.Withheld):
            transport.deliver(message)
    assert not mailbox.messages


def roads_past_it(folder: Path) -> list[str]:
    """The files under `folder` that could speak to a mail server by themselves."""
    doors = re.compile(
        r"\bmailers\[|\bget_connection\(|backends\.smtp|\.sendmail\(|smtplib\.SMTP(_SSL)?\("
    )
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if doors.search(path.read_text(encoding="utf-8"))
    )


def test_one_module_alone_speaks_to_the_mail_server(tmp_path: Path) -> None:
    assert roads_past_it(BASE_DIR / "apps") == ["mail/transport.py"]
    assert not roads_past_it(BASE_DIR / "config")
    (tmp_path / "planted.py").write_text("smtplib.SMTP('mail.example.com').sendmail(a, b, c)\n")
    assert roads_past_it(tmp_path) == ["planted.py"]


@pytest.mark.parametrize(("shown_as", "subject"), [("Staging", "[Staging] Hi"), ("", "Hi")])
def test_the_subject_says_which_environment_writes(
    settings: Any,
    mailbox: Mailbox,
    do_jobs: Callable[[], int],
    shown_as: str,
    subject: str,
) -> None:
    settings.SHOWN_AS = shown_as
    send_mail("Hi", "Text", None, [ADA])
    do_jobs()
    assert [message["Subject"] for message in mailbox.messages] == [subject]
