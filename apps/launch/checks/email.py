"""LC-EMAIL: whether SPF and DKIM vouch for mail, and its answers arrive; dmarc.py has the rest."""

from apps.launch.checks.dns import exchanges
from apps.launch.checks.words import is_public_name, listed, mail_domain
from apps.launch.facts import Facts, Skipped, known
from apps.launch.facts.dns import Dns
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import MailDomain, Plan
from apps.launch.readings import dkim, spf
from apps.launch.readings.names import mail_domains, selector_name
from apps.launch.registry import check

NEARLY = 9  # lookups; one more include of a provider's, and it is over
SAFE_RSA_BITS = 2048
LEAST_RSA_BITS = 1024  # RFC 8301 §3.2
NO_SPF = "no SPF, which LC-EMAIL-002 tells"
SPAM = "Sign-up and invitation mail lands in spam, or nowhere."
UNREAD = "Receivers treat it as if there were no SPF at all."


def sent(facts: Facts) -> tuple[Plan, Dns]:
    """The plan and the answers. Raises Unasked, and Skipped if no mail is planned."""
    plan = known(facts.plan)
    if not plan.mail.domains:
        raise Skipped("no mail domain in the plan, which LC-EMAIL-001 tells")
    return plan, known(facts.dns)


def policies(facts: Facts) -> list[spf.Reading]:
    """The SPF of every mail domain, and of the one that bounces go to. Raises Unasked."""
    plan, dns = sent(facts)
    return [spf.evaluate(domain, dns.ask) for domain in mail_domains(plan)]


def keys(signer: MailDomain, dns: Dns) -> dict[str, tuple[str, ...]]:
    """What stands at each declared selector of a domain. Raises Unasked."""
    places = [selector_name(selector, signer.name) for selector in signer.selectors]
    return {place: dns.ask(place, "TXT").records for place in places}


@check(
    "LC-EMAIL-001",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="The plan names each domain that mail comes from",
)
def sender_is_planned(facts: Facts) -> Outcome:
    sender = mail_domain(facts.settings["DEFAULT_FROM_EMAIL"]).lower()
    senders = list(dict.fromkeys([sender, *facts.settings["MAIL_DOMAINS"]]))
    planned = [each.name for each in known(facts.plan).mail.domains]
    missing = [each for each in senders if each not in planned]
    # A domain that nobody can own is LC-MAIL-004's.
    if not missing or (planned and not any(map(is_public_name, missing))):
        return Passed(listed(senders))
    return Failed(
        title="The plan does not name each domain that mail comes from",
        evidence=f"DEFAULT_FROM_EMAIL and MAIL_DOMAINS have {listed(missing) or 'no domain'}, "
        f"the plan has {listed(planned) or 'no mail domain'}",
        why="Nobody judges whether that mail can arrive.",
        fix=f'name = "{missing[0] or "your-domain"}" under [[mail.domains]] in launch.toml',
    )


