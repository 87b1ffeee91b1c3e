"""What mail providers report: proved to be theirs, understood, and without harm twice or late."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.core import mailing
from apps.jobs.models import Job
from apps.mail import sns
from apps.mail.models import Mail, Suppression
from apps.mail.views.reports import CAP
from tests.conftest import Browser
from tests.mail.reporting import (
    CERTIFICATE,
    COMPLAINED,
    DELIVERED,
    HARD,
    KINDS,
    PROVIDERS,
    TOPIC,
    Event,
    Sent,
    Ses,
    amazons_certificate,
)

ADA = "ada@example.com"
DoJobs = Callable[[], int]


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest, settings: Any, asked: list[str]) -> Any:
    """Each of the providers in turn, configured."""
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = request.param.name, request.param.secret
    return request.param


@pytest.fixture
def ses(settings: Any, asked: list[str]) -> Ses:
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "ses", TOPIC
    return Ses()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What SNS was asked for. It stands in for Amazon's host, whose certificate nobody else has."""
    addresses: list[str] = []

    def fetch(url: str) -> bytes:
        addresses.append(url)
        return amazons_certificate() if url == CERTIFICATE else b""

    monkeypatch.setattr(sns, "fetch", fetch)
    sns.signing_key.cache_clear()
    yield addresses
    sns.signing_key.cache_clear()


@pytest.fixture
def post(anonymous: Browser, db: None) -> Callable[[Any, Sent], int]:
    """Post a request as the provider would; return the status."""

    def send(provider: Any, sent: Sent) -> int:
        answer = anonymous.generic(
            "POST", provider.path, sent.body, sent.content_type, headers=sent.headers
        )
        return int(answer.status_code)

    return send


Post = Callable[[Any, Sent], int]


def those(*names: str) -> Any:
    """Try these providers alone."""
    chosen = [provider for provider in PROVIDERS if provider.name in names]
    return pytest.mark.parametrize("provider", chosen, indirect=True, ids=lambda one: one.name)


def sent_mail() -> Mail:
    """A mail that the server has taken on."""
    mailing.send("test", to=ADA)
    mail = Mail.objects.latest("pk")
    Job.objects.filter(pk=mail.job_id).delete()
    mail.refresh_from_db()
    mail.close(Mail.State.SENT, at=datetime.now(UTC) - timedelta(hours=1))
    return mail


def event_of(mail: Mail, kind: str, **changes: Any) -> Event:
    assert mail.reference
    return Event(kind=kind, reference=mail.reference.hex, **changes)


@pytest.mark.parametrize("kind", KINDS)
def test_each_event_of_each_provider_is_understood(
    provider: Any, post: Post, do_jobs: DoJobs, kind: str
) -> None:
    mail = sent_mail()
    event = event_of(mail, kind)
    assert post(provider, provider.sent(event)) == 200
    assert Mail.objects.get().state == Mail.State.SENT  # the request itself only takes it down
    assert do_jobs() == 1
    mail.refresh_from_db()
    assert mail.state == kind.partition(" ")[0]
    assert mail.state_at is not None
    assert abs(mail.state_at - event.at) < timedelta(seconds=2)
    assert (mail.delivered_at is not None) == (kind == DELIVERED)
    suppressed = Suppression.objects.first()
    if kind in {HARD, COMPLAINED}:
        assert suppressed
        assert (suppressed.address, suppressed.mail) == (ADA, mail)
        assert suppressed.reason == mail.state
    else:
        assert suppressed is None


def test_a_mail_that_is_not_known_still_has_its_address_suppressed(
    provider: Any, post: Post, do_jobs: DoJobs
) -> None:
    assert post(provider, provider.sent(Event(kind=HARD, to="Ben@example.com"))) == 200
    do_jobs()
    assert Suppression.objects.get().address == "ben@example.com"


@those("brevo", "mailgun", "sendgrid")
def test_a_provider_that_keeps_our_message_id_finds_the_mail_by_it(
    provider: Any, post: Post, do_jobs: DoJobs
) -> None:
    mail = sent_mail()
    assert post(provider, provider.sent(Event(kind=DELIVERED, message_id=mail.message_id))) == 200
    do_jobs()
    assert Mail.objects.get().state == Mail.State.DELIVERED


def wrongly_signed(provider: Any) -> Sent:
    secrets = {
        "resend": "whsec_" + "QUJD" * 11,
        "ses": "forged",
        "sendgrid": "forged",
    }
    wrong = secrets.get(provider.name, "reports:another-password-of-the-same-length")
    sent: Sent = provider.sent(Event(kind=HARD), secret=wrong)
    return sent


