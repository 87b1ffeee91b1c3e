"""Facts of what the name servers answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.launch.facts.unasked import Unasked, known

Question = tuple[
    str, str
]  # a name in small letters without its last dot, and a type: ("a.b", "MX")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is at a name, or that nothing is; that it could not be asked is an Unasked instead.

    `records` are texts: addresses, "10 mx.example.com", '0 issue "ca.example"'; host names stand in
    small letters without their last dot, and the strings of a TXT are joined (RFC 7208 §3.3).
    """

    records: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()  # the names that CNAMEs led to, in order
    exists: bool = True  # False: there is no such name (NXDOMAIN), at the end of the chain
    ttl: int = 0  # seconds, of the first record: of the CNAME where there is one
    authoritative: bool = False  # else it may come from a cache, and the TTL be what is left of it
    validated: bool = False  # the server vouches for the signatures (RFC 4035 §3.2.3)
    bogus: bool = False  # to be had only by asking not to validate: the signatures are wrong
    zone: str = ""  # which zone it is in, where the server said so: with an SOA, or nothing
    asked: str = ""  # "asked 127.0.0.1:5353, 38 ms"


@dataclass(frozen=True, kw_only=True)
class Dns:
    """All answers, and what other probes need of them.

    `addresses` are the A and AAAA of each name that visitors use, through CNAMEs; an empty tuple
    says that there are none. `detoured` are the names that --connect-to leads elsewhere.
    """

    server: str  # "127.0.0.1:5353"; several with commas
    answers: Mapping[Question, Answer | Unasked]
    addresses: Mapping[str, tuple[str, ...] | Unasked] = field(default_factory=dict)
    detoured: frozenset[str] = frozenset()

    def ask(self, name: str, type: str) -> Answer:
        """Take an answer. Raises Unasked where it could not be had, or was not asked."""
        try:
            return known(self.answers[name, type])
        except KeyError:
            raise Unasked(f"{type} of {name} was not asked") from None

    def zone(self, name: str) -> str:
        """The zone that a name is in. Raises Unasked."""
        soa = self.ask(name, "SOA")
        # A chased CNAME leads into a zone of somebody else.
        return self.zone(parent(name)) if soa.chain else soa.zone


def parent(name: str) -> str:
    """The name above; "" above the last label."""
    return name.partition(".")[2]


def upwards(name: str) -> list[str]:
    """A name and all above it, down to the single label."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]
