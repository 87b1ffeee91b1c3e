"""Reads SPF as a receiver has to in the worst case: nothing matches before the end (RFC 7208).

What stands in a macro depends on the mail, so its lookup is counted and its answer is not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from apps.launch.facts.dns import Answer

Lookup = Callable[[str, str], Answer]
MOST_LOOKUPS = 10  # §4.6.4, as are the two below
MOST_VOIDS = 2
MOST_EXCHANGES = 10
ENOUGH = 40  # lookups; nothing is learnt from more
VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
MECHANISM = re.compile(
    r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::(.*?))?"
    r"(?:/(\d{1,3}))?(?://(\d{1,3}))?",
    re.IGNORECASE,
)
MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.IGNORECASE)
MACRO = re.compile(r"%(?:\{[slodiphcrtv]\d*r?[-.+,/_=]*\}|[%_-])", re.IGNORECASE)
DOMAIN = re.compile(r"[\x21-\x24\x26-\x7e]+\.(?=[a-z0-9-]*[a-z-])[a-z0-9-]+\.?", re.IGNORECASE)


@dataclass
class Reading:
    """What one domain's policy comes to. Without a record, `records` is empty and so is the rest.

    `errors` are those for which a receiver says permerror; `default` is what `all` says of
    strangers ("-", "~", "?" or "+"; "?" where nothing does); `costs` are the lookups by term.
    """

    domain: str
    records: tuple[str, ...] = ()
    errors: list[str] = field(default_factory=list)
    lookups: int = 0
    voids: list[str] = field(default_factory=list)
    costs: dict[str, int] = field(default_factory=dict)
    default: str = "?"
    uses_ptr: bool = False


def evaluate(domain: str, look: Lookup) -> Reading:
    """Read the policy of `domain`. Raises what `look` raises."""
    reading = Reading(domain=domain)
    reading.records = _policies(look(domain, "TXT"))
    if len(reading.records) > 1:
        reading.errors.append(f"{domain} has {len(reading.records)} SPF records")
    elif reading.records:
        reading.default = _Walk(reading, look).follow(reading.records[0], (domain,)) or "?"
    return reading


def is_domain(text: str) -> bool:
    """Whether a text is a domain-spec: a name with a dot, or one that a macro makes (§7.1)."""
    # A macro at the end may be the whole name, its dots included.
    plain = MACRO.sub(lambda found: "macro.name" if found[0].startswith("%{") else "-", text)
    return bool(DOMAIN.fullmatch(plain))


def _policies(answer: Answer) -> tuple[str, ...]:
    return tuple(text for text in answer.records if VERSION.match(text))


class _Walk:
    """Goes through a record and all that it leads to; `path` are the domains on the way here."""

    def __init__(self, reading: Reading, look: Lookup) -> None:
        self.reading = reading
        self.look = look

    def follow(self, record: str, path: tuple[str, ...]) -> str | None:
        """Follow a record's terms; return what its `all` says, or that of its redirect."""
        default, modifiers = None, []
        for term in filter(None, record.split(" ")[1:]):
            if found := MECHANISM.fullmatch(term):
                if default is None:  # what stands after `all` is never reached, §5.1
                    default = self.mechanism(term, found, path)
            elif found := MODIFIER.fullmatch(term):
                modifiers.append((found[1].lower(), found[2]))
            else:
                self.mistake(term, path)
        self.modifiers(modifiers, path)
        redirect = dict(modifiers).get("redirect")
        if default is None and redirect:  # §6.1: `all` makes it void
            return self.descend(redirect, path)
        return default

    def modifiers(self, found: list[tuple[str, str]], path: tuple[str, ...]) -> None:
        """Look at those that have a meaning; others are for the future (§6)."""
        names = [name for name, _ in found]
        for name, value in found:
            if name in {"redirect", "exp"} and not is_domain(value):
                self.mistake(f"{name}={value}", path)
        for name in ("redirect", "exp"):
            if names.count(name) > 1:
                self.reading.errors.append(f"{path[-1]} has {name}= {names.count(name)} times")

    def mechanism(self, term: str, found: re.Match[str], path: tuple[str, ...]) -> str | None:
        """Take in one mechanism; only `all` returns something, its qualifier."""
        qualifier, name, argument, four, six = found.groups()
        name = name.lower()
        if not _is_written_well(name, argument, four, six):
            self.mistake(term, path)
        elif name == "all":
            return str(qualifier) or "+"
        elif name == "include":
            self.descend(argument, path)
        elif name in {"a", "mx", "ptr", "exists"}:
            self.count(term, path)
            self.reading.uses_ptr |= name == "ptr"
            asked = (argument or path[-1]).lower().rstrip(".")
            if "%" not in asked and name != "ptr":
                self.resolve(name, asked)
        return None

    def descend(self, domain: str, path: tuple[str, ...]) -> str | None:
        """Follow another domain's record, as include and redirect do."""
        domain = domain.lower().rstrip(".")
        self.count(domain, path)
        if "%" in domain or not is_domain(domain) or self.reading.lookups >= ENOUGH:
            return None
        if domain in path:
            self.reading.errors.append(f"{path[-1]} leads back to {domain}")
            return None
        answer = self.look(domain, "TXT")
        if not answer.records:
            self.reading.voids.append(domain)
        records = _policies(answer)
        if len(records) == 1:
            return self.follow(records[0], (*path, domain))
        many = len(records) or "no"  # §5.2 and §6.1
        self.reading.errors.append(f"{domain}, which {path[-1]} names, has {many} SPF records")
        return None

    def resolve(self, name: str, asked: str) -> None:
        """Ask what a, mx or exists ask, to know whether there is anything."""
        if name == "mx":
            exchanges = self.look(asked, "MX").records
            if len(exchanges) > MOST_EXCHANGES:
                self.reading.errors.append(f"{asked} has {len(exchanges)} MX, 10 are allowed")
            found = bool(exchanges)
        else:
            kinds = ("A",) if name == "exists" else ("A", "AAAA")  # §5.7: never AAAA
            found = any(self.look(asked, kind).records for kind in kinds)
        if not found:
            self.reading.voids.append(asked)

    def count(self, term: str, path: tuple[str, ...]) -> None:
        """Count a lookup, for the term of the first record that led to it."""
        first = path[1] if len(path) > 1 else term.lstrip("+-~?")
        self.reading.lookups += 1
        self.reading.costs[first] = self.reading.costs.get(first, 0) + 1

    def mistake(self, term: str, path: tuple[str, ...]) -> None:
        self.reading.errors.append(f'{path[-1]} has "{term}", which is no SPF')


def _is_written_well(name: str, argument: str | None, four: str | None, six: str | None) -> bool:
    """Whether a mechanism has the argument that it needs, and no other (§5)."""
    if name in {"ip4", "ip6"}:
        return not six and _is_network(f"{argument}/{four or ''}".rstrip("/"), name)
    lengths = four or six
    if name == "all":
        return argument is None and not lengths
    if name in {"include", "exists", "ptr"} and lengths:
        return False
    if int(four or 0) > 32 or int(six or 0) > 128:
        return False
    return name in {"a", "mx", "ptr"} if argument is None else is_domain(argument)


def _is_network(text: str, name: str) -> bool:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return isinstance(network, IPv4Network if name == "ip4" else IPv6Network)
