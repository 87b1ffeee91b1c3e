"""Asks name servers: the one of --dns and no other, or the system's where there is no --dns."""

from collections.abc import Iterable, Mapping
from functools import partial
from time import monotonic

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from apps.launch.facts.dns import Answer, Dns, Question
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import PATIENCE, together
from apps.launch.plan import Plan
from apps.launch.probes.questions import wanted
from apps.launch.probes.target import Target
from apps.launch.readings.names import hosts

ONE_TRY = 1.2  # seconds; a datagram may be lost, and is then sent again
ONE_QUESTION = 3.0
# What passes unharmed through networks (the DNS flag day of 2020); more comes over TCP.
DATAGRAM = 1232


def look_up(target: Target, plan: Plan, sender: str) -> Dns:
    """Ask everything that the checks need for `plan` and mail from the domain `sender`.

    What follows from an answer is asked in the next round. It takes PATIENCE at most; what could
    not be asked is an Unasked in its place. Raises Unasked if there is no name server to ask.
    """
    end = monotonic() + PATIENCE
    resolver, unchecked = _resolver(target), _resolver(target)
    unchecked.flags = dns.flags.RD | dns.flags.CD
    answers: dict[Question, Answer | Unasked] = {}
    while missing := wanted(plan, sender, target.host, answers):
        left = end - monotonic()
        if left <= 0:
            late = Unasked(f"{_servers(resolver)} took too long over all questions")
            answers |= dict.fromkeys(missing, late)
            continue
        questions = {each: partial(_ask, resolver, unchecked, *each) for each in missing}
        whom = partial(_whom, resolver)
        answers |= together(questions, whom=whom, patience=min(left, 2 * ONE_QUESTION))
    names = hosts(plan, target.host)
    return Dns(
        server=_servers(resolver),
        answers=answers,
        addresses={name: _addresses(answers, name) for name in names},
        detoured=frozenset(name for name in names if target.way_to(name, target.port)),
    )


def _resolver(target: Target) -> dns.resolver.Resolver:
    """Make a resolver that keeps nothing. Raises Unasked."""
    try:
        resolver = dns.resolver.Resolver(configure=target.dns is None)
    except dns.exception.DNSException as error:
        raise Unasked("this machine names no name server; use --dns") from error
    if target.dns:
        resolver.nameservers, resolver.port = [target.dns[0]], target.dns[1]
    resolver.timeout, resolver.lifetime = ONE_TRY, ONE_QUESTION
    resolver.flags = dns.flags.RD | dns.flags.AD
    resolver.use_edns(0, 0, DATAGRAM)
    return resolver


def _ask(
    resolver: dns.resolver.Resolver, unchecked: dns.resolver.Resolver, name: str, type: str
) -> Answer:
    """Ask one question. Raises Unasked, which says why there is no answer."""
    try:
        return _asked(resolver, name, type)
    except dns.resolver.NoNameservers as error:
        failures = error.kwargs["errors"]
    replies = [reply for *_, reply in failures if reply is not None]
    if any(reply.rcode() == dns.rcode.SERVFAIL for reply in replies):
        # SERVFAIL that CD heals is a signature that does not hold (RFC 4035 §5.5).
        try:
            return _asked(unchecked, name, type, bogus=True)
        except dns.exception.DNSException:
            pass
    raise Unasked(f"{_whom(resolver, (name, type))} {_reason(failures)}")


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


def _addresses(
    answers: Mapping[Question, Answer | Unasked], name: str
) -> tuple[str, ...] | Unasked:
    """All addresses of a name; an Unasked if one kind could not be had, since it may have some."""
    found: list[str] = []
    for type in ("A", "AAAA"):
        answer = answers[name, type]
        if isinstance(answer, Unasked):
            return answer
        found += answer.records
    return tuple(found)


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
