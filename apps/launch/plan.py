"""The launch plan: what launch.toml may say, declared; plan_file.py reads it.

What a founder knows and no program can find out stands there: which names are theirs, who sends
their mail, who is called at night, when a restore was last rehearsed, which risks they accept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
ENVIRONMENTS = ("production", "staging")
KINDS = ("web", "mail", "elsewhere")
PLATFORMS = ("heroku", "render", "host")
SUPERVISORS = ("systemd", "supervisord")
CHANNELS = ("email", "sms", "phone", "chat", "webhook")


def entry(
    purpose: str,
    *,
    parse: Callable[[Any], Any] | None = None,
    default: Any = MISSING,
    example: str = "",
) -> Any:
    """Declare a key: what it is for, how its value is read, an example in TOML.

    `parse` takes the value, already of the annotated type, and raises ValueError with a reason.
    """
    details = {"purpose": purpose, "parse": parse, "example": example}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=details)
    return field(default=default, metadata=details)


def host(value: str) -> str:
    """Take a full host name, without scheme, port or path; it comes back in small letters."""
    name = value.strip().rstrip(".").lower()
    if not NAME.fullmatch(name):
        raise ValueError("must be a full host name, such as portal.example.com")
    return name


def host_or_none(value: str) -> str:
    return host(value) if value else ""


def hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(host(value) for value in values)


def https(value: str) -> str:
    """Take an address that starts with https://, or none."""
    if value and not (value.startswith("https://") and urlsplit(value).hostname):
        raise ValueError("must start with https://")
    return value


def address(value: str) -> str:
    """Take an address that starts with https://, or one on this machine, where a rehearsal runs."""
    if urlsplit(value).hostname in {"127.0.0.1", "localhost"}:
        return value.rstrip("/")
    return https(said(value)).rstrip("/")


def absolute(value: str) -> str:
    """Take a folder's full path, without what a shell would read in its own way."""
    if not re.fullmatch(r"(/[\w.-]+)+", value) or ".." in value.split("/"):
        raise ValueError("must be a full path of letters, digits, dots, - and _")
    return value


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return parse


def positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than 0")
    return value


