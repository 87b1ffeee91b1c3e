"""LC-HAND: whether somebody else could take over, by the people, accounts and pack on record."""

import re
from datetime import timedelta

from apps.launch.checks.evidence import staleness
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

OWNERS = ("product", "technical", "on_call", "security")
ACCOUNTS = ("registrar", "dns", "hosting")
SOON = timedelta(days=30)
ADDRESS = re.compile(r"[^\s@]@[^\s@.]+\.[^\s@]|https://[^\s/.]+\.\S")
REHEARSED = timedelta(days=90)
PACK = "python manage.py handover, then commit docs/handover"


@check(
    "LC-HAND-001",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="It is written down who answers for what",
)
def owners(facts: Facts) -> Outcome:
    named = known(facts.plan).owners
    missing = [name for name in OWNERS if not getattr(named, name)]
    if not missing:
        return Passed(listed(OWNERS))
    return Failed(
        title="It is not written down who answers for what",
        evidence=f"[owners] leaves out {listed(missing)}",
        why="In trouble everybody waits for somebody else.",
        fix=f"[owners] {missing[0]} = a name and a way to reach them, in launch.toml",
    )


@check(
    "LC-HAND-002",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="It is written down whose accounts the domain, DNS, hosting and mail are",
)
def accounts(facts: Facts) -> Outcome:
    plan = known(facts.plan)
    missing = [
        name for name in ACCOUNTS if not (getattr(plan, name).name and getattr(plan, name).account)
    ]
    if not (plan.mail.provider and plan.mail.account):
        missing.append("mail")
    if not missing:
        return Passed(listed((*ACCOUNTS, "mail")))
    return Failed(
        title="It is not written down whose accounts these are",
        evidence=f"company or account is missing: {listed(missing)}",
        why="If one person is gone, nobody can get into what you own.",
        fix=f"[{missing[0]}] company and account, in launch.toml",
    )


@check(
    "LC-HAND-003",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="The domain is paid for",
)
def renewal(facts: Facts) -> Outcome:
    day, today = known(facts.plan).registrar.renews, facts.now.date()
    if day and day - today > SOON:
        return Passed(f"until {day}")
    if day is None:
        return Failed(
            tier=Tier.LATER,
            title="It is not written down until when the domain is paid for",
            evidence="[registrar] has no renews",
            why="A domain that ends takes the product and all mail along.",
            fix="[registrar] renews = the day that your registrar shows, in launch.toml",
        )
    return Failed(
        tier=Tier.NOW if day < today else Tier.TRAFFIC,
        title="The domain has ended" if day < today else "The domain ends soon",
        evidence=f"[registrar] renews = {day}",
        why="A domain that ends takes the product and all mail along.",
        fix="pay for it, then mend renews under [registrar] in launch.toml",
    )


@check(
    "LC-HAND-004",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="There is a handover pack",
)
def pack(facts: Facts) -> Outcome:
    known(facts.plan)
    made_from = known(facts.handover).made_from
    if made_from:
        return Passed(f"docs/handover, made from plan {made_from}")
    return Failed(
        title="There is no handover pack",
        evidence="docs/handover has no README.md that manage.py handover made",
        why="Whoever is woken at night does not know what to type.",
        fix=PACK,
    )


@check(
    "LC-HAND-005",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="The handover pack is as new as the plan",
)
def pack_age(facts: Facts) -> Outcome:
    known(facts.plan)
    found = known(facts.handover)
    if not found.made_from:
        raise Skipped("needs a handover pack: LC-HAND-004")
    if found.made_from == found.current:
        return Passed(f"both are {found.current}")
    return Failed(
        title="The handover pack is older than the plan",
        evidence=f"it was made from plan {found.made_from}, launch.toml is {found.current}",
        why="Whoever follows it calls people and names that have changed.",
        fix=PACK,
    )


@check(
    "LC-HAND-006",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Somebody else has worked by the handover pack",
)
def pack_walked(facts: Facts) -> Outcome:
    proof = known(facts.plan).evidence.handover
    wrong = staleness(proof, facts.now, REHEARSED)
    if proof and not wrong:
        return Passed(f"{proof.by}, {proof.at:%Y-%m-%d}")
    return Failed(
        title="Nobody has tried whether others can work by the handover pack",
        evidence=wrong,
        why="What is clear to its author is not clear to a stranger.",
        fix="[evidence] handover = the day and who, in launch.toml, once done",
    )


@check(
    "LC-HAND-007",
    tier=Tier.LATER,
    impact=Impact.EXPOSURE,
    title="A report of a hole has an address",
)
def security_contact(facts: Facts) -> Outcome:
    address = known(facts.plan).owners.security
    if not address:
        raise Skipped("needs somebody who reads them: LC-HAND-001")
    if ADDRESS.search(address):
        return Passed(address)
    return Failed(
        title="A report of a hole has no address",
        evidence=f"[owners] security is {address}, neither a mail nor a web address",
        why="Whoever finds a hole cannot tell you, and tells others.",
        fix='[owners] security = "security@your-domain", in launch.toml',
    )
