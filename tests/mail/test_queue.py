"""Mail is a row and a job, in the transaction of whoever writes it."""

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.utils import timezone

from apps.core import mailing
from apps.core.request_id import request_id
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.tenants.models import Tenant
from tests.conftest import Mailbox

SECRET = "BCDF-GHJK"


def write(**changes: object) -> None:
    """Write a mail in the way of a library that knows nothing of us."""
    message = EmailMultiAlternatives(
        "Your code", f"It is {SECRET}", "Us <us@example.com>", ["ada@example.com"]
    )
    message.attach_alternative(f"<p>It is {SECRET}</p>", "text/html")
    for name, value in changes.items():
        setattr(message, name, value)
    message.send()


def test_whatever_writes_mail_it_leaves_by_the_queue(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    assert send_mail("Hello", "Text", None, ["ada@example.com"]) == 1
    assert not mailbox.messages
    do_jobs()
    [message] = mailbox.messages
    assert (message["Subject"], message["To"]) == ("Hello", "ada@example.com")
    assert Mail.objects.get().state == Mail.State.SENT


def test_a_mail_arrives_with_its_text_its_html_and_its_headers(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    write(reply_to=["help@example.com"], extra_headers={"Auto-Submitted": "auto-generated"})
    do_jobs()
    [message] = mailbox.messages
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == f"It is {SECRET}"
    assert html.get_content().strip() == f"<p>It is {SECRET}</p>"
    assert message["From"] == "Us <us@example.com>"
    assert message["Reply-To"] == "help@example.com"
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.django_db(transaction=True)
def test_a_mail_written_outside_a_transaction_is_queued_with_its_job() -> None:
    write()
    assert Mail.objects.get().job == Job.objects.get(kind="mail.send")


def test_undoing_what_asked_for_a_mail_unsends_it(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    with transaction.atomic():
        write()
        assert Mail.objects.count() == 1
        transaction.set_rollback(True)
    assert do_jobs() == 0
    assert not Mail.objects.exists()
    assert not mailbox.messages


def test_each_recipient_gets_a_mail_that_names_nobody_else(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    write(to=["ada@example.com", "ben@example.com"], bcc=["cyd@example.com"])
    do_jobs()
    assert [message["To"] for message in mailbox.messages] == [
        "ada@example.com",
        "ben@example.com",
        "cyd@example.com",
    ]
    assert not any(message["Cc"] or message["Bcc"] for message in mailbox.messages)


def test_html_alone_gets_a_text_part(mailbox: Mailbox, do_jobs: Callable[[], int]) -> None:
    message = EmailMessage("Hello", "<p>In <b>bold</b></p>", None, ["ada@example.com"])
    message.content_subtype = "html"
    message.send()
    do_jobs()
    text = mailbox.messages[0].get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "In bold"


def test_a_mail_with_an_attachment_is_refused_with_a_way_out(db: None) -> None:
    with pytest.raises(ValueError, match="put a link into the mail instead"):
        write(attachments=[("clients.csv", "a,b", "text/csv")])
    assert not Mail.objects.exists()


def test_a_part_that_is_neither_text_nor_html_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="text and HTML, not text/calendar"):
        write(alternatives=[("BEGIN:VCALENDAR", "text/calendar")])
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\nBcc: mallory@example.com"},
        {"to": ["ada@example.com\r\nBcc: mallory@example.com"]},
        {"from_email": "us@example.com\nBcc: mallory@example.com"},
        {"reply_to": ["us@example.com\nBcc: mallory@example.com"]},
        {"extra_headers": {"X-Name": "Ada\nBcc: mallory@example.com"}},
        {"extra_headers": {"X-Name: Ada\nBcc": "mallory@example.com"}},
    ],
    ids=["subject", "to", "from", "reply-to", "value", "name"],
)
def test_a_line_break_in_a_header_is_refused(db: None, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="line break"):
        write(**changes)
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_what_a_mail_said_is_forgotten_once_it_is_sent(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    write()
    queued = Mail.objects.get()
    assert SECRET in queued.text
    assert SECRET in queued.html
    do_jobs()
    mail = Mail.objects.get()
    assert (mail.state, mail.text, mail.html) == (Mail.State.SENT, "", "")
    assert mail.sent_at is not None


def test_what_a_mail_says_is_never_in_its_job(mailbox: Mailbox, do_jobs: Callable[[], int]) -> None:
    write()
    do_jobs()
    job = Job.objects.get()
    assert job.state == Job.State.SUCCEEDED
    assert not any(SECRET in str(value) for value in vars(job).values())


def test_a_second_attempt_is_the_same_mail_to_the_byte_of_its_id_and_date(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    write()
    mail = Mail.objects.get()
    do_jobs()
    # As if the worker had died between the server's answer and its own commit.
    mail.save()
    Job.objects.update(state=Job.State.QUEUED, run_after=timezone.now())
    do_jobs()
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"] == mail.message_id
    assert first["Date"] == second["Date"]


def test_a_job_that_is_done_again_sends_a_sent_mail_no_second_time(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    write()
    do_jobs()
    Job.objects.update(state=Job.State.QUEUED, run_after=timezone.now())
    do_jobs()
    assert len(mailbox.messages) == 1


def test_two_mails_have_two_message_ids_on_the_sites_own_host(
    db: None,
) -> None:
    write()
    write()
    first, second = Mail.objects.values_list("message_id", flat=True)
    assert first != second
    assert first.endswith("@testserver>")


def test_the_request_that_asked_can_be_told_from_the_mail_and_its_job(
    mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    token = request_id.set("request-0001")
    try:
        write()
    finally:
        request_id.reset(token)
    do_jobs()
    assert mailbox.messages[0]["X-Request-ID"] == "request-0001"
    assert Mail.objects.get().request_id == Job.objects.get().request_id == "request-0001"


def test_a_mail_about_a_workspace_belongs_to_it_and_so_does_its_job(acme: Tenant) -> None:
    mailing.send("test", to="ada@example.com", tenant=acme)
    mail = acme.mails.get()
    assert mail.template == "test"
    assert mail.job is not None
    assert mail.job.tenant == acme


def test_the_tenant_and_the_template_do_not_leave_with_the_mail(
    acme: Tenant, mailbox: Mailbox, do_jobs: Callable[[], int]
) -> None:
    mailing.send("test", to="ada@example.com", tenant=acme)
    do_jobs()
    assert not {"X-Tenant", "X-Template"} & {*mailbox.messages[0].keys()}
    assert acme.name not in mailbox.messages[0].as_string()
