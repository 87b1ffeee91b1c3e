"""What each mail is about, by its template's name: the matrix of all mails that we send."""

from datetime import UTC, datetime
from typing import Any

from apps.core import mailing

NOTICE = {
    "timestamp": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "ip": "203.0.113.7",
    "device": "Firefox on Linux",
}

MEMBERS = mailing.absolute("/t/acme/members/")

AT_GITHUB = {"account": {"get_provider_account": "ada"}, "provider": "GitHub"}
ADDRESSES = {"from_email": "ada@example.com", "to_email": "ada.lovelace@example.com"}

SAMPLES: dict[str, dict[str, Any]] = {
    "account_already_exists": {
        "login_url": mailing.absolute("/accounts/login/"),
        "password_reset_url": mailing.absolute("/accounts/password/reset/"),
    },
    "account_connected": {**NOTICE, **AT_GITHUB},
    "account_disconnected": {**NOTICE, **AT_GITHUB},
    "email_change_code": {**NOTICE, "code": "BCDF-GHJK", "to_email": "ada.lovelace@example.com"},
    "email_change_done": {**NOTICE, **ADDRESSES},
    "email_changed": {**NOTICE, **ADDRESSES},
    "email_changed_by_us": ADDRESSES,
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
    "new_signin": NOTICE,
    "ownership_received": {"workspace": "Acme", "former": "Ada Lovelace", "link": MEMBERS},
    "ownership_transferred": {"workspace": "Acme", "owner": "Grace Hopper", "link": MEMBERS},
    "password_changed": NOTICE,
    "password_reset": NOTICE,
    "password_reset_key": {
        "password_reset_url": mailing.absolute("/accounts/password/reset/key/1-abc-0123456789/")
    },
    "password_set": NOTICE,
    "recovery_code_used": {**NOTICE, "codes_left": 7},
    "recovery_codes_generated": NOTICE,
    "round_trip": {},
    "test": {},
    "totp_activated": NOTICE,
    "totp_deactivated": NOTICE,
    "two_step_removed": {},
    "unknown_account": {},
    "webauthn_added": NOTICE,
    "webauthn_removed": NOTICE,
}
