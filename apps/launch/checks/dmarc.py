"""LC-EMAIL: whether DMARC lets receivers tell the product's mail from a forgery."""

from apps.launch.checks.email import SPAM, keys, sent
from apps.launch.checks.words import listed
from apps.launch.facts import Facts
from apps.launch.facts.dns import Dns
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Plan
from apps.launch.readings import dmarc, spf
from apps.launch.readings.names import relative
from apps.launch.registry import check


@check(
    "LC-EMAIL-009",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="DMARC says once, and in earnest, what to do with forgeries",
)
def dmarc_is_there(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    for domain in plan.mail.domains:
        found = dmarc.discover(domain.name, dns.ask)
        if found.crowded:
            at = f"_dmarc.{found.crowded[0]}"
            return Failed(
                title="DMARC is there several times, so that none counts",
                evidence=f"{at} has {len(dns.ask(at, 'TXT').records)} records",
                why=SPAM,
                fix=f"keep one TXT {at}",
                tier=Tier.NOW if plan.mail.bulk else None,
            )
        if not found.at:
            return absent_policy(domain.name, plan, dns)
        if found.testing:
            return Failed(
                title="DMARC is on trial: t=y asks not to enforce it",
                evidence=f"_dmarc.{found.at} has p={found.written} with t=y",
                why="Forged invoices reach your customers all the same.",
                fix=f"take t=y out of TXT _dmarc.{found.at}",
            )
    return Passed(listed([each.name for each in plan.mail.domains]))


def absent_policy(domain: str, plan: Plan, dns: Dns) -> Failed:
    seen = dns.ask(f"_dmarc.{domain}", "TXT")
    state = "a record that counts for nothing" if seen.records else "no record"
    name = f"_dmarc.{relative(domain, dns.zone(domain))}".removesuffix(".@")
    return Failed(
        title="Nobody can tell your mail from a forgery: DMARC is missing",
        evidence=f"_dmarc.{domain} has {state} ({seen.asked})",
        why=SPAM,
        fix=f'add TXT {name}  "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"',
        tier=Tier.NOW if plan.mail.bulk else None,
    )


@check(
    "LC-EMAIL-010",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="DMARC keeps forgeries out",
)
def dmarc_enforces(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    found = [dmarc.discover(domain.name, dns.ask) for domain in plan.mail.domains]
    loose = [each for each in found if each.at and not each.crowded and each.written == "none"]
    if not loose:
        said = [f"{each.domain} p={each.written}" for each in found if each.at]
        return Passed(listed(said) or "no DMARC, which LC-EMAIL-009 tells")
    blind = [each for each in loose if not each.reporters]
    first = (blind or loose)[0]
    place = f"TXT _dmarc.{first.at}"
    return Failed(
        title="DMARC lets forgeries through, and reports them to nobody"
        if blind
        else "DMARC only watches",
        evidence=f"_dmarc.{first.at} comes to p=none for {first.domain}",
        why="Forged invoices reach your customers.",
        fix=f"add rua=mailto:dmarc@{first.at} to {place}"
        if blind
        else f"p=quarantine in {place}, once its reports are clean",
        tier=None if blind else Tier.LATER,
    )


@check(
    "LC-EMAIL-011",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="What vouches for mail bears the sender's domain",
)
def sender_is_aligned(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    signers = [each.name for each in plan.mail.domains if any(keys(each, dns).values())]
    for domain in plan.mail.domains:
        found = dmarc.discover(domain.name, dns.ask)
        bounces = plan.mail.return_path or domain.name
        # Where nothing vouches at all, LC-EMAIL-002 tells.
        vouched = [*signers, *([bounces] if spf.evaluate(bounces, dns.ask).records else [])]
        by_key = [is_aligned(found, signer, "adkim", dns) for signer in signers]
        by_path = bounces in vouched and is_aligned(found, bounces, "aspf", dns)
        if vouched and not (any(by_key) or by_path):
            return Failed(
                title="What vouches for mail bears another domain than its sender",
                evidence=f"From {domain.name}, but signed and sent by {listed(vouched)}",
                why="DMARC then counts the mail as a forgery.",
                fix=f"have your provider sign as {domain.name}, and declare the selector",
                tier=Tier.NOW if found.enforces else Tier.TRAFFIC,
            )
    return Passed(listed([each.name for each in plan.mail.domains]))


def is_aligned(found: dmarc.Found, other: str, tag: str, dns: Dns) -> bool:
    strict = found.tags.get(tag, "r").lower() == "s"
    return dmarc.is_aligned(found.domain, other, strict=strict, look=dns.ask)


@check(
    "LC-EMAIL-012",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="Whoever gets the DMARC reports has agreed to",
)
def reports_are_welcome(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    found = [dmarc.discover(domain.name, dns.ask) for domain in plan.mail.domains]
    for policy in found:
        for reporter in policy.reporters:
            if not dmarc.is_authorised(policy, reporter, dns.ask):
                return Failed(
                    title="DMARC reports go to somebody who has not agreed",
                    evidence=f"_dmarc.{policy.at} sends them to {reporter}",
                    why="They are not sent, and nobody sees forgeries.",
                    fix=f'add TXT {policy.at}._report._dmarc.{reporter}  "v=DMARC1"',
                )
    return Passed(listed(sorted({name for each in found for name in each.reporters})) or "nobody")
