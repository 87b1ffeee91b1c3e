"""Whom mail may be from: the domains that are declared, and nobody else's."""

from typing import Any

import pytest
from django.core.mail import EmailMessage

from apps.jobs.models import Job
from apps.mail.models import Mail

ADA = "ada@example.com"


def write(**changes: Any) -> None:
    EmailMessage("Hello", "Text", to=[ADA], **changes).send()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"from_email": "Us <us@example.com>"},
        {"from_email": "us@Notices.Example.ORG"},
        {"reply_to": ["help@example.com", "Help <help@notices.example.org>"]},
    ],
)
def test_a_declared_domain_may_be_written_from(
    db: None, settings: Any, changes: dict[str, Any]
) -> None:
    settings.MAIL_DOMAINS = ["example.com", "notices.example.org"]
    write(**changes)
    assert Mail.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"from_email": "us@elsewhere.example"}, "From is of elsewhere.example"),
        ({"from_email": "us@sub.example.com"}, "From is of sub.example.com"),
        ({"from_email": "us@example.com <ceo@elsewhere.example>"}, "From is of elsewhere.example"),
        ({"from_email": "us@example.com, ceo@elsewhere.example"}, "From is of elsewhere.example"),
        ({"from_email": "nobody"}, "From is of no domain"),
        ({"reply_to": ["us@elsewhere.example"]}, "Reply-To is of elsewhere.example"),
        ({"headers": {"Reply-To": "us@elsewhere.example"}}, "Reply-To is of elsewhere.example"),
        ({"headers": {"Sender": "us@elsewhere.example"}}, "Sender is of elsewhere.example"),
        ({"headers": {"From": "us@elsewhere.example"}}, "From is of elsewhere.example"),
        ({"headers": {"sender": "us@elsewhere.example"}}, "Sender is of elsewhere.example"),
    ],
)
def test_any_other_is_refused_when_it_is_queued_and_the_way_on_is_named(
    db: None, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named) as refused:
        write(**changes)
    assert "Add it to MAIL_DOMAINS" in str(refused.value)
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_without_a_list_it_is_the_domain_of_the_default_sender(settings: Any) -> None:
    [domain] = settings.MAIL_DOMAINS
    assert settings.DEFAULT_FROM_EMAIL.strip(">").endswith(f"@{domain}")
