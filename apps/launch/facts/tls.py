"""Facts of what the servers showed of their certificates and protocols."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.launch.facts.unasked import Unasked, known


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One certificate, as a server handed it out."""

    issuer: str  # the issuer's organisation, or its common name where it has none
    names: tuple[str, ...]  # the DNS names and IP addresses it is for; a common name is none
    not_before: datetime
    not_after: datetime
    key: str  # RSA, EC, Ed25519 …
    key_bits: int
    self_issued: bool  # issuer and subject are the same


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What one address answered when it was asked for TLS under a name.

    `refusal` says in words why there was no handshake at all; the other fields are then empty.
    `code` and `words` are OpenSSL's, from x509_vfy.h; 0 for a certificate that holds for the name.
    """

    refusal: str = ""
    code: int = 0
    words: str = ""
    version: str = ""  # TLSv1.3
    chain: tuple[Certificate, ...] = ()  # as it was sent, the server's own first
    old_versions: Mapping[str, bool | Unasked] = field(default_factory=dict)  # whether accepted


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The endpoints by name, then by the address that was asked."""

    endpoints: Mapping[str, Mapping[str, Endpoint | Unasked] | Unasked]

    def each(self) -> Iterator[tuple[str, str, Endpoint | Unasked]]:
        """Every endpoint with its name and address; an unknown name has no address."""
        for name, addresses in self.endpoints.items():
            if isinstance(addresses, Unasked):
                yield name, "", addresses
            else:
                for address, endpoint in addresses.items():
                    yield name, address, endpoint

    def issuers(self, name: str) -> tuple[str, ...]:
        """Who issued the certificates of a name; what vouches for itself was issued by nobody.

        Raises Unasked unless all addresses answered.
        """
        answered = [known(each) for each in known(self.endpoints[name]).values()]
        own = [each.chain[0] for each in answered if each.chain]
        return tuple(sorted({each.issuer for each in own if not each.self_issued}))
