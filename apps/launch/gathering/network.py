"""Asks for certificates and pages together, at the addresses that the name servers told."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from apps.launch.facts.dns import Dns
from apps.launch.facts.tls import Tls
from apps.launch.facts.unasked import Unasked
from apps.launch.facts.web import Web
from apps.launch.gathering.asking import together
from apps.launch.gathering.tls import tls
from apps.launch.gathering.web import web
from apps.launch.plan import Plan
from apps.launch.probes.target import Target
from apps.launch.probes.tls import Addresses

PATIENCE = 17.0  # seconds; what is asked has bounds of its own, which are narrower


def certificates_and_pages(
    target: Target, plan: Plan | Unasked, dns: Dns | Unasked, settings: Mapping[str, Any]
) -> tuple[Tls | Unasked, Web | Unasked]:
    """Ask both at once. Where DNS could not tell an address, nobody asks there."""
    names = names_of(target, plan)
    known_addresses = addresses(names, dns)
    questions: dict[str, Callable[[], Any]] = {
        "tls": partial(tls, target, names, known_addresses),
        "web": partial(web, target, plan, known_addresses, settings),
    }
    answers: dict[str, Any] = together(
        questions, whom=lambda what: f"{target.host} ({what})", patience=PATIENCE
    )
    return answers["tls"], answers["web"]


def names_of(target: Target, plan: Plan | Unasked) -> tuple[str, ...]:
    """Every name that has to have a certificate: the plan's, the platform's and that of --live."""
    if isinstance(plan, Unasked):
        return (target.host,)
    return tuple(filter(None, dict.fromkeys([*plan.names, plan.site.platform_host, target.host])))


def addresses(names: tuple[str, ...], dns: Dns | Unasked) -> Addresses:
    """The addresses of the names, or for each why nobody knows them."""
    if isinstance(dns, Unasked):
        return dict.fromkeys(names, dns)
    return dns.addresses
