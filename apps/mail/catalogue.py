"""The catalogue of all mails: each with what it is called, when it goes out, to whom, and a sample.

A mail is three templates in templates/mail (subject, text, HTML) and an entry here, without which
the suite fails. An entry with a topic is one that its reader can do without: it
carries a way to stop it (apps/mail/subscriptions.py). All others are needed and always go out.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.core import mailing


class UnknownLetter(LookupError):
    """No mail has that name; the message lists those that have one."""


@dataclass(frozen=True)
class Topic:
    """Mails that a person stops together: a name for the database, two for people."""

    slug: str
    name: str
    explanation: str


# What one may do without. An entry below names one of them by `topic=`.
WORK = Topic(
    "work",
    "Work that has ended",
    "They come when an import or another long piece of work of yours has ended while you were "
    "away. The portal says so, too.",
)
TOPICS = {topic.slug: topic for topic in (WORK,)}


@dataclass(frozen=True)
class Entry:
    """One mail: `template` names its files, `sample` is a context to show it with."""

    template: str
    name: str
    when: str
    to: str
    group: str
    sample: dict[str, Any] = field(default_factory=dict)
    topic: Topic | None = None

    @property
    def is_transactional(self) -> bool:
        """Whether it is needed, so that nobody can stop it."""
        return self.topic is None


# Whatever the samples show is made up, and no row of a database is read for it.
MOMENT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOTICE = {"timestamp": MOMENT, "ip": "203.0.113.7", "device": "Firefox on Linux"}
ADDRESSES = {"from_email": "ada@example.com", "to_email": "ada.lovelace@example.com"}
AT_GITHUB = {"account": {"get_provider_account": "ada"}, "provider": "GitHub"}
CODE = {"code": "BCDF-GHJK"}
MEMBERS = mailing.absolute("/t/acme/members/")
INVITED = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

ACCOUNT, SECURITY, WORKSPACE = "Accounts", "Security", "Workspaces"
WORKING, BILLING, OPERATING = "Work", "Billing", "Operations"
OWNER = "the account's owner"
ASKED = "whoever asked for it"

ENTRIES = (
    # Signing up and getting in
    Entry(
        "email_confirmation_signup",
        "Sign-up code",
        "Somebody signs up.",
        "the address that was typed",
        ACCOUNT,
        CODE,
    ),
    Entry(
        "email_confirmation",
        "Address confirmation code",
        "Somebody has yet to prove an address, or changes to another one.",
        "the address that is to be proved",
        ACCOUNT,
        CODE,
    ),
    Entry(
        "account_already_exists",
        "Account exists already",
        "Somebody signs up with an address that has an account.",
        OWNER,
        ACCOUNT,
        {
            "login_url": mailing.absolute("/accounts/login/"),
            "password_reset_url": mailing.absolute("/accounts/password/reset/"),
        },
    ),
    Entry(
        "password_reset_key",
        "Password reset",
        "Somebody asks for a new password.",
        OWNER,
        ACCOUNT,
        {"password_reset_url": mailing.absolute("/accounts/password/reset/key/1-abc-0123456789/")},
    ),
    Entry(
        "unknown_account",
        "Password reset without an account",
        "Somebody asks for a new password with an address that has no account.",
        "the address that was typed",
        ACCOUNT,
    ),
    Entry(
        "email_change_code",
        "Address change code",
        "Somebody asks to change the address of their account.",
        "the old address",
        ACCOUNT,
        {**NOTICE, **CODE, "to_email": ADDRESSES["to_email"]},
    ),
    # Notices of what happened to one's account
    Entry(
        "email_change_done",
        "Address changed, to the new one",
        "An address was changed.",
        "the new address",
        SECURITY,
        {**NOTICE, **ADDRESSES},
    ),
    Entry(
        "email_changed",
        "Address changed, to the old one",
        "An address was changed.",
        "the old address",
        SECURITY,
        {**NOTICE, **ADDRESSES},
    ),
    Entry(
        "email_changed_by_us",
        "Address changed by support",
        "An operator runs the command change_email.",
        "the old and the new address",
        SECURITY,
        ADDRESSES,
    ),
    Entry(
        "email_deleted",
        "Address removed",
        "An address was taken off an account.",
        "the address that was removed",
        SECURITY,
        {**NOTICE, "deleted_email": "ada@example.com"},
    ),
    Entry(
        "new_signin",
        "Sign-in from a new place",
        "Neither the browser nor its address was seen with the account before.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry(
        "password_changed", "Password changed", "A password was changed.", OWNER, SECURITY, NOTICE
    ),
    Entry(
        "password_reset",
        "Password chosen anew",
        "A new password was chosen by the link of a reset.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry(
        "password_set",
        "Password set",
        "An account that had no password got one.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry(
        "account_connected",
        "Sign-in provider connected",
        "An account at Google, GitHub or Microsoft was connected.",
        OWNER,
        SECURITY,
        {**NOTICE, **AT_GITHUB},
    ),
    Entry(
        "account_disconnected",
        "Sign-in provider disconnected",
        "Such an account was disconnected.",
        OWNER,
        SECURITY,
        {**NOTICE, **AT_GITHUB},
    ),
    Entry(
        "totp_activated",
        "Authenticator app set up",
        "Two-step sign-in by an app was switched on.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry(
        "totp_deactivated",
        "Authenticator app removed",
        "Two-step sign-in by an app was switched off.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry("webauthn_added", "Passkey added", "A passkey was added.", OWNER, SECURITY, NOTICE),
    Entry("webauthn_removed", "Passkey removed", "A passkey was removed.", OWNER, SECURITY, NOTICE),
    Entry(
        "recovery_codes_generated",
        "New recovery codes",
        "Recovery codes were made anew.",
        OWNER,
        SECURITY,
        NOTICE,
    ),
    Entry(
        "recovery_code_used",
        "Recovery code used",
        "Somebody signed in with a recovery code.",
        OWNER,
        SECURITY,
        {**NOTICE, "codes_left": 7},
    ),
    Entry(
        "two_step_removed",
        "Two-step sign-in removed by support",
        "An operator runs the command two_step.",
        OWNER,
        SECURITY,
    ),
    # Workspaces
    Entry(
        "invitation",
        "Invitation",
        "An admin invites somebody, or sends an invitation again.",
        "the address that was invited",
        WORKSPACE,
        {
            "inviter": "Ada Lovelace",
            "workspace": "Acme",
            "role": "a member",
            "link": mailing.absolute(f"/invitations/{INVITED}/"),
            "ends": datetime(2026, 11, 29, 9, 30, tzinfo=UTC),
        },
    ),
    Entry(
        "ownership_transferred",
        "Ownership handed over",
        "An owner hands a workspace over.",
        "the former owner",
        WORKSPACE,
        {"workspace": "Acme", "owner": "Grace Hopper", "link": MEMBERS},
    ),
    Entry(
        "ownership_received",
        "Ownership received",
        "An owner hands a workspace over.",
        "the new owner",
        WORKSPACE,
        {"workspace": "Acme", "former": "Ada Lovelace", "link": MEMBERS},
    ),
    # Work that has ended
    Entry(
        "export_ready",
        "Export ready",
        "An export that was asked for has ended, and nobody was there to see it.",
        ASKED,
        WORKING,
        {
            "doing": "export of clients",
            "workspace": "Acme",
            "counted": "1,204 clients",
            "kept_until": datetime(2026, 12, 5, 9, 30, tzinfo=UTC),
            "link": mailing.absolute("/t/acme/exports/42/"),
        },
    ),
    Entry(
        "import_finished",
        "Import finished",
        "An import has ended, and nobody was there to see it.",
        ASKED,
        WORKING,
        {
            "doing": "import of clients",
            "workspace": "Acme",
            "added": 990,
            "refused": 10,
            "link": mailing.absolute("/t/acme/imports/42/"),
        },
        topic=WORK,
    ),
    Entry(
        "job_failed",
        "Work that failed",
        "A piece of work could not be done, and nobody was there to see it.",
        ASKED,
        WORKING,
        {
            "doing": "export of clients",
            "workspace": "Acme",
            "link": mailing.absolute("/t/acme/exports/42/"),
        },
    ),
    # Billing
    Entry(
        "receipt",
        "Receipt",
        "A payment has come in. Nothing sends it until the product bills.",
        "whoever pays for the workspace",
        BILLING,
        {
            "workspace": "Acme",
            "number": "2026-0042",
            "paid_at": MOMENT,
            "paid_with": "the card that ends in 4242",
            "lines": [("Team plan, 5 people, November 2026", "€45.00"), ("VAT, 19 %", "€8.55")],
            "total": "€53.55",
            "link": mailing.absolute("/t/acme/settings/"),
        },
    ),
    # Those who run the product
    Entry(
        "alert",
        "Alert",
        "Something needs an operator. Nothing sends it until alerts are set up.",
        "each operator",
        OPERATING,
        {
            "what": "12 jobs have failed within an hour",
            "since": MOMENT,
            "facts": [("Kind", "mail.send"), ("Newest", "job 4711")],
            "advice": "Look at what they say, mend the cause, then try them again.",
            "link": mailing.absolute("/operations/"),
        },
    ),
    Entry(
        "round_trip",
        "Smoke test",
        "A smoke test asks whether queue and mail work.",
        "the account of the smoke test",
        OPERATING,
    ),
    Entry(
        "test",
        "Test",
        "An operator runs the command send_test_mail.",
        "the address that was given",
        OPERATING,
    ),
)
BY_TEMPLATE = {entry.template: entry for entry in ENTRIES}


def entry(template: str) -> Entry:
    """The mail that those templates make. Raises UnknownLetter, with the names that there are."""
    try:
        return BY_TEMPLATE[template]
    except KeyError:
        known = ", ".join(sorted(BY_TEMPLATE))
        raise UnknownLetter(f"There is no mail {template!r}. There are: {known}.") from None


def name_of(template: str) -> str:
    """What people call a mail; one that a library wrote, or that is no longer sent, has no name."""
    found = BY_TEMPLATE.get(template)
    return found.name if found else "Another mail"


def topics() -> list[Topic]:
    """The topics that some mail is about, and so can be stopped."""
    used = {entry.topic.slug for entry in BY_TEMPLATE.values() if entry.topic}
    return [topic for slug, topic in TOPICS.items() if slug in used]
