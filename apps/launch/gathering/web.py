"""Asks the running product for its pages as strangers would, and its mail server for a greeting."""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import reverse

from apps.launch.facts import web as facts
from apps.launch.facts.unasked import Skipped, Unasked
from apps.launch.facts.web import Answer, Burst, Web
from apps.launch.gathering.asking import together
from apps.launch.plan import Plan
from apps.launch.probes.mail import mail_server
from apps.launch.probes.target import Target
from apps.launch.probes.tls import Addresses, port_of
from apps.launch.probes.web import Visitor

FIRST = 5.0  # seconds that health may take; who does not answer by then is asked nothing more
HOPS = 6
# Twice the widest limit and one: limits count in fixed windows, and one may end in between.
ATTEMPTS = 41
BURST_SECONDS = 9.0
# By route, what its form is sent: wrong before anybody's account is looked for or mail is written.
TRIED = {
    "account_login": {"login": "launch-check", "password": "-"},
    "account_reset_password": {"email": "launch-check"},
    "account_signup": {"email": "launch-check"},
    "mfa_authenticate": {"code": "-"},
}
FORGED_NETWORK = "198.51.100"  # RFC 5737: nobody's
NAMELESS = "x.invalid"
STYLE_OR_SCRIPT = re.compile(r"""(?:href|src)=["']?([^"'\s>]+\.(?:css|js))["'\s>]""")
TOKEN = re.compile(r"""name=["']csrfmiddlewaretoken["']\s+value=["'](\w+)["']""")
Key = tuple[str, Any]


class Site:
    """Whom to ask: the target, the plan's names and where they are."""

    def __init__(self, target: Target, plan: Plan | Unasked, addresses: Addresses) -> None:
        self.target, self.addresses = target, addresses
        self.plan = None if isinstance(plan, Unasked) else plan
        self.host = target.host
        self.canonical = self.plan.site.canonical if self.plan else target.host
        self.platform = self.plan.site.platform_host if self.plan else ""
        aliases = self.plan.site.aliases if self.plan else ()
        self.names = tuple(filter(None, dict.fromkeys([self.canonical, *aliases, self.platform])))

    def url(self, path: str, name: str = "", scheme: str = "https") -> str:
        """The address of a path under a name, by default under that of --live."""
        name = name or self.host
        port = port_of(self.target, name) if scheme == "https" else 80
        return f"{scheme}://{name}{'' if port in {80, 443} else f':{port}'}{path}"

    def visitor(self) -> Visitor:
        return Visitor(self.target, self.addresses)

    def asked(self, path: str, *, times: int = 1, **headers: str) -> tuple[Answer, ...]:
        """The answers to one question, asked so many times by as many strangers."""
        return tuple(self.visitor().get(self.url(path), headers) for _ in range(times))


def web(
    target: Target, plan: Plan | Unasked, addresses: Addresses, settings: Mapping[str, Any]
) -> Web:
    """Ask for health first and alone, then for all the rest at once."""
    site = Site(target, plan, addresses)
    health: dict[Key, Any] = {
        ("page", facts.HEALTH): partial(site.asked, "/healthz"),
        ("page", facts.READY): partial(site.asked, "/readyz"),
    }
    answers = together(health, whom=lambda key: f"{site.host} ({key[1]})", patience=FIRST)
    of_the_host = about_the_host(site, settings)
    questions = about_names(site, settings)
    if all(isinstance(answer, Unasked) for answer in answers.values()):
        answers |= dict.fromkeys(of_the_host, answers["page", facts.HEALTH])
    else:
        questions |= of_the_host
    answers |= together(questions, whom=whom)
    return Web(
        host=site.host,
        canonical=site.canonical,
        edge=site.plan.hosting.edge if site.plan else "",
        chains=of_kind("chain", answers),
        moved=of_kind("moved", answers),
        pages=of_kind("page", answers),
        origins=of_kind("origin", answers),
        bursts=of_kind("burst", answers),
        mail_server=of_kind("mail", answers)[""],
    )


def whom(key: Key) -> str:
    """Who is asked, for when there is no answer."""
    kind, what = key
    if kind == "mail":
        return "The mail server"
    return " from ".join(what) if kind == "origin" else what[0] if kind == "moved" else str(what)


def of_kind(kind: str, answers: Mapping[Key, Any]) -> dict[Any, Any]:
    """The answers of one kind, by what was asked."""
    return {name: answer for (its, name), answer in answers.items() if its == kind}