def said(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Site:
    """Under which names the product answers."""

    canonical: str = entry(
        "The one host name that customers see; all others lead to it.",
        parse=host,
        example='"portal.example.com"',
    )
    aliases: tuple[str, ...] = entry(
        "Names that redirect to the canonical one, the bare domain and www among them.",
        parse=hosts,
        default=(),
        example='["example.com", "www.example.com"]',
    )
    platform_host: str = entry(
        "The name that the platform gave; it has to redirect as well.",
        parse=host_or_none,
        default="",
        example='"example.onrender.com"',
    )
    public_routes: tuple[str, ...] = entry(
        "Names of routes that are open without sign-in on purpose, beside the shipped ones.",
        default=(),
        example='["pricing"]',
    )
    cut_over: bool = entry(
        "Whether names are moved in these days: short TTLs are then right, else long ones.",
        default=False,
        example="false",
    )


@dataclass(frozen=True, kw_only=True)
class Subdomain:
    """A further name below the product's domains."""

    name: str = entry("The full name.", parse=host, example='"status.example.com"')
    purpose: str = entry("What it is for.", parse=said, example='"status page"')
    kind: str = entry(
        "web (has to have a certificate), mail (sends or takes mail) or elsewhere.",
        parse=one_of(*KINDS),
        default="web",
        example='"web"',
    )


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """An address that has moved."""

    source: str = entry("The old address.", parse=https, example='"https://example.com/login"')
    target: str = entry(
        "The new one.", parse=https, example='"https://portal.example.com/accounts/login/"'
    )


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A company that something was bought from."""

    name: str = entry("The company.", default="", example='"Gandi"')
    account: str = entry(
        "Whose account there it is, so that somebody can get in.",
        default="",
        example='"ops@example.com"',
    )
    url: str = entry(
        "Where one signs in.", parse=https, default="", example='"https://admin.gandi.net"'
    )
    renews: date | None = entry("When it has to be paid again.", default=None, example="2027-08-01")


@dataclass(frozen=True, kw_only=True)
class Hosting(Provider):
    """Where the processes run."""

    platform: str = entry(
        "heroku, render or host.", parse=one_of(*PLATFORMS), default="host", example='"render"'
    )
    edge: str = entry(
        "What stands in front and may keep pages, such as cloudflare; blank for nothing.",
        default="",
        example='"cloudflare"',
    )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where one environment of the product is, so that `deploy/` can ship to it."""

    name: str = entry(
        f"{' or '.join(ENVIRONMENTS)}.", parse=one_of(*ENVIRONMENTS), example='"production"'
    )
    url: str = entry(
        "The address that customers type.", parse=address, example='"https://portal.example.com"'
    )
    platform: str = entry(
        "heroku, render or host; blank for what [hosting] says.",
        parse=one_of("", *PLATFORMS),
        default="",
        example='"host"',
    )
    app: str = entry("On Heroku: the app's name.", default="", example='"example-production"')
    services: tuple[str, ...] = entry(
        "On Render: the services' IDs, web first.",
        default=(),
        example='["srv-abc", "srv-def", "srv-ghi"]',
    )
    database: str = entry("On Render: the database's ID.", default="", example='"dpg-abc"')
    ssh: str = entry(
        "On a machine of your own: whom ssh signs in as, and where; blank for this machine.",
        default="",
        example='"deploy@203.0.113.5"',
    )
    folder: str = entry(
        "On a machine of your own: where releases, files and sockets lie.",
        parse=absolute,
        default="/srv/slipway",
        example='"/srv/slipway"',
    )
    supervisor: str = entry(
        "On a machine of your own: systemd or supervisord, whichever keeps the processes running.",
        parse=one_of(*SUPERVISORS),
        default="systemd",
        example='"systemd"',
    )


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Who sends the product's mail, and as whom."""

    provider: str = entry("The company.", default="", example='"Postmark"')
    account: str = entry("Whose account there it is.", default="", example='"ops@example.com"')
    return_path: str = entry(
        "The domain that bounces go to (the envelope's), where it is not the sender's own.",
        parse=host_or_none,
        default="",
        example='"pm-bounces.example.com"',
    )
    bounces: str = entry(
        "Who stops mail to addresses that bounce: provider (its suppression list) or nobody.",
        parse=one_of("", "provider", "nobody"),
        default="",
        example='"provider"',
    )
    bulk: bool = entry(
        "Whether more than 5,000 mails a day go out.", default=False, example="false"
    )
    domains: tuple["MailDomain", ...] = entry("The domains that mail comes from.", default=())


@dataclass(frozen=True, kw_only=True)
class MailDomain:
    """A domain that mail comes from."""

    name: str = entry("The domain.", parse=host, example='"mail.example.com"')
    selectors: tuple[str, ...] = entry(
        "The DKIM selectors that the provider signs with; DNS does not list them.",
        default=(),
        example='["pm"]',
    )


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """Something outside that asks again and again whether the product is well."""

    name: str = entry("What it is called.", parse=said, example='"uptime"')
    url: str = entry("What it asks.", parse=https, example='"https://portal.example.com/healthz"')
    seconds: int = entry("How often it asks.", parse=positive, example="60")
    status: int = entry("The status that it asks for.", default=0, example="200")
    body: str = entry("What the answer has to contain.", default="", example='\'"status": "ok"\'')
    watches: tuple[str, ...] = entry(
        "What it watches beside: certificate, domain.",
        default=(),
        example='["certificate", "domain"]',
    )
    alerts: tuple[str, ...] = entry(
        "Which alert channels it tells.", default=(), example='["on call"]'
    )
    link: str = entry(
        "Where it is looked at.", parse=https, default="", example='"https://monitor.example.com/1"'
    )


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A way to reach somebody."""

    name: str = entry("What it is called.", parse=said, example='"on call"')
    kind: str = entry(f"One of {', '.join(CHANNELS)}.", parse=one_of(*CHANNELS), example='"phone"')
    target: str = entry(
        "A person, a number, a channel.", parse=said, example='"Ada, +44 20 7946 0000"'
    )


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Who answers for what."""

    product: str = entry("Who decides.", default="", example='"Ada Byron <ada@example.com>"')
    technical: str = entry("Who can mend it.", default="", example='"Sam Reed <sam@example.com>"')
    on_call: str = entry("Who is woken.", default="", example='"Sam Reed, +44 20 7946 0000"')
    security: str = entry(
        "Who reads reports of holes.", default="", example='"security@example.com"'
    )


@dataclass(frozen=True, kw_only=True)
class JourneyBudget:
    """What one journey may cost; what is not set follows from the general budgets."""

    p95_ms: int = entry("Milliseconds for 95 of 100.", default=0, example="600")
    queries: int = entry("Queries to the database.", default=0, example="20")
    kilobytes: int = entry("What is sent.", default=0, example="100")


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """How quick the product has to be."""

    html_ms: int = entry("p95 of a page, in ms.", parse=positive, default=600, example="600")
    api_ms: int = entry("p95 of JSON, in ms.", parse=positive, default=300, example="300")
    concurrency: int = entry(
        "How many people use it at the same moment.", parse=positive, default=8, example="8"
    )
    journeys: Mapping[str, JourneyBudget] = entry("Budgets of single journeys.", default={})


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That something was done, and when."""

    at: datetime = entry("When, as 2026-11-28 or 2026-11-28T09:00:00Z.", example="2026-11-28")
    by: str = entry("By whom.", parse=said, example='"Sam Reed"')
    note: str = entry("Where the result is, how long it took.", default="", example='"12 minutes"')


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was rehearsed; it goes stale."""

    backup: Proof | None = entry("The last backup that succeeded.", default=None)
    off_platform: str = entry(
        "Where the copy is that survives the loss of the hosting account.",
        default="",
        example='"Backblaze B2, bucket portal-backups"',
    )
    restore_drill: Proof | None = entry("The last restore that was tried.", default=None)
    rollback_drill: Proof | None = entry("The last rollback that was tried.", default=None)
    previous_release: Proof | None = entry(
        "The last run of the former release's tests on the new schema.", default=None
    )
    handover: Proof | None = entry(
        "The last time that somebody who did not write it worked by the handover pack.",
        default=None,
    )


@dataclass(frozen=True, kw_only=True)
class AcceptedRisk:
    """A finding that somebody has decided to live with, for a while."""

    id: str = entry("The check's id.", parse=said, example='"LC-DNS-009"')
    reason: str = entry("Why.", parse=said, example='"our registrar offers no DNSSEC"')
    owner: str = entry("Who decided.", parse=said, example='"Ada Byron"')
    until: date = entry("Until when it holds.", example="2027-02-01")
    fingerprint: str = entry(
        "The one finding that is meant, where a check has several.",
        default="",
        example='"3f9a1c20"',
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of launch.toml."""

    site: Site
    subdomains: tuple[Subdomain, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    registrar: Provider = entry(
        "The company that the domains were bought from.", default=Provider()
    )
    dns: Provider = entry("The company whose name servers answer for them.", default=Provider())
    hosting: Hosting = Hosting()
    environments: tuple[Environment, ...] = ()
    mail: Mail = Mail()
    monitors: tuple[Monitor, ...] = ()
    alerts: tuple[Alert, ...] = ()
    owners: Owners = Owners()
    budgets: Budgets = Budgets()
    evidence: Evidence = Evidence()
    accepted: tuple[AcceptedRisk, ...] = ()
    # By environment, then by variable: docs/environment.md says how they are made.
    fingerprints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every host name that visitors may type: the canonical one first."""
        return (
            self.site.canonical,
            *self.site.aliases,
            *(sub.name for sub in self.subdomains if sub.kind == "web"),
        )
