"""Facts of what the pages answered: status, headers, cookies, redirects, caches, limits, mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from apps.launch.facts.unasked import Unasked, known

REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """A cookie as it was set on the wire; its value is not kept."""

    name: str
    secure: bool
    http_only: bool
    same_site: str  # Lax, Strict, None, or "" where it says nothing
    domain: str  # "" for this host alone
    path: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to one request; nobody followed it anywhere.

    `untrusted` says why the certificate does not hold for the name; the page was asked for all the
    same, without credentials, since what it says is a fact of its own.
    """

    url: str
    status: int
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by name in small letters
    cookies: tuple[Cookie, ...] = ()
    ms: float = 0.0  # from the first byte sent to the last one read, connecting included
    body: str = ""  # its first megabyte
    untrusted: str = ""

    def header(self, name: str) -> str:
        """The values of a header, joined as RFC 9110 §5.3 says; "" where there is none."""
        return ", ".join(self.headers.get(name.lower(), ()))

    @property
    def leads_to(self) -> str:
        """The absolute address that it redirects to, or ""."""
        where = self.header("location")
        return urljoin(self.url, where) if self.status in REDIRECTS and where else ""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Attempts that were made one after another until one was refused.

    `statuses` are the answers' in turn; `retry_after` is what the last one said.
    """

    statuses: tuple[int, ...]
    retry_after: str = ""

    @property
    def refused(self) -> bool:
        return self.statuses[-1:] == (429,)


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """How far the mail server let us; nothing was sent.

    The fields stay "" for what went well; `certificate` and `login` also for what nobody asks for.
    """

    address: str
    refusal: str = ""  # why it does not talk
    certificate: str = ""  # why its certificate does not hold, or why it offers no TLS
    login: str = ""  # why it does not let us in


@dataclass(frozen=True, kw_only=True)
class Web:
    """What the running product answered to a stranger.

    `pages` are the answers by role (LANDING …): as many as the page was asked for in turn.
    `chains` are, by the address that a visitor types, the answers up to the one that does not lead
    on within the product's own names; a loop ends where it closes.
    """

    host: str  # under which the pages were asked for
    canonical: str  # where every name has to lead
    edge: str  # what stands in front and may keep pages, by the plan
    chains: Mapping[str, tuple[Answer, ...] | Unasked]
    moved: Mapping[tuple[str, str], tuple[Answer, ...] | Unasked]  # the plan's (source, target)
    pages: Mapping[str, tuple[Answer, ...] | Unasked]
    origins: Mapping[tuple[str, str], Answer | Unasked]  # by path and Origin
    bursts: Mapping[str, Burst | Unasked]  # by route name, and FORGED
    mail_server: MailServer | Unasked

    def page(self, role: str) -> Answer:
        """The first answer of a role. Raises Unasked."""
        return known(self.pages[role])[0]


LANDING, LOGIN, APP, MISSING, JSON = "landing", "sign-in", "app", "missing page", "JSON"
STATIC, HEALTH, READY, CONFUSED = "static file", "health", "readiness", "sign-in as a file"
PLATFORM_HEALTH, STRANGER = "health under the platform's name", "unknown host"
FORGED = "account_login with forged addresses"
