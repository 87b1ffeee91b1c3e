"""Faults of what name servers say of names."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.facts.dns import Answer, Question
from apps.launch.facts.tls import Tls
from apps.launch.findings import Tier
from tests.launch.fabricated import PLAN, with_facts, with_records
from tests.launch.sound.dns import RECORDS, Told, told
from tests.launch.sound.tls import CERTIFICATE, ENDPOINT, TLS
from tests.world.nameserver import Zones

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER
APEX, PORTAL, WWW = "harbourside.co", "portal.harbourside.co", "www.harbourside.co"
STATUS, MX = "status.harbourside.co", "mx.harbourside.co"
NOWHERE: dict[Question, list[str]] = {(PORTAL, "A"): [], (PORTAL, "AAAA"): []}
BY_DIGICERT = replace(ENDPOINT, chain=(replace(CERTIFICATE, issuer="DigiCert Inc"),))
IODEF = '0 iodef "mailto:security@harbourside.co"'
SHORT = {(PORTAL, "A"): 60, (PORTAL, "AAAA"): 60}
MOVING = replace(PLAN, site=replace(PLAN.site, cut_over=True))
CHECKS = {f"LC-DNS-{number:03}" for number in range(1, 12)}


class Altered(Told):
    """The sound answers, some of them changed after they were made."""

    def __init__(self, changes: Mapping[Question, Mapping[str, Any]]) -> None:
        super().__init__(Zones(RECORDS))
        self.changes = changes

    def __getitem__(self, question: Question) -> Answer:
        return replace(super().__getitem__(question), **self.changes.get(question, {}))


class Silent(Told):
    """The sound answers, but none to one question."""

    def __init__(self, *questions: Question) -> None:
        super().__init__(Zones(RECORDS))
        self.questions = questions

    def __getitem__(self, question: Question) -> Answer:
        if question in self.questions:
            raise Unasked("no answer")
        return super().__getitem__(question)


def at_steady_ttls(*names: Question) -> dict[Question, int]:
    """All records live for a minute, as while names are moved."""
    return {question: 60 for question in RECORDS if question not in names}


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-DNS-001", NOW, with_records(NOWHERE)),
    ("LC-DNS-001", NOW, with_records({(STATUS, "CNAME"): []})),
    ("LC-DNS-001", NOW, with_records({(WWW, "CNAME"): [], ("a." + WWW, "A"): ["81.2.69.1"]})),
    (
        "LC-DNS-001",
        NOW,
        with_records(
            {("harbourside.onrender.com", "A"): [], (WWW, "CNAME"): ["pages.status.net."]}
        ),
    ),
    ("LC-DNS-002", NOW, with_records({(STATUS, "CNAME"): ["gone.status.net."]})),
    ("LC-DNS-002", NOW, with_records({(WWW, "CNAME"): ["a.net."], ("a.net", "CNAME"): ["b.net."]})),
    (
        "LC-DNS-003",
        NOW,
        with_records(
            {
                (APEX, "A"): [],
                (APEX, "AAAA"): [],
                (APEX, "CNAME"): ["harbourside.onrender.com."],
            }
        ),
    ),
    (
        "LC-DNS-003",
        NOW,
        with_records({(f"a.{WWW}", "A"): ["81.2.69.1"], (WWW, "NS"): RECORDS[APEX, "NS"]}),
    ),
    ("LC-DNS-004", NOW, with_records({(MX, "A"): [], (MX, "CNAME"): ["in.postbird.net."]})),
    ("LC-DNS-005", TRAFFIC, with_records({(APEX, "NS"): ["ns1.harbourside.co."]})),
    ("LC-DNS-006", LATER, with_records({}, ttls=SHORT)),
    ("LC-DNS-006", LATER, with_records({}, ttls={(WWW, "CNAME"): 3599})),
    ("LC-DNS-006", LATER, with_records({}, ttls=at_steady_ttls((WWW, "CNAME")), plan=MOVING)),
    ("LC-DNS-007", NOW, with_records({(APEX, "CAA"): ['0 issue ";"', IODEF]})),
    ("LC-DNS-007", NOW, with_records({(PORTAL, "CAA"): ['0 issue ";"', IODEF]})),
    (
        "LC-DNS-007",
        NOW,
        with_records({(APEX, "CAA"): [*RECORDS[APEX, "CAA"], '128 unheardof "x"']}),
    ),
    ("LC-DNS-008", LATER, with_records({(APEX, "CAA"): []})),
    ("LC-DNS-008", LATER, with_records({(APEX, "CAA"): ['0 issue "letsencrypt.org"']})),
    ("LC-DNS-008", LATER, with_records({(APEX, "CAA"): [IODEF]})),
    ("LC-DNS-009", LATER, with_records({(APEX, "DS"): []})),
    (
        "LC-DNS-010",
        NOW,
        with_facts(dns=replace(told(), answers=Altered({(APEX, "SOA"): {"bogus": True}}))),
    ),
    ("LC-DNS-011", NOW, with_records({(PORTAL, "A"): ["10.0.0.7"]})),
    ("LC-DNS-011", NOW, with_records({(PORTAL, "A"): ["127.0.0.1"]})),
    ("LC-DNS-011", NOW, with_records({(PORTAL, "AAAA"): ["fd00::7"]})),
    ("LC-DNS-011", NOW, with_records({(APEX, "A"): ["203.0.113.7"]})),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("IPv6 alone is an address", with_records({(PORTAL, "A"): []})),
    ("a name for mail has no address", with_records({(PORTAL, "AAAA"): []})),
    ("short TTLs are right around a move", with_records({}, ttls=at_steady_ttls(), plan=MOVING)),
    (
        "a name of its own may let its own authority issue",
        with_records(
            {(PORTAL, "CAA"): ['0 issue "digicert.com; account=1"', IODEF]},
            tls=Tls(endpoints={**TLS.endpoints, PORTAL: {"203.0.113.7": BY_DIGICERT}}),
        ),
    ),
    (
        "where --connect-to leads is nobody's address",
        with_facts(dns=replace(told({(PORTAL, "A"): ["127.0.0.1"]}), detoured=frozenset({PORTAL}))),
    ),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("plan", CHECKS),
    ({"dns": replace(told(), answers=Silent((APEX, "NS")))}, {"LC-DNS-005"}),
    ({"dns": replace(told(), answers=Silent((APEX, "DS")))}, {"LC-DNS-009", "LC-DNS-010"}),
    (
        {"dns": replace(told(), addresses={**told().addresses, APEX: Unasked("no answer")})},
        {"LC-DNS-011"},
    ),
]
