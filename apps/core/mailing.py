"""How any room writes a mail: from a template's three parts to one message for the mail backend.

What becomes of the message (the queue, the mail server, retries) is the mail room's.
"""

import re
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.dispatch import Signal
from django.template import Context, Engine
from django.template.loader import render_to_string

from config.product import PRODUCT

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

log = structlog.get_logger("slipway.mail")

# After a preheader, what keeps the text that follows it out of a list of mails: figure spaces, each
# with a joiner that no program trims.
BLANKS = "\u2007\u034f" * 40

# Sent before a mail is written, with its `template` and `to`. A receiver answers with what it adds
# to the context, or raises Unwanted to stop the mail.
writing = Signal()


class Unwanted(Exception):
    """The reader has asked not to get mail of this kind."""


class TemplatedMail(EmailMultiAlternatives):
    """A message that says which template it was made from, of which event and tenant it tells.

    The backend, in a room above this one, reads these off the object. They are attributes and not
    headers because a header would leave the house with the mail.
    """

    template = ""
    tenant: "Tenant | None" = None
    key = ""


def absolute(path: str) -> str:
    """The full address of `path`, on SITE_URL.

    A request's own host is never used: whoever asks for a reset could forge it, and would be sent
    the token of the person who follows the link.
    """
    return f"{settings.SITE_URL}{path}"


def send(
    template: str,
    *,
    to: str,
    context: dict[str, Any] | None = None,
    tenant: "Tenant | None" = None,
    key: str = "",
) -> None:
    """Write the mail `template` to one address and hand it to the mail backend.

    Renders templates/mail/<template>.subject.txt, .txt and .html with `product`, `site_url` and
    `context`; raises TemplateDoesNotExist where one is missing. Links in `context` are made with
    `absolute`. The mail is queued in the caller's transaction, so that undoing it unsends it. One
    that its reader has stopped is not written at all.

    `key` names the event that the mail tells of, such as "export 42 is ready", and holds for its
    tenant: the same person is told once, however often and by whomever it is asked for.
    """
    try:
        answers: list[Any] = writing.send(sender=TemplatedMail, template=template, to=to)
    except Unwanted as reason:
        log.info("mail.unwanted", template=template, reason=str(reason))
        return
    added = {name: value for _, answer in answers for name, value in answer.items()}
    compose(template, to=to, context={**(context or {}), **added}, tenant=tenant, key=key).send()


def compose(
    template: str,
    *,
    to: str,
    context: dict[str, Any] | None = None,
    tenant: "Tenant | None" = None,
    key: str = "",
) -> TemplatedMail:
    """Make the message that `send` sends.

    With an `unsubscribe_url` in the context it says how it is stopped, to people and to programs.
    """
    shown = {
        "product": PRODUCT,
        "site_url": settings.SITE_URL,
        "blanks": BLANKS,
        **(context or {}),
    }
    # Names that people chose are in subjects; their line breaks would be headers.
    shown["subject"] = " ".join(plain(f"mail/{template}.subject.txt", shown).split())
    message = TemplatedMail(
        subject=shown["subject"],
        body=re.sub(r"\n{3,}", "\n\n", plain(f"mail/{template}.txt", shown)).strip() + "\n",
        to=[to],
        # Keeps out-of-office programs from answering (RFC 3834).
        headers={
            "Auto-Submitted": "auto-generated",
            **unsubscribing(shown.get("unsubscribe_url", "")),
        },
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", shown), "text/html")
    message.template, message.tenant, message.key = template, tenant, key
    return message


def unsubscribing(url: str) -> dict[str, str]:
    """The headers by which a mail program stops such mail with one click (RFC 8058), if it can be.

    They count only if the mail provider's DKIM signature covers both.
    """
    if not url:
        return {}
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def plain(name: str, context: dict[str, Any]) -> str:
    """Render a template as text, where an ampersand is an ampersand."""
    return Engine.get_default().get_template(name).render(Context(context, autoescape=False))
