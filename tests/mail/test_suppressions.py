"""Addresses that get no mail: what puts them on the list, what it stops, and how they leave it."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from structlog.testing import capture_logs

from apps.core import mailing
from apps.jobs.models import Job
from apps.mail.models import Mail, Suppression
from apps.tenants.models import Tenant
from tests.conftest import Mailbox

ADA = "ada@example.com"
DoJobs = Callable[[], int]


def send(to: str = ADA, tenant: Tenant | None = None) -> None:
    mailing.send("test", to=to, tenant=tenant)


def test_a_mailbox_that_is_not_there_gets_no_second_mail(
    mailbox: Mailbox, server_says: Callable[..., None], do_jobs: DoJobs
) -> None:
    server_says(recipient="550 5.1.1 No such user")
    send()
    do_jobs()
    kept = Suppression.objects.get()
    refused = Mail.objects.get()
    assert (kept.address, kept.reason, kept.mail) == (ADA, "refused", refused)
    assert kept.words == "550 5.1.1 No such user"
    send("Ada <ADA@Example.com>")
    do_jobs()
    stopped = Mail.objects.latest("pk")
    assert (stopped.state, stopped.error) == (Mail.State.SUPPRESSED, "No such mailbox")
    assert (stopped.text, stopped.html, stopped.sent_at) == ("", "", None)
    assert {job.state for job in Job.objects.all()} == {Job.State.SUCCEEDED}


@pytest.mark.parametrize(
    "answers",
    [
        {"recipient": "550 5.7.1 Blocked by policy"},
        {"recipient": "550 No such user"},
        {"content": "554 5.7.1 Looks like spam"},
        {"recipient": "451 4.1.1 Not now"},
    ],
    ids=["policy", "bare", "content", "for now"],
)
def test_no_other_refusal_says_anything_about_the_address(
    db: None, server_says: Callable[..., None], do_jobs: DoJobs, answers: dict[str, str]
) -> None:
    server_says(**answers)
    send()
    do_jobs()
    assert not Suppression.objects.exists()


def test_who_called_a_mail_spam_still_gets_what_is_about_their_account(
    acme: Tenant, mailbox: Mailbox, do_jobs: DoJobs
) -> None:
    Suppression.objects.add(ADA, reason="complained")
    send()
    send(tenant=acme)
    do_jobs()
    assert len(mailbox.messages) == 1
    assert acme.mails.get(to=ADA).state == Mail.State.SUPPRESSED


def test_mail_that_one_can_unsubscribe_from_is_not_about_ones_account() -> None:
    assert Mail(headers={}).is_about_own_account
    assert not Mail(headers={"List-Unsubscribe": "<https://example.com>"}).is_about_own_account


@pytest.mark.parametrize("reason", ["bounced", "refused", "by_hand"])
def test_any_other_reason_stops_every_mail(mailbox: Mailbox, do_jobs: DoJobs, reason: str) -> None:
    Suppression.objects.add(ADA, reason=reason)
    send()
    do_jobs()
    assert not mailbox.messages


def test_a_bounce_replaces_a_complaint_and_nothing_replaces_a_bounce(db: None) -> None:
    assert Suppression.objects.add(ADA, reason="complained")
    assert not Suppression.objects.add(ADA, reason="complained")
    assert Suppression.objects.add(ADA, reason="bounced")
    assert not Suppression.objects.add(ADA, reason="complained")
    assert Suppression.objects.get().reason == "bounced"


def test_what_happened_before_it_was_lifted_does_not_bring_a_suppression_back(db: None) -> None:
    before = timezone.now() - timedelta(hours=1)
    Suppression.objects.add(ADA, reason="bounced", at=before)
    assert Suppression.objects.lift("ADA@example.com")
    assert not Suppression.objects.lift(ADA)
    assert not Suppression.objects.add(ADA, reason="bounced", at=before)
    assert not Suppression.objects.standing().exists()
    assert Suppression.objects.add(ADA, reason="bounced")
    assert Suppression.objects.standing().get().address == ADA


def test_an_address_that_is_none_is_not_put_on_the_list(db: None) -> None:
    assert not Suppression.objects.add("", reason="bounced")
    assert not Suppression.objects.exists()


def test_the_log_tells_no_address(db: None) -> None:
    with capture_logs() as lines:
        Suppression.objects.add(ADA, reason="bounced")
        Suppression.objects.lift(ADA)
    assert [line["event"] for line in lines] == ["mail.suppressed", "mail.suppression_lifted"]
    assert "ada" not in str(lines)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("suppressions", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_adds_lists_and_removes(db: None) -> None:
    assert "No address is suppressed." in run()
    assert "ada@example.com gets no more mail." in run("add", "Ada@example.com", "--words", "Asked")
    assert "ada@example.com" in run("list")
    [listed] = json.loads(run("--json"))
    assert (listed["address"], listed["reason"], listed["words"]) == (ADA, "by_hand", "Asked")
    assert listed["since"]
    assert "ada@example.com gets mail again." in run("remove", ADA)
    assert json.loads(run("list", "--json")) == []


def test_the_command_says_what_is_wrong_and_changes_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="Say which"):
        run("add")
    with pytest.raises(CommandError, match="list takes none"):
        run("list", ADA)
    with pytest.raises(CommandError, match="ada is not an e-mail address"):
        run("add", "ben@example.com", "ada")
    with pytest.raises(CommandError, match=r"Nothing stands against ada@example\.com"):
        run("remove", ADA)
    run("add", ADA)
    with pytest.raises(CommandError, match=r"ada@example\.com is suppressed already"):
        run("add", "ben@example.com", ADA)
    assert Suppression.objects.count() == 1
