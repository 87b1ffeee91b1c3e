"""Faults of SPF, DKIM, DMARC and MX."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts
from apps.launch.facts.dns import Question
from apps.launch.findings import Tier
from apps.launch.plan import MailDomain
from tests.launch.fabricated import PLAN, with_facts, with_records, with_settings
from tests.launch.faults.dns import CHECKS as NAMES
from tests.launch.faults.dns import Silent
from tests.launch.sound.dns import ED25519, RECORDS, RSA_512, RSA_1024, RSA_2048, told

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER
APEX, MAIL, BOUNCES = "harbourside.co", "mail.harbourside.co", "bounces.harbourside.co"
KEY: Question = ("harbourside.dkim.postbird.net", "TXT")
DMARC: Question = ("_dmarc.harbourside.co", "TXT")
INCLUDED: Question = ("spf.postbird.net", "TXT")
BULK = replace(PLAN, mail=replace(PLAN.mail, bulk=True))
REPORTS = "rua=mailto:dmarc@harbourside.co"


def spf(*records: str) -> Facts:
    """The sound launch with this SPF."""
    return with_records({(MAIL, "TXT"): list(records)})


def included(record: str) -> Facts:
    """The sound launch whose provider's SPF is this."""
    return with_records({INCLUDED: [record]})


def key(record: str) -> Facts:
    """The sound launch with this DKIM key."""
    return with_records({KEY: [record]})


def dmarc(*records: str, **facts: Any) -> Facts:
    """The sound launch with these DMARC records."""
    return with_records({DMARC: list(records)}, **facts)


def selectors(*names: str) -> Any:
    """The plan with these selectors."""
    domain = MailDomain(name=MAIL, selectors=names)
    return replace(PLAN, mail=replace(PLAN.mail, domains=(domain,)))


def needing(lookups: int) -> str:
    """An SPF record that needs so many lookups, none of them in vain."""
    return f"v=spf1{' a:mx.harbourside.co' * lookups} -all"