def unsigned(provider: Any) -> Sent:
    sent: Sent = provider.sent(Event(kind=HARD))
    told = json.loads(sent.body)
    if isinstance(told, dict):
        for name in ("signature", "Signature"):
            told.pop(name, None)
    return Sent(json.dumps(told).encode(), {}, sent.content_type)


@pytest.mark.parametrize("spoilt", [wrongly_signed, unsigned])
def test_what_nobody_proves_is_refused_and_leaves_nothing(
    provider: Any, post: Post, spoilt: Callable[[Any], Sent]
) -> None:
    with capture_logs() as lines:
        assert post(provider, spoilt(provider)) == 403
    assert not Job.objects.exists()
    [line] = [line for line in lines if line["event"] == "mail.report_refused"]
    assert line["provider"] == provider.name
    assert "ada" not in str(lines)


@those("resend", "sendgrid", "ses")
def test_a_body_that_was_changed_is_refused_where_it_is_signed(provider: Any, post: Post) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.body = sent.body.replace(b"ada@", b"ben@")
    assert post(provider, sent) == 403
    assert not Job.objects.exists()


@those("mailgun", "resend", "sendgrid", "ses")
def test_an_old_signature_is_refused_where_there_is_one(provider: Any, post: Post) -> None:
    sent = provider.sent(Event(kind=HARD), stamp=datetime.now(UTC) - timedelta(hours=25))
    assert post(provider, sent) == 403
    assert not Job.objects.exists()


def test_the_same_report_again_is_taken_and_does_nothing(
    provider: Any, post: Post, do_jobs: DoJobs
) -> None:
    sent = provider.sent(event_of(sent_mail(), HARD))
    assert post(provider, sent) == 200
    do_jobs()
    Suppression.objects.lift(ADA)
    assert post(provider, sent) == 200
    assert do_jobs() == 0
    assert not Suppression.objects.standing().exists()


@those("mailgun")
def test_a_token_of_mailgun_counts_once_whatever_stands_beside_it(
    provider: Any, post: Post, do_jobs: DoJobs
) -> None:
    sent = provider.sent(Event(kind=DELIVERED))
    assert post(provider, sent) == 200
    told = json.loads(sent.body)
    told["event-data"] |= {"event": "failed", "severity": "permanent", "reason": "bounce"}
    assert post(provider, Sent(json.dumps(told).encode(), {})) == 200
    do_jobs()
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("secret", ["", None], ids=["no secret", "another provider"])
def test_without_its_secret_a_provider_has_no_address(
    provider: Any, post: Post, settings: Any, secret: str | None
) -> None:
    if secret is None:
        settings.MAIL_PROVIDER = "brevo" if provider.name != "brevo" else "ses"
    else:
        settings.MAIL_WEBHOOK_SECRET = secret
    assert post(provider, provider.sent(Event(kind=HARD))) == 404
    assert not Job.objects.exists()


def test_a_body_without_bounds_is_not_read(provider: Any, post: Post) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.body += b" " * CAP
    assert post(provider, sent) == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000])
def test_what_is_no_report_is_refused_without_a_trace(
    provider: Any, post: Post, body: bytes
) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.body = body
    assert post(provider, sent) in {400, 403}
    assert not Job.objects.exists()


def test_a_form_is_no_report(provider: Any, post: Post) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.content_type = "application/x-www-form-urlencoded"
    assert post(provider, sent) == 400


@those("brevo")
def test_a_proved_report_that_lacks_what_it_should_have_is_refused_with_a_line(
    provider: Any, post: Post
) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.body = b'{"items": []}'
    with capture_logs() as lines:
        assert post(provider, sent) == 400
    assert [line["event"] for line in lines if "report" in line["event"]] == [
        "mail.report_unreadable"
    ]


@those("brevo")
def test_what_changes_nothing_is_taken_without_a_job(provider: Any, post: Post) -> None:
    sent = provider.sent(Event(kind=HARD))
    sent.body = sent.body.replace(b"hard_bounce", b"unique_opened")
    assert post(provider, sent) == 200
    assert not Job.objects.exists()


def test_amazons_certificate_is_asked_for_once(ses: Ses, post: Post, asked: list[str]) -> None:
    for kind in (HARD, DELIVERED):
        assert post(ses, ses.sent(Event(kind=kind))) == 200
    assert asked == [CERTIFICATE]


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/1.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/1.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/1.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/1.pem",
        "https://sns.us-east-1.amazonaws.com/1.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/1.pem",
        "https://evil.s3.amazonaws.com/1.pem",
        "",
    ],
)
def test_no_certificate_is_taken_from_elsewhere(
    ses: Ses, post: Post, asked: list[str], url: str
) -> None:
    sent = ses.notification("Notification", "{}", at=datetime.now(UTC), SigningCertURL=url)
    assert post(ses, sent) == 403
    assert asked == []


