"""A name server on loopback, over UDP and TCP, that answers for all names as a recursive one does.

It holds several zones, parents among them: every name with an SOA record begins one.
"""

import socketserver
import struct
import threading
from collections.abc import Iterable, Mapping
from enum import Enum
from types import TracebackType
from typing import Any, Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Records = dict[tuple[str, str], list[str]]  # by name, without the last dot, and type
EVERYTHING = ""  # in place of a name: whatever is asked
TTL = 3600
CHASES = 16
PIECE = 255  # bytes that one string of a TXT record holds, by RFC 1035 §3.3


class Mood(Enum):
    """How the server treats a question."""

    ANSWER = "answer"
    SILENT = "say nothing"
    SERVFAIL = "say that something failed"
    REFUSE = "say that one is not welcome"
    LIE = "answer with the wrong number"
    STRANGER = "answer another question"
    GARBAGE = "send bytes that are no message"
    TRUNCATE = "send the rest never, over TCP neither"
    BOGUS = "fail unless told not to validate"


class Zones:
    """What a server knows, and how it answers from that: a class of its own, without a network.

    A value of TXT that does not begin with a quotation mark is cut into strings. A zone with a DS
    record is signed: its answers carry AD, as from a resolver that validates.
    """

    def __init__(self, records: Mapping[tuple[str, str], Iterable[str]] | None = None) -> None:
        self.records: Records = {key: list(values) for key, values in (records or {}).items()}
        self.ttls: dict[tuple[str, str], int] = {}  # by name and type; else TTL

    def reply(self, query: dns.message.Message, mood: Mood = Mood.ANSWER) -> dns.message.Message:
        """Make the message that answers `query`."""
        response = dns.message.make_response(query, recursion_available=True)
        asked = query.question[0]
        if mood is Mood.LIE:
            response.id = query.id ^ 0x5555
        if mood is Mood.STRANGER:
            other = dns.message.make_query("stranger.invalid", asked.rdtype)
            response.question = other.question
        bogus = mood is Mood.BOGUS and not query.flags & dns.flags.CD
        if mood is Mood.SERVFAIL or bogus:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif mood is Mood.REFUSE:
            response.set_rcode(dns.rcode.REFUSED)
        else:
            self._fill(response, _text(asked.name), dns.rdatatype.to_text(asked.rdtype))
            if not query.flags & (dns.flags.AD | dns.flags.CD):
                response.flags &= ~dns.flags.AD
        return response

    def _fill(self, response: dns.message.Message, name: str, type: str) -> None:
        """Put in what there is: CNAMEs are followed; what is absent is absent with the SOA."""
        response.flags |= dns.flags.AA
        if (self._zone(name), "DS") in self.records:
            response.flags |= dns.flags.AD
        for _ in range(CHASES):
            values = self._values(name, type)
            alias = [] if values or type == "CNAME" else self._values(name, "CNAME")
            if alias:
                response.answer.append(self._rrset(name, "CNAME", alias))
                name = alias[0].rstrip(".").lower()
                continue
            if values:
                response.answer.append(self._rrset(name, type, values))
                return
            break
        if not self._exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        # The parent answers for a zone's DS record.
        zone = self._zone(name.partition(".")[2] if type == "DS" else name)
        soa = self.records.get((zone, "SOA"), ["a.root-servers.net. n.root. 1 1800 900 604800 60"])
        response.authority.append(self._rrset(zone, "SOA", soa))

    def _values(self, name: str, type: str) -> list[str]:
        """What stands at a name, or at the wildcard of RFC 4592 that stands in for it."""
        if (name, type) in self.records or self._exists(name):
            return self.records.get((name, type), [])
        parent = name.partition(".")[2]
        while parent and not self._exists(parent):
            parent = parent.partition(".")[2]
        return self.records.get((f"*.{parent}", type), [])

    def _exists(self, name: str) -> bool:
        """Whether anything stands at a name or below it."""
        held = [owner for (owner, _), values in self.records.items() if values]
        return not name or any(owner == name or owner.endswith(f".{name}") for owner in held)

    def _zone(self, name: str) -> str:
        """The nearest name above, itself included, that begins a zone; "" is the root."""
        while name and not self.records.get((name, "SOA")):
            name = name.partition(".")[2]
        return name

    def _rrset(self, name: str, type: str, values: list[str]) -> dns.rrset.RRset:
        texts = [_strings(value) if type == "TXT" else value for value in values]
        ttl = self.ttls.get((name, type), TTL)
        return dns.rrset.from_text_list(f"{name}.", ttl, dns.rdataclass.IN, type, texts)


class NameServer(Zones):
    """It is bound to `address` from the beginning, and answers inside a `with` block.

    `records`, `ttls` and `moods`, by name with EVERYTHING for all, may be changed while it runs.
    """

    def __init__(self, records: Mapping[tuple[str, str], Iterable[str]] | None = None) -> None:
        super().__init__(records)
        self.moods: dict[str, Mood] = {}
        self.asked: list[tuple[str, str]] = []
        self._servers = _bound(self)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            for server in self._servers
        ]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._servers[0].server_address[:2]
        return str(host), int(port)

    def answer(self, wire: bytes, *, over_tcp: bool) -> bytes | None:
        """Answer the bytes of a question; None is silence."""
        try:
            query = dns.message.from_wire(wire)
            asked = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        name = _text(asked.name)
        self.asked.append((name, dns.rdatatype.to_text(asked.rdtype)))
        mood = self.moods.get(name, self.moods.get(EVERYTHING, Mood.ANSWER))
        if mood is Mood.SILENT:
            return None
        if mood is Mood.GARBAGE:
            return wire[:2] + b"\xff" * 40
        response = self.reply(query, mood)
        if mood is Mood.TRUNCATE:
            response.flags |= dns.flags.TC
        size = 65535 if over_tcp else max(512, query.payload)
        return _to_wire(response, size)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = 4096


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def _bound(owner: NameServer) -> tuple[socketserver.BaseServer, socketserver.BaseServer]:
    """A UDP and a TCP server on the same port, which the first finds and the second may not get."""

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            answer = owner.answer(wire, over_tcp=False)
            if answer is not None:
                socket.sendto(answer, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while len(head := self.rfile.read(2)) == 2:
                answer = owner.answer(self.rfile.read(*struct.unpack("!H", head)), over_tcp=True)
                if answer is not None:
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

    while True:
        udp = _Udp(("127.0.0.1", 0), Datagram)
        try:
            return udp, _Tcp(("127.0.0.1", udp.server_address[1]), Stream)
        except OSError:
            udp.server_close()


def _to_wire(response: dns.message.Message, size: int) -> bytes:
    """The bytes of a message; what does not fit leaves only a head that says so."""
    try:
        return response.to_wire(max_size=size)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=size)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removeprefix(".")


def _strings(value: str) -> str:
    """A text as the quoted strings of a TXT record."""
    if value.startswith('"'):
        return value
    held: list[Any] = [value[at : at + PIECE] for at in range(0, len(value), PIECE)] or [""]
    return " ".join('"{}"'.format(piece.replace('"', r"\"")) for piece in held)
