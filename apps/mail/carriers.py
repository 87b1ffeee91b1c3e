"""How each provider is told our name of a mail, so that its reports say it back.

The name is a random one and means nothing to others. Postmark, Amazon and Resend put a Message-ID
of their own into the mail, so that ours does not come back.
"""

import uuid
from collections.abc import Callable

from django.conf import settings

Headers = dict[str, str]


def in_json(header: str) -> Callable[[str], Headers]:
    return lambda reference: {header: f'{{"reference": "{reference}"}}'}


CARRIERS: dict[str, Callable[[str], Headers]] = {
    "brevo": in_json("X-Mailin-custom"),
    "mailgun": in_json("X-Mailgun-Variables"),
    "postmark": lambda reference: {"X-PM-Metadata-reference": reference},
    # The second one has it take the same mail once, within 24 hours.
    "resend": lambda reference: {
        **in_json("X-Metadata")(reference),
        "Resend-Idempotency-Key": reference,
    },
    "sendgrid": lambda reference: {
        "X-SMTPAPI": f'{{"unique_args": {{"reference": "{reference}"}}}}'
    },
    "ses": in_json("X-Metadata"),
}


def headers_for(reference: uuid.UUID | None) -> Headers:
    """The headers that tell the configured provider, if there is one and the mail has a name."""
    if reference is None or not settings.MAIL_PROVIDER:
        return {}
    return CARRIERS[settings.MAIL_PROVIDER](reference.hex)
