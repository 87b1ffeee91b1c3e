"""Zones that have nothing wrong in them, and what name servers say of them, without a network."""

from collections.abc import Iterator, Mapping

import dns.flags
import dns.message

from apps.launch.facts.dns import Answer, Dns, Question
from apps.launch.facts.unasked import Unasked
from apps.launch.probes.dns import read
from tests.world.nameserver import Records, Zones

SOA = "ns1.harbourside.co. hostmaster.harbourside.co. 2026112801 7200 900 1209600 300"
# Public halves of keys that were made for these zones and thrown away.
RSA_512 = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMifxlnILjVcQXh6rlI+pHDSy/RnGspeaTeJmFKZh75DbIPc"
    "Nbr0/Bkfno9T/EzxTe/459HJidttkB6yuNO7Qj8CAwEAAQ=="
)
RSA_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCxyVbWS+Bwoqmb8wfzV4Vnp6kHdpCBhT8fC0RZmUrv"
    "TOtXR59u2yA3+pFjr2sgjPa3dLDe8pksHowSsB1VO/WqyLDp9qzbkZXmFqRWrUfxE8Qiw0Ny0QUHO9s1"
    "ZMwLF80saqcPbm42l1Tt17bK+8GBii0glTppqG6eXsAa2COVTQIDAQAB"
)
RSA_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsDrsK3UiXEtNEvcTbfGnUPAkr6YKmSNz2bdm"
    "UjYmLqzEl+LgWOTY2bqtCemyYiTDwp16u5B4NlhU3MiWeAD3j2zYoOv1iZYdnVap+pcs9BtEWRh0ck/P"
    "e/CNUBEQS+PRbV1LNG2emfRZBSl4e3DVF8sxxCiqH7HRPN8gwhRKi+zD8NHeghiL3pC+Utytdh4Zebkw"
    "86xpeGaInWi8C0p2M2FGvnO96UIq9z2wuvLNoxnveFPZyTHiNVSFSZ41rfI31o15sMT+IAl/79+6gtys"
    "inJ6o9gFwEdodj56eAihipeHJbjXEgdq6IuGBkjNAyG8sUlQRAgpilfng76LFDg6iwIDAQAB"
)
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RECORDS: Records = {
    ("co", "SOA"): ["a.nic.co. admin.nic.co. 1 1800 900 604800 300"],
    ("harbourside.co", "SOA"): [SOA],
    ("harbourside.co", "NS"): ["ns1.harbourside.co.", "ns2.harbourside.co."],
    ("harbourside.co", "DS"): ["12345 13 2 " + "ab" * 32],
    ("harbourside.co", "CAA"): [
        '0 issue "letsencrypt.org"',
        '0 iodef "mailto:security@harbourside.co"',
    ],
    ("harbourside.co", "A"): ["81.2.69.142"],
    ("harbourside.co", "AAAA"): ["2a02:6b8::142"],
    ("portal.harbourside.co", "A"): ["81.2.69.142"],
    ("portal.harbourside.co", "AAAA"): ["2a02:6b8::142"],
    ("www.harbourside.co", "CNAME"): ["harbourside.onrender.com."],
    ("status.harbourside.co", "CNAME"): ["pages.status.net."],
    ("mail.harbourside.co", "MX"): ["10 mx.harbourside.co."],
    ("mail.harbourside.co", "TXT"): ["v=spf1 include:spf.postbird.net -all", "site=4711"],
    ("mx.harbourside.co", "A"): ["81.2.69.143"],
    ("pm._domainkey.mail.harbourside.co", "CNAME"): ["harbourside.dkim.postbird.net."],
    ("bounces.harbourside.co", "CNAME"): ["bounces.postbird.net."],
    ("_dmarc.harbourside.co", "TXT"): ["v=DMARC1; p=quarantine; rua=mailto:dmarc@harbourside.co"],
    ("onrender.com", "SOA"): [SOA],
    ("harbourside.onrender.com", "A"): ["81.2.69.144"],
    ("net", "SOA"): [SOA],
    ("status.net", "SOA"): [SOA],
    ("pages.status.net", "A"): ["81.2.69.145"],
    ("postbird.net", "SOA"): [SOA],
    ("spf.postbird.net", "TXT"): ["v=spf1 ip4:81.2.69.0/24 ~all"],
    ("harbourside.dkim.postbird.net", "TXT"): [f"v=DKIM1; k=rsa; p={RSA_2048}"],
    ("bounces.postbird.net", "TXT"): ["v=spf1 ip4:81.2.69.0/24 -all"],
    ("bounces.postbird.net", "MX"): ["10 in.postbird.net."],
    ("in.postbird.net", "A"): ["81.2.69.146"],
}
NAMES = (
    "portal.harbourside.co",
    "harbourside.co",
    "www.harbourside.co",
    "harbourside.onrender.com",
)


def zone(name: str) -> Records:
    """What stands at the beginning of a sound zone."""
    return {
        (name, "SOA"): [SOA],
        **{(name, type): RECORDS["harbourside.co", type] for type in ("NS", "DS", "CAA", "A")},
    }


class Told(Mapping[Question, Answer | Unasked]):
    """Every answer that a server of these zones would give, made when it is first looked at.

    `checks` is whether it validates; `kept` whether it answers from a cache.
    """

    def __init__(self, zones: Zones, *, checks: bool = True, kept: bool = False) -> None:
        self.zones = zones
        self.checks = checks
        self.kept = kept
        self._given: dict[Question, Answer] = {}

    def __getitem__(self, question: Question) -> Answer:
        if question not in self._given:
            self._given[question] = self._give(*question)
        return self._given[question]

    def _give(self, name: str, type: str) -> Answer:
        flags = dns.flags.RD | (dns.flags.AD if self.checks else 0)
        message = self.zones.reply(dns.message.make_query(name, type, flags=flags))
        if self.kept:
            message.flags &= ~dns.flags.AA
        sent = dns.message.from_wire(message.to_wire())
        assert isinstance(sent, dns.message.QueryMessage)
        return read(sent, name, asked="asked 127.0.0.1:53, 2 ms", bogus=False)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.zones.records)

    def __len__(self) -> int:
        return len(self.zones.records)


def told(
    changes: Mapping[Question, list[str]] | None = None,
    *,
    ttls: Mapping[Question, int] | None = None,
    names: tuple[str, ...] = NAMES,
    checks: bool = True,
    kept: bool = False,
) -> Dns:
    """What name servers say of the sound zones with these records in place of theirs."""
    zones = Zones(RECORDS | dict(changes or {}))
    zones.ttls.update(ttls or {})
    answers = Told(zones, checks=checks, kept=kept)
    addresses = {
        name: (*answers[name, "A"].records, *answers[name, "AAAA"].records) for name in names
    }
    return Dns(server="127.0.0.1:53", answers=answers, addresses=addresses)