@check(
    "LC-EMAIL-002",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="Mail is vouched for by SPF and by DKIM",
)
def both_ways(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    signs = {
        signer.name: any(keys(signer, dns).values()) for signer in plan.mail.domains
    }  # a mail domain may be signed for by another: LC-EMAIL-011 asks whether that helps
    for domain in plan.mail.domains:
        has_spf = bool(spf.evaluate(domain.name, dns.ask).records)
        is_signed = signs[domain.name] if domain.selectors else any(signs.values())
        if not (has_spf and is_signed):
            return unvouched(domain, plan, dns, has_spf=has_spf, is_signed=is_signed)
    return Passed(listed(list(signs)))


def unvouched(
    domain: MailDomain, plan: Plan, dns: Dns, *, has_spf: bool, is_signed: bool
) -> Failed:
    missing = " and ".join([*([] if has_spf else ["SPF"]), *([] if is_signed else ["DKIM"])])
    if is_signed:
        fix = f'add TXT {domain.name}  "v=spf1 include:your-provider ~all"'
    elif domain.selectors:
        fix = f"add TXT {selector_name(domain.selectors[0], domain.name)} as your provider shows"
    else:
        fix = f'selectors = ["your-provider\'s"] of {domain.name} in launch.toml'
    both = not has_spf and not is_signed
    undeclared = "" if domain.selectors or is_signed else "; no selector is declared"
    return Failed(
        title=f"Mail is not vouched for: {missing} is missing",
        evidence=f"{domain.name}: no {missing}{undeclared} ({dns.ask(domain.name, 'TXT').asked})",
        why=SPAM,
        fix=fix,
        # One is enough for few mails; senders of many need both.
        tier=Tier.NOW if both or plan.mail.bulk else Tier.TRAFFIC,
    )


@check(
    "LC-EMAIL-003",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="Each mail domain has one SPF record that can be read",
)
def spf_is_readable(facts: Facts) -> Outcome:
    readings = policies(facts)
    wrong = [reading for reading in readings if reading.errors]
    if not wrong:
        held = [reading.domain for reading in readings if reading.records]
        return Passed(listed(held) or NO_SPF)
    first = wrong[0]
    crowded = len(first.records) > 1
    return Failed(
        title="SPF is there several times" if crowded else "SPF cannot be read",
        evidence=listed(first.errors, most=2),
        why=UNREAD,
        fix=f"make the {len(first.records)} TXT v=spf1 of {first.domain} one"
        if crowded
        else f"mend what TXT {first.domain} says there, or take it out",
    )


@check(
    "LC-EMAIL-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="SPF disowns mail from strangers",
)
def spf_disowns(facts: Facts) -> Outcome:
    readings = [reading for reading in policies(facts) if reading.records and not reading.errors]
    loose = [reading for reading in readings if reading.default in {"+", "?"}]
    if not loose:
        return Passed(listed([f"{each.domain} {each.default}all" for each in readings]) or NO_SPF)
    first = loose[0]
    return Failed(
        title="SPF lets anybody send mail as you",
        evidence=f'{first.domain} comes to {first.default}all: "{first.records[0]}"',
        why="Forged invoices pass as yours.",
        fix=f"end TXT {first.domain} with ~all, or -all",
    )


@check(
    "LC-EMAIL-005",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="SPF needs fewer than nine lookups",
)
def spf_is_short(facts: Facts) -> Outcome:
    readings = policies(facts)
    worst = max(readings, key=lambda reading: reading.lookups)
    if worst.lookups < NEARLY:
        return Passed(f"{worst.lookups} lookups at most, of {spf.MOST_LOOKUPS}")
    over = worst.lookups > spf.MOST_LOOKUPS
    dearest = max(worst.costs, key=lambda term: worst.costs[term])
    costs = listed([f"{term} {cost}" for term, cost in worst.costs.items()], most=3)
    return Failed(
        title="SPF needs too many lookups" if over else "SPF has hardly a lookup left",
        evidence=f"{worst.domain} needs {worst.lookups} of {spf.MOST_LOOKUPS}: {costs}",
        why=UNREAD if over else "When a provider adds one, all of it stops working.",
        fix=f"take {dearest} out of TXT {worst.domain} if nothing sends by it",
        tier=Tier.NOW if over else Tier.TRAFFIC,
    )


@check(
    "LC-EMAIL-006",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="SPF asks for names that are there",
)
def spf_is_alive(facts: Facts) -> Outcome:
    # Where it cannot be read at all, LC-EMAIL-003 tells the same.
    readings = [reading for reading in policies(facts) if not reading.errors]
    wrong = [reading for reading in readings if len(reading.voids) > spf.MOST_VOIDS]
    if not wrong:
        return Passed(f"at most {max((len(each.voids) for each in readings), default=0)} void")
    return Failed(
        title="SPF asks for names that are not there",
        evidence=f"{wrong[0].domain} asks in vain for {listed(wrong[0].voids)}",
        why=f"After {spf.MOST_VOIDS} of them receivers give up on SPF.",
        fix=f"take {wrong[0].voids[0]} out of TXT {wrong[0].domain}",
    )


@check(
    "LC-EMAIL-007",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="Each declared DKIM selector has a record",
)
def selectors_are_there(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    held = [keys(signer, dns) for signer in plan.mail.domains]
    # A domain with none at all is LC-EMAIL-002's.
    absent = [at for found in held if any(found.values()) for at in found if not found[at]]
    if not absent:
        return Passed(f"{sum(map(len, held))} selectors")
    return Failed(
        title="A declared DKIM selector has no record",
        evidence=f"{listed(absent)}: nothing ({dns.ask(absent[0], 'TXT').asked})",
        why="Mail that is signed with it counts as unsigned.",
        fix=f"add TXT {absent[0]} as your provider shows, or undeclare it",
    )


@check(
    "LC-EMAIL-008",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="DKIM keys can be used, are long enough and in earnest",
)
def keys_are_good(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    found = {
        place: dkim.read(records)
        for signer in plan.mail.domains
        for place, records in keys(signer, dns).items()
        if records
    }
    failures = [failed for place, key in found.items() if (failed := key_trouble(place, key))]
    if failures:
        return min(failures, key=lambda failed: list(Tier).index(failed.tier or Tier.NOW))
    said = [f"{place} {key.kind} {key.bits}" for place, key in found.items()]
    return Passed(listed(said) or "no key, which LC-EMAIL-002 tells")


def key_trouble(place: str, key: dkim.Key) -> Failed | None:
    """What is wrong with a key, the worst of it."""
    renew = f"make a new key of {SAFE_RSA_BITS} bits and put it at TXT {place}"
    unsigned = "Mail that is signed with it counts as unsigned."
    if key.revoked:
        return Failed(
            title="A DKIM key is revoked",
            evidence=f"{place} has an empty p=",
            why=unsigned,
            fix=renew,
            tier=Tier.NOW,
        )
    if key.trouble:
        return Failed(
            title="A DKIM key cannot be used",
            evidence=f"{place}: {key.trouble}",
            why=unsigned,
            fix=f"write TXT {place} anew, as your provider shows it",
            tier=Tier.NOW,
        )
    if key.kind == "rsa" and key.bits < SAFE_RSA_BITS:
        refused = key.bits < LEAST_RSA_BITS
        return Failed(
            title="A DKIM key is too short",
            evidence=f"{place} has {key.bits} bits",
            why=unsigned if refused else "It can be broken, and mail be signed as you.",
            fix=renew,
            tier=Tier.NOW if refused else Tier.TRAFFIC,
        )
    if key.testing:
        return Failed(
            title="A DKIM key is still on trial",
            evidence=f"{place} has t=y",
            why="Receivers need not believe a signature that is a test.",
            fix=f"take t=y out of TXT {place}",
            tier=Tier.TRAFFIC,
        )
    return None


@check(
    "LC-EMAIL-013",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="Answers and bounces have somewhere to go",
)
def mail_is_taken(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    domains = mail_domains(plan)
    unreachable = [domain for domain in domains if not exchanges(domain, dns)]
    if not unreachable:
        return Passed(listed(list(domains)))
    first = unreachable[0]
    null = dns.ask(first, "MX").records
    return Failed(
        title="Answers and bounces go nowhere",
        evidence=f"{first} has {'a null MX, which takes no mail' if null else 'no MX'}",
        why="Receivers distrust a sender that cannot be answered.",
        fix=f"add MX {first}  10 and the mail host that your provider shows",
    )


@check(
    "LC-EMAIL-014",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="The hosts that take mail resolve",
)
def exchanges_resolve(facts: Facts) -> Outcome:
    plan, dns = sent(facts)
    pairs = [(domain, mx) for domain in mail_domains(plan) for mx in exchanges(domain, dns)]
    lost = [
        (domain, mx)
        for domain, mx in pairs
        if not any(dns.ask(mx, type).records for type in ("A", "AAAA"))
    ]
    if not lost:
        return Passed(listed(sorted({mx for _, mx in pairs})) or "no MX, which LC-EMAIL-013 tells")
    domain, exchange = lost[0]
    return Failed(
        title="A host that should take mail does not resolve",
        evidence=f"MX of {domain} is {exchange}, which has no address",
        why="Answers and bounces are lost.",
        fix=f"take MX {exchange} from {domain}, or add A {exchange}",
    )