def about_names(site: Site, settings: Mapping[str, Any]) -> dict[Key, Callable[[], Any]]:
    """Where every name leads, and what does not rest on the host of --live."""
    starts = [
        site.url(path, name, scheme)
        for name in site.names
        for scheme in ("http", "https")
        for path in ("/", "/a?b=1")
    ]
    redirects = site.plan.redirects if site.plan else ()
    platform = partial(site.visitor().get, site.url("/healthz", site.platform))
    return {
        **{("chain", url): partial(chain, site, url) for url in starts},
        **{
            ("moved", (one.source, one.target)): partial(chain, site, one.source)
            for one in redirects
        },
        ("page", facts.PLATFORM_HEALTH): partial(
            alone, platform if site.platform else None, "the plan names no platform host"
        ),
        ("mail", ""): partial(mail_server, site.target, settings["SMTP"]),
    }


def alone(question: Callable[[], Answer] | None, missing: str) -> tuple[Answer, ...]:
    """The one answer to a question. Raises Skipped where there is nothing to ask."""
    if question is None:
        raise Skipped(missing)
    return (question(),)


def about_the_host(site: Site, settings: Mapping[str, Any]) -> dict[Key, Callable[[], Any]]:
    """The pages of the product, what it tells other origins, and how often one may try."""
    login = reverse("account_login")
    pages = {
        facts.LANDING: partial(site.asked, "/", times=2),
        facts.LOGIN: partial(site.asked, login, times=2),
        facts.APP: partial(site.asked, reverse("home"), times=2),
        facts.MISSING: partial(site.asked, "/launch-check/nothing"),
        facts.JSON: partial(site.asked, "/launch-check/nothing", Accept="application/json"),
        facts.CONFUSED: partial(site.asked, f"{login}x.css"),
        facts.STRANGER: partial(site.asked, "/", Host=NAMELESS),
        facts.STATIC: partial(static, site, settings["STATIC_URL"]),
    }
    bursts = {
        **{route: partial(burst, site, route) for route in TRIED},
        facts.FORGED: partial(burst, site, "account_login", forged=True),
    }
    return {
        **{("page", role): question for role, question in pages.items()},
        **{
            ("origin", (path, origin)): partial(from_origin, site, path, origin)
            for path in ("/", "/api/")
            for origin in strange_origins(site.host)
        },
        **{("burst", name): question for name, question in bursts.items()},
    }


def strange_origins(host: str) -> tuple[str, ...]:
    """Origins that are nobody's here; the last two get past a pattern without its anchors."""
    return "https://evil.example", "null", f"https://{host}.evil.example", f"https://evil-{host}"


def from_origin(site: Site, path: str, origin: str) -> Answer:
    return site.visitor().get(site.url(path), {"Origin": origin})


def chain(site: Site, url: str) -> tuple[Answer, ...]:
    """Follow an address from answer to answer, within the product's own names and not for ever."""
    visitor, own = site.visitor(), {*site.names, urlsplit(url).hostname}
    answers: list[Answer] = []
    seen: set[str] = set()
    while url and url not in seen and urlsplit(url).hostname in own and len(answers) < HOPS:
        seen.add(url)
        answers.append(visitor.get(url))
        url = answers[-1].leads_to
    return tuple(answers)


def static(site: Site, prefix: str) -> tuple[Answer, ...]:
    """A style sheet or script of the landing page, asked for twice. Raises Unasked."""
    landing = site.visitor().get(site.url("/"))
    named = [urljoin(landing.url, unescape(each)) for each in STYLE_OR_SCRIPT.findall(landing.body)]
    below = urljoin(landing.url, prefix)
    for url in named:
        if url.startswith(below):
            return tuple(site.visitor().get(url) for _ in range(2))
    raise Unasked("the landing page names no style sheet or script of its own")


def burst(site: Site, route: str, *, forged: bool = False) -> Burst:
    """Send a wrong form again and again until one is refused; `forged` claims to be many people.

    Raises Unasked where there is no form to send, or too little time.
    """
    visitor, login, began = site.visitor(), site.url(reverse("account_login")), time.monotonic()
    token = TOKEN.search(visitor.get(login).body)
    if not token:
        raise Unasked("the sign-in page has no form")
    own = {"Origin": login.removesuffix(urlsplit(login).path), "Referer": login}
    statuses: list[int] = []
    while len(statuses) < ATTEMPTS:
        if time.monotonic() - began > BURST_SECONDS:
            raise Unasked(f"{len(statuses)} attempts took {BURST_SECONDS:g} s, none was refused")
        form, headers = TRIED[route], own
        if forged:
            claimed = f"{FORGED_NETWORK}.{len(statuses) + 1}"
            headers = {**own, "X-Forwarded-For": claimed, "X-Real-IP": claimed}
            form = {**form, "login": f"launch-check-{len(statuses)}"}
        fields = {**form, "csrfmiddlewaretoken": token[1]}
        answer = visitor.post(site.url(reverse(route)), fields, headers)
        statuses.append(answer.status)
        if answer.status == 429:
            return Burst(statuses=tuple(statuses), retry_after=answer.header("retry-after"))
    return Burst(statuses=tuple(statuses))