def test_another_topic_and_an_older_signature_are_refused_before_anything_is_asked_for(
    ses: Ses, post: Post, asked: list[str]
) -> None:
    now = datetime.now(UTC)
    for changes in ({"TopicArn": f"{TOPIC}-2"}, {"SignatureVersion": "1"}):
        assert post(ses, ses.notification("Notification", "{}", at=now, **changes)) == 403
    assert asked == []


def test_our_own_topic_is_confirmed_and_no_other(ses: Ses, post: Post, asked: list[str]) -> None:
    now = datetime.now(UTC)
    kind = "SubscriptionConfirmation"
    elsewhere = {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"}
    assert post(ses, ses.notification(kind, "Confirm", at=now, TopicArn=f"{TOPIC}-2")) == 403
    assert post(ses, ses.notification(kind, "Confirm", at=now, forged=True)) == 403
    assert post(ses, ses.notification(kind, "Confirm", at=now, **elsewhere)) == 400
    assert asked == [CERTIFICATE]
    assert post(ses, ses.notification(kind, "Confirm", at=now)) == 200
    assert asked[1:] == ["https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"]


NOW = datetime.now(UTC)
EARLIER, LATER = NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([("delivered", EARLIER), ("bounced", LATER)], "bounced"),
        ([("bounced", LATER), ("delivered", EARLIER)], "bounced"),
        ([("bounced", EARLIER), ("delivered", LATER)], "delivered"),
        ([("delivered", LATER), ("bounced", EARLIER)], "delivered"),
        ([("delivered", LATER), ("bounced", LATER)], "bounced"),
        ([("bounced", LATER), ("delivered", LATER)], "bounced"),
        ([("complained", EARLIER), ("delivered", LATER)], "complained"),
        ([("complained", EARLIER), ("bounced", LATER)], "complained"),
        ([("delivered", LATER), ("complained", EARLIER)], "complained"),
    ],
)
def test_the_order_in_which_reports_arrive_does_not_matter(
    db: None, told: list[tuple[str, datetime]], state: str
) -> None:
    mail = sent_mail()
    for kind, at in [*told, *told]:
        mail.report(kind, at=at)
    assert Mail.objects.get().state == state


def test_a_mail_whose_end_was_lost_is_known_to_have_left_and_is_not_sent_again(
    mailbox: Any, do_jobs: DoJobs
) -> None:
    mailing.send("test", to=ADA)
    mail = Mail.objects.get()
    assert mail.report("delivered", at=NOW)
    do_jobs()
    assert not mailbox.messages
    mail.refresh_from_db()
    assert (mail.state, mail.text) == (Mail.State.DELIVERED, "")


@pytest.mark.parametrize("state", ["withheld", "suppressed"])
def test_a_mail_that_never_left_is_not_reported_on(db: None, state: str) -> None:
    mailing.send("test", to=ADA)
    mail = Mail.objects.get()
    mail.close(Mail.State(state))
    assert not mail.report("delivered", at=NOW)


@pytest.mark.parametrize(
    ("provider_name", "headers"),
    [
        ("", set()),
        ("postmark", {"X-PM-Metadata-reference"}),
        ("ses", {"X-Metadata"}),
        ("sendgrid", {"X-SMTPAPI"}),
        ("mailgun", {"X-Mailgun-Variables"}),
        ("resend", {"X-Metadata", "Resend-Idempotency-Key"}),
        ("brevo", {"X-Mailin-custom"}),
    ],
)
def test_the_configured_provider_and_no_other_is_told_the_mails_reference(
    settings: Any, mailbox: Any, do_jobs: DoJobs, provider_name: str, headers: set[str]
) -> None:
    settings.MAIL_PROVIDER = provider_name
    mailing.send("test", to=ADA)
    do_jobs()
    [message] = mailbox.messages
    all_of_them = {
        *("X-PM-Metadata-reference", "X-Metadata", "X-SMTPAPI", "X-Mailgun-Variables"),
        *("Resend-Idempotency-Key", "X-Mailin-custom"),
    }
    assert all_of_them & {*message.keys()} == headers
    reference = Mail.objects.get().reference
    assert reference
    assert all(reference.hex in message[name] for name in headers)
