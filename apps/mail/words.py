"""What became of a mail, in words that anybody understands.

Mail servers answer in codes: three digits (RFC 5321) and, mostly, three numbers that say more
(RFC 3463, https://www.iana.org/assignments/smtp-enhanced-status-codes). Their own words are for
experts and may hold an address or a link, so they are not shown.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.mail.models import Mail, last_words

# Neither is part of a longer number, such as a network address.
ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
BASIC = re.compile(r"(?<![\w.@])([45]\d\d)(?![\w.@])")

# By the last two numbers of an enhanced code, which mean the same for now (4) and for good (5).
MEANINGS = {
    "1.1": "The mailbox does not exist",
    "1.2": "The address's domain takes no mail",
    "1.3": "The address is not written as one",
    "1.6": "The mailbox has moved, and nobody said where to",
    "1.10": "The address's domain takes no mail",
    "2.1": "The mailbox is switched off",
    "2.2": "The mailbox is full",
    "2.3": "The mail is too big for the mailbox",
    "3.1": "The receiving server is full",
    "3.2": "The receiving server takes no mail at present",
    "3.4": "The mail is too big for the receiving server",
    "4.1": "The receiving server does not answer",
    "4.4": "No server takes mail for the address",
    "7.1": "The receiving server refused it as unwanted",
    "7.8": "The mail server does not take our password",
    "7.9": "The mail server does not take our password",
    "7.23": "The receiving server found that we may not send from this domain (SPF)",
    "7.20": "The receiving server found no valid signature (DKIM)",
    "7.26": "The receiving server could not make sure that it is from us (SPF, DKIM or DMARC)",
    "7.25": "The sending server has no name of its own (reverse DNS)",
}
# By what a code begins with, where nothing above says more.
GROUPS = {
    "1": "The address does not work",
    "2": "The mailbox takes no mail",
    "3": "The receiving server cannot take it",
    "4": "The receiving server could not be reached",
    "5": "The servers did not understand each other",
    "6": "The receiving server cannot take its contents",
    "7": "The receiving server refused it by its rules",
}
# Older servers send three digits alone.
DIGITS = {
    "421": "The receiving server takes no mail at present",
    "450": "The mailbox is busy",
    "451": "The receiving server had a fault of its own",
    "452": "The receiving server is full",
    "535": "The mail server does not take our password",
    "550": "The mailbox does not exist, or we may not write to it",
    "551": "The mailbox is not there",
    "552": "The mailbox is full, or the mail too big",
    "553": "The address is not written as one",
    "554": "The receiving server refused it",
}
TEMPORARY = "The server asked us to wait"


@dataclass(frozen=True)
class Words:
    """How a mail stands: a label, the tone of its badge, and a sentence."""

    label: str
    tone: str
    sentence: str


def meaning(said: str) -> str:
    """What a mail server's answer means, or "" if it tells nothing that we know."""
    if found := ENHANCED.search(said):
        _, group, detail = found.groups()
        return MEANINGS.get(f"{group}.{detail}") or GROUPS.get(group, "")
    if found := BASIC.search(said):
        return DIGITS.get(found[1], "")
    return ""


def words(mail: Mail) -> Words:
    """How a mail stands. Reads its job, so have that at hand (`select_related`)."""
    state, error = mail.state, mail.error
    if state == "queued":
        if mail.job is None or mail.job.is_active:
            return Words(Mail.State.QUEUED.label, "warn", waiting(mail))
        state, error = "failed", last_words(mail.job)  # the mail follows its job within a minute
    tone, said = SAYINGS.get(state, ("muted", ""))
    if state in {"failed", "bounced"}:
        said = f"{meaning(error) or said}."
    return Words(Mail.State(state).label, tone, said)


def waiting(mail: Mail) -> str:
    """What a mail that is not sent yet waits for."""
    job = mail.job
    if job is not None and job.state == "running":
        return "It is being sent."
    if job is None or not mail.put_off:
        return "It is sent as soon as it is its turn."
    return f"{meaning(mail.error) or TEMPORARY}; next try {moment(job.run_after)}."


def moment(at: datetime) -> str:
    """The time of day, and the day where it is not today."""
    local, today = timezone.localtime(at), timezone.localdate()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d %b, %H:%M}"


# By state: the tone, and what is said where nothing else is known.
SAYINGS = {
    "queued": ("warn", ""),
    "sent": ("good", "The mail server has taken it on."),
    "delivered": ("good", "It is in the mailbox."),
    "bounced": ("bad", "It came back, and nothing says why"),
    "complained": ("bad", "Its reader called it spam, and gets no more of its kind."),
    "failed": ("bad", "It could not be sent, and nothing says why"),
    "withheld": ("muted", "This site may write to listed addresses only."),
    "suppressed": (
        "muted",
        "Mail to this address came back before, or was called spam, so none was sent.",
    ),
}
