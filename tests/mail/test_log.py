"""The mail log says in plain words what became of whose mail, and never what a mail said."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Crossing
from apps.core import mailing
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.mail.words import SAYINGS, meaning, words
from apps.tenants.models import Invitation, Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser, Mailbox

SECRET = "the words of the mail"
LOG = "/t/acme/mails/"


def note(tenant: Tenant | None, to: str, state: str = "sent", **more: Any) -> Mail:
    """A mail as it stands in the table."""
    fields = {"template": "test", "sender": "us@example.com", "message_id": "<1@x>", "text": SECRET}
    return Mail.objects.create(tenant=tenant, to=to, state=state, **{**fields, **more})


@pytest.fixture
def staff(make_user: Callable[..., User], sign_in: Callable[[User], Browser]) -> Browser:
    """An operator's browser."""
    user = make_user("staff@slipway.example")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return sign_in(user)


def shown(browser: Browser, url: str = LOG) -> list[str]:
    """The addresses on the page, from the top."""
    page = browser.get(url).content.decode()
    return re.findall(r"<td>\s*([\w.]+@[\w.]+)\s*<small>", page)


def test_an_admin_sees_the_workspaces_own_mail_and_no_other(
    acme: Tenant, globex: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    note(acme, "ada@example.com")
    note(globex, "mallory@example.com")
    note(None, "nobody@example.com")
    assert shown(as_role(Role.ADMIN)) == ["ada@example.com"]


def test_a_line_says_what_it_was_and_never_what_it_said(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    note(acme, "ada@example.com", "failed", template="invitation", error="550 5.1.1 at link/x7")
    page = as_role(Role.ADMIN).get(LOG).content.decode()
    assert "Invitation" in page
    assert "The mailbox does not exist." in page
    assert SECRET not in page
    assert "link/x7" not in page


def test_it_is_searched_by_address_and_filtered_by_state(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    note(acme, "ada@example.com")
    note(acme, "grace@example.org", "bounced", error="552 5.2.2 Full")
    admin = as_role(Role.ADMIN)
    assert shown(admin, f"{LOG}?q=GRACE") == ["grace@example.org"]
    assert shown(admin, f"{LOG}?q=example.com") == ["ada@example.com"]
    assert shown(admin, f"{LOG}?state=bounced") == ["grace@example.org"]
    assert shown(admin, f"{LOG}?state=nonsense") == ["grace@example.org", "ada@example.com"]
    assert "No such mail" in admin.get(f"{LOG}?q=nobody").content.decode()


def test_an_empty_log_says_what_to_do(acme: Tenant, as_role: Callable[[Role], Browser]) -> None:
    assert "No mail yet" in as_role(Role.ADMIN).get(LOG).content.decode()


def test_it_has_pages(acme: Tenant, as_role: Callable[[Role], Browser]) -> None:
    for number in range(27):
        note(acme, f"reader{number}@example.com")
    admin = as_role(Role.ADMIN)
    page = admin.get(LOG).content.decode()
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following
    assert shown(admin, following[1]) == ["reader1@example.com", "reader0@example.com"]


def test_a_long_log_costs_as_many_queries_as_a_short_one(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    admin = as_role(Role.ADMIN)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            admin.get(LOG)
        return len(queries)

    for number in range(2):
        job = Job.ask("mail.send", tenant=acme)
        note(acme, f"a{number}@example.com", "queued", job=job)
        note(acme, f"b{number}@example.com", "failed", template="invitation")
    few = asked()
    for number in range(10):
        job = Job.ask("mail.send", tenant=acme)
        note(acme, f"c{number}@example.com", "queued", job=job)
        note(acme, f"d{number}@example.com", "failed", template="invitation")
    assert asked() == few


def test_an_invitation_that_did_not_arrive_leads_to_where_it_is_sent_again(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    admin = as_role(Role.ADMIN)
    by: Membership = acme.memberships.get(role=Role.ADMIN)
    Invitation.invite("typo@example.com", Role.VIEWER, by=by)
    page = admin.get(LOG).content.decode()
    assert "Send the invitation again" not in page
    acme.mails.update(state="bounced", error="550 5.1.1")
    page = admin.get(LOG).content.decode()
    assert 'href="/t/acme/members/#invitations-title"' in page
    acme.invitations.all().delete()
    assert "Send the invitation again" not in admin.get(LOG).content.decode()


# Words


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("550 5.1.1 No such user", "The mailbox does not exist"),
        ("{'a@x': (452, b'4.2.2 Over quota')}", "The mailbox is full"),
        ("550-5.7.26 Unauthenticated", "could not make sure that it is from us"),
        ("550 5.7.999 Odd", "refused it by its rules"),
        ("554 Looks like spam", "The receiving server refused it"),
        ("smtplib.SMTPSenderRefused: (421, b'Too busy')", "takes no mail at present"),
        ("Connection to 10.5.1.1 port 587 refused", ""),
        ("Cancelled", ""),
    ],
)
def test_a_servers_answer_is_put_into_words(said: str, means: str) -> None:
    assert means in meaning(said)
    assert bool(means) == bool(meaning(said))


def test_every_state_has_words() -> None:
    assert {*Mail.State.values} == {*SAYINGS}
    for state in Mail.State.values:
        found = words(Mail(state=state))
        assert found.label
        assert found.sentence.endswith(".")
        assert found.tone in {"good", "warn", "bad", "muted"}


def test_a_mail_that_has_to_wait_says_why_and_until_when(
    acme: Tenant,
    as_role: Callable[[Role], Browser],
    server_says: Callable[..., None],
    do_jobs: Callable[[], int],
) -> None:
    server_says(recipient="451 4.7.1 Greylisted")
    mailing.send("test", to="ada@example.com", tenant=acme)
    admin = as_role(Role.ADMIN)
    assert "It is sent as soon as it is its turn." in admin.get(LOG).content.decode()
    do_jobs()
    page = admin.get(LOG).content.decode()
    job = acme.mails.get().job
    assert job is not None
    again = timezone.localtime(job.run_after)
    assert f"next try {again:%H:%M}." in page


def test_a_mail_whose_job_has_just_failed_does_not_seem_to_wait(
    acme: Tenant, server_says: Callable[..., None], do_jobs: Callable[[], int]
) -> None:
    server_says(recipient="550 5.1.1 No such user")
    mailing.send("test", to="ada@example.com", tenant=acme)
    do_jobs()
    found = words(acme.mails.select_related("job").get())
    assert (found.label, found.sentence) == ("Failed", "The mailbox does not exist.")


def test_what_was_sent_says_so(acme: Tenant, mailbox: Mailbox, do_jobs: Callable[[], int]) -> None:
    mailing.send("test", to="ada@example.com", tenant=acme)
    do_jobs()
    assert words(acme.mails.get()).sentence == "The mail server has taken it on."


# Everybody's, for those who run the product


def test_staff_see_everybodys_mail_and_each_look_is_kept(
    acme: Tenant, globex: Tenant, staff: Browser
) -> None:
    note(acme, "ada@example.com")
    note(globex, "grace@example.com")
    note(None, "nobody@example.com")
    assert shown(staff, "/operations/mail/") == [
        "nobody@example.com",
        "grace@example.com",
        "ada@example.com",
    ]
    crossing = Crossing.objects.latest("pk")
    assert crossing.reason == "Mail log, opened by staff@slipway.example"


def test_the_log_is_read_from_an_index_that_the_tenant_leads(acme: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'mail_mail' AND indexname IN "
            "('mail_mail_newest', 'mail_mail_in_state')"
        )
        found = [row[0] for row in cursor.fetchall()]
    assert len(found) == 2
    assert all("(tenant_id, " in definition for definition in found)
