"""How any room writes a mail: from a template's three parts to one message for the mail backend.

What becomes of the message (the queue, the mail server, retries) is the mail room's.
"""

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string

from config.product import PRODUCT

if TYPE_CHECKING:
    from apps.tenants.models import Tenant


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
    `absolute`. The mail is queued in the caller's transaction, so that undoing it unsends it.

    `key` names the event that the mail tells of, such as "export 42 is ready", and holds for its
    tenant: the same person is told once, however often and by whomever it is asked for.
    """
    compose(template, to=to, context=context, tenant=tenant, key=key).send()


def compose(
    template: str,
    *,
    to: str,
    context: dict[str, Any] | None = None,
    tenant: "Tenant | None" = None,
    key: str = "",
) -> TemplatedMail:
    """Make the message that `send` sends."""
    shown = {"product": PRODUCT, "site_url": settings.SITE_URL, **(context or {})}
    message = TemplatedMail(
        # Names that people chose are in subjects; their line breaks would be headers.
        subject=" ".join(plain(f"mail/{template}.subject.txt", shown).split()),
        body=re.sub(r"\n{3,}", "\n\n", plain(f"mail/{template}.txt", shown)).strip() + "\n",
        to=[to],
        # Keeps out-of-office programs from answering (RFC 3834).
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", shown), "text/html")
    message.template, message.tenant, message.key = template, tenant, key
    return message


def plain(name: str, context: dict[str, Any]) -> str:
    """Render a template as text, where an ampersand is an ampersand."""
    return Engine.get_default().get_template(name).render(Context(context, autoescape=False))