# The provider signs and takes bounces under its own name alone.
UNALIGNED = replace(
    PLAN,
    mail=replace(
        PLAN.mail,
        return_path="bounces.postbird.net",
        domains=(MailDomain(name=MAIL), MailDomain(name="postbird.net", selectors=("pm",))),
    ),
)
POSTBIRD: dict[Question, list[str]] = {
    **{("postbird.net", type): RECORDS[APEX, type] for type in ("NS", "DS")},
    ("postbird.net", "TXT"): ["v=spf1 ip4:81.2.69.0/24 -all"],
    ("postbird.net", "MX"): ["10 in.postbird.net."],
    ("pm._domainkey.postbird.net", "TXT"): RECORDS[KEY],
    ("_dmarc.postbird.net", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@postbird.net"],
}
CHECKS = {f"LC-EMAIL-{number:03}" for number in range(1, 15)}

FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-EMAIL-001", NOW, with_settings(DEFAULT_FROM_EMAIL="hello@harbourside.co")),
    (
        "LC-EMAIL-001",
        NOW,
        with_settings(MAIL_DOMAINS=["mail.harbourside.co", "notices.harbourside.co"]),
    ),
    ("LC-EMAIL-002", TRAFFIC, spf("site=4711")),
    ("LC-EMAIL-002", NOW, with_records({(MAIL, "TXT"): []}, plan=BULK)),
    ("LC-EMAIL-002", TRAFFIC, with_facts(plan=selectors())),
    ("LC-EMAIL-002", TRAFFIC, with_records({KEY: []})),
    ("LC-EMAIL-002", NOW, with_records({KEY: [], (MAIL, "TXT"): []})),
    ("LC-EMAIL-002", NOW, with_records({(MAIL, "TXT"): []}, plan=selectors())),
    ("LC-EMAIL-003", NOW, spf("v=spf1 -all", "v=spf1 include:spf.postbird.net -all")),
    ("LC-EMAIL-003", NOW, spf("v=spf1 ipv4:81.2.69.0/24 -all")),
    ("LC-EMAIL-003", NOW, spf("v=spf1 include:nobody.postbird.net -all")),
    ("LC-EMAIL-003", NOW, included("v=spf1 include:mail.harbourside.co ~all")),
    ("LC-EMAIL-003", NOW, with_records({("bounces.postbird.net", "TXT"): ["v=spf1 a: -all"]})),
    ("LC-EMAIL-004", NOW, spf("v=spf1 include:spf.postbird.net +all")),
    ("LC-EMAIL-004", NOW, spf("v=spf1 include:spf.postbird.net all")),
    ("LC-EMAIL-004", NOW, spf("v=spf1 include:spf.postbird.net ?all")),
    ("LC-EMAIL-004", NOW, spf("v=spf1 include:spf.postbird.net")),
    ("LC-EMAIL-005", NOW, spf(needing(11))),
    ("LC-EMAIL-005", TRAFFIC, spf(needing(10))),
    ("LC-EMAIL-005", TRAFFIC, included(needing(8))),
    ("LC-EMAIL-006", TRAFFIC, spf("v=spf1 a:x.co mx:y.co exists:z.co -all")),
    ("LC-EMAIL-007", TRAFFIC, with_facts(plan=selectors("pm", "old"))),
    ("LC-EMAIL-008", NOW, key("v=DKIM1; k=rsa; p=")),
    ("LC-EMAIL-008", NOW, key("v=DKIM1; k=rsa; p=bm8ga2V5")),
    ("LC-EMAIL-008", NOW, key(f"v=DKIM1; k=rsa; h=sha1; p={RSA_2048}")),
    ("LC-EMAIL-008", NOW, key(f"v=DKIM1; k=rsa; p={RSA_512}")),
    ("LC-EMAIL-008", TRAFFIC, key(f"v=DKIM1; k=rsa; p={RSA_1024}")),
    ("LC-EMAIL-008", TRAFFIC, key(f"v=DKIM1; t=y:s; p={RSA_2048}")),
    ("LC-EMAIL-009", TRAFFIC, dmarc()),
    ("LC-EMAIL-009", NOW, dmarc(plan=BULK)),
    ("LC-EMAIL-009", TRAFFIC, dmarc("v=DMARC1; p=reject", "v=DMARC1; p=none")),
    ("LC-EMAIL-009", TRAFFIC, dmarc(f"v=DMARC1; p=reject; t=y; {REPORTS}")),
    ("LC-EMAIL-009", TRAFFIC, dmarc("v=DMARC1; p=rejekt")),
    ("LC-EMAIL-010", LATER, dmarc(f"v=DMARC1; p=none; {REPORTS}")),
    ("LC-EMAIL-010", LATER, dmarc(f"v=DMARC1; {REPORTS}")),
    ("LC-EMAIL-010", LATER, dmarc(f"v=DMARC1; p=reject; sp=none; {REPORTS}")),
    ("LC-EMAIL-010", TRAFFIC, dmarc("v=DMARC1; p=none")),
    ("LC-EMAIL-011", NOW, with_records(POSTBIRD, plan=UNALIGNED)),
    ("LC-EMAIL-012", TRAFFIC, dmarc("v=DMARC1; p=reject; rua=mailto:h@reports.net")),
    ("LC-EMAIL-013", TRAFFIC, with_records({(MAIL, "MX"): []})),
    ("LC-EMAIL-013", TRAFFIC, with_records({(MAIL, "MX"): ["0 ."]})),
    ("LC-EMAIL-013", TRAFFIC, with_records({("bounces.postbird.net", "MX"): []})),
    ("LC-EMAIL-014", TRAFFIC, with_records({("mx.harbourside.co", "A"): []})),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a redirect decides in place of all", spf("v=spf1 redirect=spf.postbird.net")),
    ("eight lookups leave room", spf(needing(8))),
    ("two void lookups are allowed", spf("v=spf1 a:x.co mx:y.co -all")),
    ("keys of Ed25519 are short", key(f"v=DKIM1; k=ed25519; p={ED25519}")),
    ("an unknown tag and pct are nothing", dmarc(f"v=DMARC1; p=reject; pct=50; {REPORTS}; x=y")),
    (
        "who gets the reports has agreed",
        with_records(
            {
                DMARC: ["v=DMARC1; p=reject; rua=mailto:h@reports.net!10m"],
                ("*._report._dmarc.reports.net", "TXT"): ["v=DMARC1;"],
            }
        ),
    ),
    ("mail may be for many where all is there", with_facts(plan=BULK)),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("plan", CHECKS),
    ("dns", NAMES | CHECKS - {"LC-EMAIL-001"}),
    (
        {"dns": replace(told(), answers=Silent(INCLUDED))},
        {f"LC-EMAIL-{n:03}" for n in (2, 3, 4, 5, 6)},
    ),
    (
        {"dns": replace(told(), answers=Silent(("pm._domainkey.mail.harbourside.co", "TXT")))},
        {f"LC-EMAIL-{n:03}" for n in (2, 7, 8, 11)},
    ),
    (
        {"dns": replace(told(), answers=Silent(DMARC))},
        {f"LC-EMAIL-{n:03}" for n in (9, 10, 11, 12)},
    ),
    (
        {"dns": replace(told(), answers=Silent(("mx.harbourside.co", "A")))},
        {"LC-EMAIL-014"},
    ),
]
