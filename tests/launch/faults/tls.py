"""Faults of certificates and protocols."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.facts.tls import Endpoint
from apps.launch.findings import Tier
from tests.launch.fabricated import SOUND, with_facts
from tests.launch.sound.tls import CERTIFICATE, ENDPOINT, TLS

NOW, TRAFFIC = Tier.NOW, Tier.TRAFFIC
NO_ANSWER = Unasked("no answer")


def at(name: str, endpoint: Endpoint | Unasked) -> Facts:
    """The sound launch where one address of this name answers so."""
    addresses = TLS.endpoints[name]
    assert not isinstance(addresses, Unasked)
    last = list(addresses)[-1]
    changed = {**TLS.endpoints, name: {**addresses, last: endpoint}}
    return with_facts(tls=replace(TLS, endpoints=changed))


def portal(**changes: Any) -> Facts:
    """The sound launch where the portal's second address answers so."""
    return at("portal.harbourside.co", replace(ENDPOINT, **changes))


def certificate(code: int = 0, words: str = "", **changes: Any) -> Facts:
    """The sound launch where the portal's second address has such a certificate."""
    own = replace(CERTIFICATE, **changes)
    return portal(code=code, words=words, chain=(own, CERTIFICATE))


def left(share: float) -> Facts:
    """The sound launch where this much of a certificate's life is left."""
    life = timedelta(days=90)
    ends = SOUND.now + life * share
    return certificate(not_before=ends - life, not_after=ends)


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-TLS-001", NOW, at("www.harbourside.co", Endpoint(refusal="it speaks plain HTTP"))),
    ("LC-TLS-001", NOW, at("files.portal.harbourside.co", Endpoint(refusal="it answered no"))),
    ("LC-TLS-002", NOW, certificate(10, "certificate has expired")),
    ("LC-TLS-002", NOW, certificate(not_after=SOUND.now - timedelta(seconds=1))),
    ("LC-TLS-003", NOW, certificate(9, not_before=SOUND.now + timedelta(hours=1))),
    ("LC-TLS-004", NOW, certificate(62, names=("www.harbourside.co",))),
    ("LC-TLS-004", NOW, certificate(62, names=())),
    ("LC-TLS-005", NOW, portal(code=18, chain=(replace(CERTIFICATE, self_issued=True),))),
    ("LC-TLS-006", NOW, portal(code=20, chain=(CERTIFICATE,))),
    ("LC-TLS-006", NOW, portal(code=21, chain=(CERTIFICATE,))),
    ("LC-TLS-007", NOW, certificate(20, "unable to get local issuer certificate")),
    ("LC-TLS-007", NOW, certificate(19, "self-signed certificate in certificate chain")),
    ("LC-TLS-008", NOW, certificate(66, "EE certificate key too weak")),
    ("LC-TLS-008", NOW, certificate(key="RSA", key_bits=1024)),
    ("LC-TLS-009", TRAFFIC, portal(old_versions={"TLSv1": False, "TLSv1.1": True})),
    ("LC-TLS-010", TRAFFIC, left(0.32)),
    ("LC-TLS-010", TRAFFIC, left(0.11)),
    ("LC-TLS-010", NOW, left(0.09)),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a certificate of six days is young at half of them", left(0.5)),
    ("a longer RSA key will do", certificate(key="RSA", key_bits=2048)),
    ("Ed25519 is short and strong", certificate(key="Ed25519", key_bits=256)),
]
ALL = {f"LC-TLS-{number:03}" for number in range(1, 11)}
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [("tls", ALL)]
# What is seen in part, and which checks then do not know.
PARTLY: list[tuple[Facts, set[str]]] = [
    (at("harbourside.co", NO_ANSWER), ALL),
    (portal(old_versions={"TLSv1": NO_ANSWER, "TLSv1.1": False}), {"LC-TLS-009"}),
]
