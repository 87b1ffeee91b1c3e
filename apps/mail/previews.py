"""How each mail of the catalogue looks, made from its sample: what the pages of letters show."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpResponse
from django.urls import reverse

from apps.core import mailing
from apps.mail.catalogue import ENTRIES, Entry, entry
from apps.mail.subscriptions import SIGNER

# A mail is shown as a mail program shows it: no script, nothing from afar, links in a new tab.
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
MOST = 100_000  # bytes; longer ones are cut by mail programs (Gmail: 102 KB)
READER = "reader@example.com"
DARK = "(prefers-color-scheme: dark)"
THEMES = {"light": "not all", "dark": "all"}  # in place of DARK


@dataclass(frozen=True)
class Preview:
    """One mail as its sample makes it."""

    entry: Entry

    @cached_property
    def message(self) -> mailing.TemplatedMail:
        return mailing.compose(self.entry.template, to=READER, context=sample_of(self.entry))

    @property
    def subject(self) -> str:
        return str(self.message.subject)

    @property
    def text(self) -> str:
        return str(self.message.body)

    @property
    def html(self) -> str:
        return str(self.message.alternatives[0][0])

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.extra_headers.items()]

    @cached_property
    def size(self) -> int:
        """How long the whole mail is, in bytes as it is sent."""
        return len(self.message.message().as_bytes())

    @property
    def is_too_long(self) -> bool:
        return self.size >= MOST

    def themed(self, theme: str) -> str:
        """The HTML as a light or a dark screen shows it, whatever the reader's own is."""
        return self.html.replace(DARK, THEMES[theme]).replace("light dark", theme)


def sample_of(letter: Entry) -> dict[str, object]:
    """The context of a mail's sample, with a link that stops nothing if it can be stopped."""
    if letter.is_transactional:
        return letter.sample
    link = mailing.absolute(reverse("unsubscription", args=[SIGNER.sign("0")]))
    return {**letter.sample, "unsubscribe_url": link}


def preview(template: str) -> Preview:
    """The mail that those templates make. Raises UnknownLetter."""
    return Preview(entry(template))


def groups() -> dict[str, list[Preview]]:
    """All mails, by what they are about."""
    found: dict[str, list[Preview]] = {}
    for letter in ENTRIES:
        found.setdefault(letter.group, []).append(Preview(letter))
    return found


def framed(html: str) -> HttpResponse:
    """HTML of a mail, for a frame in which it can do nothing."""
    page = f'<base target="_blank">{html}'
    return HttpResponse(page, headers={"Content-Security-Policy": SANDBOX})
