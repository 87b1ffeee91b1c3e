"""LC-MAIL: whether mail leaves, to a real server, over TLS, from an address that is yours."""

from apps.launch.checks.words import is_loopback, is_public_name, listed, mail_domain
from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

GOES_NOWHERE = {
    f"django.core.mail.backends.{name}.EmailBackend"
    for name in ("console", "dummy", "filebased", "locmem")
}
NEW_SERVER = "EMAIL_URL=smtp+tls://user:password@smtp.your-provider:587"


@check(
    "LC-MAIL-001",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="Mail is handed to a server",
    covers=["mail.E001"],
)
def backend(facts: Facts) -> Outcome:
    # Django 6.1 names back ends in MAILERS and has no EMAIL_BACKEND beside it.
    mailers = facts.settings.get("MAILERS") or {}
    backends = [mailer["BACKEND"] for mailer in mailers.values() if "BACKEND" in mailer]
    if not mailers:
        backends = [facts.settings["EMAIL_BACKEND"]]
    idle = [path for path in backends if path in GOES_NOWHERE]
    if not idle:
        return Passed(listed(backends) or "SMTP")
    return Failed(
        title="No mail leaves: it is written down and forgotten",
        evidence=f"the mail back end is {listed(idle)}",
        why="Nobody can sign up, accept an invitation or reset a password.",
        fix="take the mail back end out of your settings, as production.py",
    )


@check(
    "LC-MAIL-002",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="The mail server is not this machine",
)
def server(facts: Facts) -> Outcome:
    host = facts.settings["SMTP"]["host"]
    if not is_loopback(host):
        return Passed(host)
    return Failed(
        title="Mail goes no further than this machine",
        evidence=f"EMAIL_URL names {host}",
        why="Nobody can sign up, accept an invitation or reset a password.",
        fix=NEW_SERVER,
    )


@check(
    "LC-MAIL-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Mail travels to its server over TLS",
)
def encryption(facts: Facts) -> Outcome:
    smtp = facts.settings["SMTP"]
    if smtp["use_tls"] or smtp["use_ssl"] or is_loopback(smtp["host"]):
        return Passed("STARTTLS" if smtp["use_tls"] else "TLS" if smtp["use_ssl"] else "loopback")
    return Failed(
        title="Mail and its password travel in clear",
        evidence=f"SMTP to {smtp['host']} uses neither TLS nor STARTTLS",
        why="Whoever listens reads reset links and sends mail as you.",
        fix=NEW_SERVER,
    )


@check(
    "LC-MAIL-004",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="Mail comes from a domain that is yours",
)
def sender(facts: Facts) -> Outcome:
    domain = mail_domain(facts.settings["DEFAULT_FROM_EMAIL"])
    if is_public_name(domain):
        return Passed(domain)
    return Failed(
        title="Mail comes from a domain that nobody can own",
        evidence=f"DEFAULT_FROM_EMAIL is at {domain or 'no domain'}",
        why="Providers refuse it: sign-up and invitations never arrive.",
        fix='DEFAULT_FROM_EMAIL="Your Product <hello@your-domain>"',
    )


@check(
    "LC-MAIL-005",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="Somebody stops mail to addresses that bounce",
)
def bounces(facts: Facts) -> Outcome:
    said = known(facts.plan).mail.bounces
    if said == "provider":
        return Passed("the provider keeps the list")
    return Failed(
        title="Mail goes on to addresses that bounce",
        evidence=f'mail.bounces is "{said}"' if said else "mail.bounces is not said",
        why="Too many bounces, and providers refuse all mail of yours.",
        fix='switch the provider\'s suppression on; mail.bounces = "provider" in launch.toml',
    )


@check(
    "LC-MAIL-006",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="Staging's mail goes to few, production's to everybody",
)
def allowlist(facts: Facts) -> Outcome:
    names = facts.settings["MAIL_ALLOWLIST"]
    if facts.is_staging:
        if names:
            return Passed(f"{len(names)} on MAIL_ALLOWLIST")
        return Failed(
            title="Staging's mail goes to whoever is in its data, or to nobody",
            evidence="MAIL_ALLOWLIST is not set" if names is None else "MAIL_ALLOWLIST is empty",
            why="A trial run writes to real people, or no mail can be tried.",
            fix="MAIL_ALLOWLIST=you@your-domain; staging.py reads it",
        )
    if names is None:
        return Passed("to everybody")
    return Failed(
        title="Only a few get mail",
        evidence=f"MAIL_ALLOWLIST is in force, with {len(names)} on it",
        why="Customers never get their sign-up, invitation or reset mail.",
        fix="take MAIL_ALLOWLIST out of your settings; production.py has None",
    )
