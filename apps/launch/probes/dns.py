"""Asks name servers: the one of --dns and no other, or the system's where there is no --dns."""

from collections.abc import Iterable
from contextlib import suppress
from time import monotonic

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from apps.launch.facts.dns import Answer, Question
from apps.launch.facts.unasked import Unasked
from apps.launch.probes.target import Target

ONE_TRY = 1.2  # seconds; a datagram may be lost, and is then sent again
ONE_QUESTION = 3.0
# What passes unharmed through networks (the DNS flag day of 2020); more comes over TCP.
DATAGRAM = 1232


class NameServers:
    """Those that are asked for `target`; nothing is kept from one question to the next.

    Raises Unasked if there are none.
    """

    def __init__(self, target: Target) -> None:
        self._checked = _resolver(target, dns.flags.RD | dns.flags.AD)
        self._unchecked = _resolver(target, dns.flags.RD | dns.flags.CD)

    def __str__(self) -> str:
        return _servers(self._checked)

    def whom(self, question: Question) -> str:
        """Say what is asked of whom."""
        return _whom(self._checked, question)

    def ask(self, name: str, type: str) -> Answer:
        """Ask one question. Raises Unasked, which says why there is no answer."""
        try:
            return _asked(self._checked, name, type)
        except dns.resolver.NoNameservers as error:
            failures = error.kwargs["errors"]
        replies = [reply for *_, reply in failures if reply is not None]
        if any(reply.rcode() == dns.rcode.SERVFAIL for reply in replies):
            # SERVFAIL that CD heals is a signature that does not hold (RFC 4035 §5.5).
            with suppress(dns.exception.DNSException, Unasked):
                return _asked(self._unchecked, name, type, bogus=True)
        raise Unasked(f"{self.whom((name, type))} {_reason(failures)}")


def _resolver(target: Target, flags: int) -> dns.resolver.Resolver:
    """Make a resolver that has no cache. Raises Unasked."""
    try:
        resolver = dns.resolver.Resolver(configure=target.dns is None)
    except dns.exception.DNSException as error:
        raise Unasked("this machine names no name server; use --dns") from error
    if target.dns:
        resolver.nameservers, resolver.port = [target.dns[0]], target.dns[1]
    resolver.timeout, resolver.lifetime = ONE_TRY, ONE_QUESTION
    resolver.flags = flags
    resolver.use_edns(0, 0, DATAGRAM)
    return resolver


def _asked(resolver: dns.resolver.Resolver, name: str, type: str, *, bogus: bool = False) -> Answer:
    """Ask once. Raises NoNameservers where none gave an answer, Unasked for no answer in time."""
    begun = monotonic()
    asked = dns.name.from_text(name)
    try:
        found = resolver.resolve(asked, type, raise_on_no_answer=False, search=False)
        response = found.response
        server = f"{found.nameserver}:{found.port}"
    except dns.resolver.NXDOMAIN as error:
        response, server = error.response(asked), _servers(resolver)
    except dns.exception.Timeout:
        raise Unasked(f"{_whom(resolver, (name, type))} was not answered in time") from None
    if response.flags & dns.flags.TC:
        raise Unasked(f"{_whom(resolver, (name, type))} was answered in part, over TCP too")
    took = (monotonic() - begun) * 1000
    return read(response, name, asked=f"asked {server}, {took:.0f} ms", bogus=bogus)


def read(response: dns.message.QueryMessage, name: str, *, asked: str, bogus: bool) -> Answer:
    """Take an answer out of a message. Raises Unasked for one that only names other servers."""
    result = response.resolve_chaining()
    authority = {dns.rdatatype.to_text(each.rdtype): each for each in response.authority}
    soa = authority.get("SOA")
    if result.answer is None and not soa and "NS" in authority:
        raise Unasked(f"the server asked for {name} knows only whom else to ask")
    if result.answer is not None and result.answer.rdtype == dns.rdatatype.SOA:
        soa = result.answer
    first = result.cnames[0] if result.cnames else result.answer
    return Answer(
        records=_texts(result.answer or ()),
        chain=tuple(_host(each[0].target) for each in result.cnames),
        exists=response.rcode() != dns.rcode.NXDOMAIN,
        ttl=first.ttl if first is not None else 0,
        authoritative=bool(response.flags & dns.flags.AA),
        validated=bool(response.flags & dns.flags.AD),
        bogus=bogus,
        zone=_host(soa.name) if soa is not None else "",
        asked=asked,
    )


def _texts(records: Iterable[object]) -> tuple[str, ...]:
    """Records as the facts have them, in an order that does not change from run to run."""
    return tuple(sorted(_said(record) for record in records))


def _said(record: object) -> str:
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "backslashreplace")
    text = str(record)
    if hasattr(record, "exchange") or hasattr(record, "target"):  # MX, NS, CNAME
        return " ".join(_bare(part) for part in text.split())
    return text


def _bare(text: str) -> str:
    return text.lower() if text == "." else text.lower().removesuffix(".")


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _servers(resolver: dns.resolver.Resolver) -> str:
    return ", ".join(f"{server}:{resolver.port}" for server in resolver.nameservers)


def _whom(resolver: dns.resolver.Resolver, question: Question) -> str:
    name, type = question
    return f"{type} of {name}, asked {_servers(resolver)},"


def _reason(failures: list[tuple[object, bool, int, object, dns.message.Message | None]]) -> str:
    """Say why no server of a NoNameservers answered, by the first."""
    _, _, _, error, reply = failures[0]
    if reply is not None:
        return f"was answered {dns.rcode.to_text(reply.rcode())}"
    return f"was not answered: {type(error).__name__}"
