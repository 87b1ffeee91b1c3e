"""What each mail is about, by its template's name: the matrix of all mails that we send."""

from datetime import UTC, datetime
from typing import Any

from apps.core import mailing

NOTICE = {"timestamp": datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "ip": "203.0.113.7"}

SAMPLES: dict[str, dict[str, Any]] = {
    "account_already_exists": {
        "login_url": mailing.absolute("/accounts/login/"),
        "password_reset_url": mailing.absolute("/accounts/password/reset/"),
    },
    "email_changed": {
        **NOTICE,
        "from_email": "ada@example.com",
        "to_email": "ada.lovelace@example.com",
    },
    "email_confirmation": {"code": "BCDF-GHJK"},
    "email_confirmation_signup": {"code": "BCDF-GHJK"},
    "email_deleted": {**NOTICE, "deleted_email": "ada@example.com"},
    "invitation": {
        "inviter": "Ada Lovelace",
        "workspace": "Acme",
        "role": "a member",
        "link": mailing.absolute("/invitations/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"),
        "ends": datetime(2026, 11, 29, 9, 30, tzinfo=UTC),
    },
    "password_changed": NOTICE,
    "password_reset": NOTICE,
    "password_reset_key": {
        "password_reset_url": mailing.absolute("/accounts/password/reset/key/1-abc-0123456789/")
    },
    "password_set": NOTICE,
    "test": {},
}
