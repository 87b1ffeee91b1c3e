"""Asks all addresses of all names for TLS, at once."""

from collections.abc import Callable, Iterable
from functools import partial

from apps.launch.facts.tls import Endpoint, Tls
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import together
from apps.launch.probes.target import Address, Target
from apps.launch.probes.tls import Addresses, endpoint, port_of, ways


def tls(target: Target, names: Iterable[str], addresses: Addresses) -> Tls:
    """Ask each name at each address that DNS has for it, or where --connect-to leads."""
    endpoints: dict[str, dict[str, Endpoint | Unasked] | Unasked] = {}
    questions: dict[tuple[str, str], Callable[[], Endpoint]] = {}
    for name in names:
        try:
            found = ways(target, addresses, name, port_of(target, name))
        except Unasked as reason:
            endpoints[name] = reason
            continue
        endpoints[name] = {}
        for way in found:
            questions[name, shown(way)] = partial(endpoint, target, name, way)
    answers = together(questions, whom=lambda key: f"{key[0]} at {key[1]}")
    for (name, address), answer in answers.items():
        at = endpoints[name]
        assert isinstance(at, dict)
        at[address] = answer
    return Tls(endpoints=endpoints)


def shown(way: Address) -> str:
    """An address as it is told: with its port where that is not HTTPS's own."""
    host, port = way
    return host if port == 443 else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
