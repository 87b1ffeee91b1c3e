"""LC-HAND: whether somebody else could take over, by the people and accounts on record."""

from datetime import timedelta

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

OWNERS = ("product", "technical", "on_call", "security")
ACCOUNTS = ("registrar", "dns", "hosting")
SOON = timedelta(days=30)


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
