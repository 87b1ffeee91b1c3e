"""What launch_init asks, what it can find out by itself, and the plan that the answers make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from apps.launch.checks.words import is_public_name, mail_domain
from apps.launch.plan import (
    PLATFORMS,
    Hosting,
    Mail,
    MailDomain,
    Owners,
    Plan,
    Provider,
    Site,
)
from apps.launch.plan_file import BadPlan, parse
from apps.launch.plan_text import plan_text

Answers = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question: its name is also its flag. It is left out where `unless` says so."""

    name: str
    words: str
    default: Callable[[Answers], str] = lambda answers: ""
    is_needed: bool = False
    unless: Callable[[Answers], bool] = lambda answers: False

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"


def own_host(answers: Answers) -> str:
    """The host of SITE_URL, if customers could reach it."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    return host if is_public_name(host) else ""


def www(answers: Answers) -> str:
    """The bare domain's www, which people type."""
    name = answers["canonical"]
    return f"www.{name}" if name.count(".") == 1 else ""


def sender(answers: Answers) -> str:
    """The domain of DEFAULT_FROM_EMAIL, if it could be somebody's."""
    domain = mail_domain(settings.DEFAULT_FROM_EMAIL)
    return domain if is_public_name(domain) else ""


QUESTIONS = (
    Question(
        name="canonical",
        words="Under which name will customers find the product, such as portal.acme.com?",
        default=own_host,
        is_needed=True,
    ),
    Question(
        name="aliases",
        words="Which other names lead there, such as acme.com, www.acme.com?",
        default=www,
    ),
    Question(
        name="platform",
        words=f"Where does it run: {', '.join(PLATFORMS)}?",
        default=lambda answers: settings.PLATFORM or "host",
    ),
    Question(
        name="platform_host",
        words="Which name did the platform give it, such as acme.onrender.com?",
        unless=lambda answers: answers.get("platform") == "host",
    ),
    Question(name="registrar", words="From which company was the domain bought?"),
    Question(
        name="dns",
        words="Which company's name servers answer for it?",
        default=lambda answers: answers.get("registrar", ""),
    ),
    Question(name="mail_provider", words="Which company sends the product's mail?"),
    Question(name="mail_domain", words="From which domain does that mail come?", default=sender),
    Question(
        name="selectors",
        words="With which DKIM selectors does that company sign? It says so on its domain page.",
        unless=lambda answers: not answers.get("mail_domain"),
    ),
    Question(name="owner", words="Who decides about the product? Name and address."),
    Question(
        name="technical",
        words="Who can mend it?",
        default=lambda answers: answers.get("owner", ""),
    ),
    Question(
        name="on_call",
        words="Who is woken when it is down? Name and number.",
        default=lambda answers: answers.get("technical", ""),
    ),
)


def plan_of(answers: Answers) -> Plan:
    """The plan that the answers make. Raises ValueError with the reason if they make none."""
    said = {question.name: answers.get(question.name, "").strip() for question in QUESTIONS}
    domain = MailDomain(name=said["mail_domain"], selectors=several(said["selectors"]))
    plan = Plan(
        site=Site(
            canonical=said["canonical"],
            aliases=several(said["aliases"]),
            platform_host=said["platform_host"],
        ),
        registrar=Provider(name=said["registrar"]),
        dns=Provider(name=said["dns"]),
        hosting=Hosting(platform=said["platform"] or "host"),
        mail=Mail(provider=said["mail_provider"], domains=(domain,) if said["mail_domain"] else ()),
        owners=Owners(product=said["owner"], technical=said["technical"], on_call=said["on_call"]),
    )
    try:
        return parse(plan_text(plan))
    except BadPlan as bad:
        # "launch.toml:5: site.canonical must be …": whoever answers sees no file yet.
        raise ValueError(bad.problems[0].split(": ", 1)[1].split(" ", 1)[1]) from None


def several(words: str) -> tuple[str, ...]:
    """A list as people type it, by commas or blanks."""
    return tuple(words.replace(",", " ").split())
