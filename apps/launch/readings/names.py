"""Which names a launch has, by its plan and its zones."""

from apps.launch.facts.dns import Dns
from apps.launch.plan import Plan

# A label that nobody has: what is absent below a name tells in which zone the name is.
BELOW = "_zone"


def hosts(plan: Plan, host: str = "") -> tuple[str, ...]:
    """The names that visitors use, without repetition; `host` is that of --live."""
    names = (*plan.names, plan.site.platform_host, host)
    return tuple(dict.fromkeys(name for name in names if name))


def mail_domains(plan: Plan, sender: str = "") -> tuple[str, ...]:
    """The domains that mail comes from, `sender` among them, and the one that bounces go to."""
    names = (*(each.name for each in plan.mail.domains), sender, plan.mail.return_path)
    return tuple(dict.fromkeys(name for name in names if name))


def planned(plan: Plan) -> tuple[str, ...]:
    """The names that are the founder's own: not the platform's."""
    return tuple(dict.fromkeys((*plan.names, *(sub.name for sub in plan.subdomains))))


def zones(plan: Plan, dns: Dns) -> tuple[str, ...]:
    """The zones that the founder's names are in. Raises Unasked."""
    names = (*planned(plan), *(domain.name for domain in plan.mail.domains))
    found = dict.fromkeys(dns.zone(name) for name in names)
    return tuple(zone for zone in found if "." in zone)


def is_apex(name: str, dns: Dns) -> bool:
    """Whether a name begins a zone, also one that a CNAME hides. Raises Unasked."""
    soa, servers = dns.ask(name, "SOA"), dns.ask(name, "NS")
    return (
        (soa.zone == name and not soa.chain)
        or bool(servers.records and not servers.chain)
        or dns.ask(f"{BELOW}.{name}", "SOA").zone == name
    )


def selector_name(selector: str, domain: str) -> str:
    """Where a DKIM key stands (RFC 6376 §3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def relative(name: str, zone: str) -> str:
    """A name as it is typed into the form of its zone: "@" for the zone's own."""
    return "@" if name == zone else name.removesuffix(f".{zone}")
