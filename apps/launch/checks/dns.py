"""LC-DNS: whether the names lead where they should, and say who may speak for them."""

from ipaddress import ip_address

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.dns import Answer, Dns
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Plan
from apps.launch.readings import caa
from apps.launch.readings.names import hosts, is_apex, mail_domains, planned, zones
from apps.launch.registry import check

CUT_OVER_TTL = 300  # seconds
STEADY_TTL = 3600
ADDRESS_TYPES = ("A", "AAAA")


def asked(facts: Facts) -> tuple[Plan, Dns]:
    """The plan and what name servers say of it. Raises Unasked, or Skipped."""
    return known(facts.plan), known(facts.dns)


def address_answers(name: str, dns: Dns) -> list[Answer]:
    return [dns.ask(name, type) for type in ADDRESS_TYPES]


def all_hosts(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*hosts(plan), *planned(plan))))


def is_dangling(name: str, dns: Dns) -> bool:
    return any(each.chain and not each.exists for each in address_answers(name, dns))


@check(
    "LC-DNS-001",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Every planned name resolves",
)
def names_resolve(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    for_mail = {sub.name for sub in plan.subdomains if sub.kind == "mail"}
    absent = []
    for name in all_hosts(plan):
        # A name for mail needs no address.
        kinds = (*ADDRESS_TYPES, *(("MX", "TXT") if name in for_mail else ()))
        answers = [dns.ask(name, kind) for kind in kinds]
        dangling = is_dangling(name, dns)  # which LC-DNS-002 tells
        if not dangling and not any(each.records for each in answers):
            absent.append(name)
    if not absent:
        return Passed(f"{len(all_hosts(plan))} names, asked {dns.server}")
    return Failed(
        title="A planned name leads nowhere",
        evidence=f"{listed(absent)}: no address ({dns.ask(absent[0], 'A').asked})",
        why="Whoever types that name meets an error page.",
        fix=f"add A, AAAA or CNAME {absent[0]}, or take it out of launch.toml",
    )


@check(
    "LC-DNS-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No name leads to one that is gone",
)
def nothing_dangles(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    names = all_hosts(plan)
    gone = [name for name in names if is_dangling(name, dns)]
    if not gone:
        return Passed(f"{len(names)} names")
    chains = {each.chain[-1] for each in address_answers(gone[0], dns) if each.chain}
    target = min(chains)
    return Failed(
        title="A name leads to one that is gone",
        evidence=f"{listed(gone)}: CNAME to {target}, which does not exist",
        why="Whoever registers the target serves pages under your name.",
        fix=f"remove CNAME {gone[0]}, or point it at a name that exists",
    )


@check(
    "LC-DNS-003",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="No zone's own name is an alias",
)
def no_alias_at_an_apex(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    names = planned(plan)
    aliased = [name for name in names if any(each.chain for each in address_answers(name, dns))]
    wrong = [name for name in aliased if is_apex(name, dns)]
    if not wrong:
        return Passed(f"{len(names)} names, {len(aliased)} aliases")
    return Failed(
        title="A zone's own name is an alias",
        evidence=f"{listed(wrong)} has a CNAME beside its SOA and NS",
        why="Resolvers lose the records beside it: mail, site or both.",
        fix=f"replace CNAME {wrong[0]} by A and AAAA, or your DNS's ALIAS",
    )


@check(
    "LC-DNS-004",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="No MX names an alias",
)
def no_alias_as_exchange(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    domains = dict.fromkeys((*zones(plan, dns), *mail_domains(plan)))
    pairs = [(domain, mx) for domain in domains for mx in exchanges(domain, dns)]
    wrong = [(domain, mx) for domain, mx in pairs if dns.ask(mx, "CNAME").records]
    if not wrong:
        return Passed(f"{len(pairs)} MX of {len(domains)} domains")
    domain, exchange = wrong[0]
    target = dns.ask(exchange, "CNAME").records[0]
    return Failed(
        title="An MX names an alias",
        evidence=f"MX of {domain} is {exchange}, a CNAME to {target}",
        why="Some senders refuse to deliver there, and mail is lost.",
        fix=f"MX {domain} must name {target}, if that takes its mail",
    )


def exchanges(domain: str, dns: Dns) -> list[str]:
    """The hosts that take a domain's mail; none for a null MX (RFC 7505). Raises Unasked."""
    hosts = [record.partition(" ")[2] for record in dns.ask(domain, "MX").records]
    return [host for host in hosts if host != "."]


@check(
    "LC-DNS-005",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every zone has two name servers",
)
def two_servers(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    servers = {zone: dns.ask(zone, "NS").records for zone in zones(plan, dns)}
    few = [zone for zone, names in servers.items() if len(names) < 2]
    if not few:
        return Passed(listed([f"{zone} has {len(names)}" for zone, names in servers.items()]))
    return Failed(
        title="A zone has fewer than two name servers",
        evidence=f"{few[0]}: {listed(servers[few[0]]) or 'no NS'}",
        why="When that one is away, so are your site and your mail.",
        fix=f"add a second name server for {few[0]} at the registrar",
    )


@check(
    "LC-DNS-006",
    tier=Tier.LATER,
    impact=Impact.OUTAGE,
    title="Records live as long as they should",
)
def lifetimes(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    moving = plan.site.cut_over
    wrong: list[tuple[str, int]] = []
    unsure: list[str] = []
    for name in planned(plan):
        for answer in address_answers(name, dns):
            if not answer.records:
                continue
            is_right = answer.ttl <= CUT_OVER_TTL if moving else answer.ttl >= STEADY_TTL
            # A cache tells what is left of a TTL, so that the record's own is at least that.
            is_sure = answer.authoritative or moving is not is_right
            if not is_sure:
                unsure.append(name)
            elif not is_right:
                wrong.append((name, answer.ttl))
    if wrong:
        return too_long(wrong) if moving else too_short(wrong)
    if unsure:
        raise Unasked(f"a cache answered for {unsure[0]}; --dns with its own server tells")
    return Passed(f"{CUT_OVER_TTL} s or less" if moving else f"{STEADY_TTL} s or more")


def too_long(wrong: list[tuple[str, int]]) -> Failed:
    return Failed(
        title="Names are being moved, and caches keep the old answer for long",
        evidence=listed([f"{name} {ttl} s" for name, ttl in wrong]),
        why="Visitors keep going to the old place for that long.",
        fix=f"TTL {CUT_OVER_TTL} at {wrong[0][0]} until the move is over",
    )


def too_short(wrong: list[tuple[str, int]]) -> Failed:
    return Failed(
        title="Resolvers have to ask for your names too often",
        evidence=listed([f"{name} {ttl} s" for name, ttl in wrong]),
        why="When your name servers are away, so are you at once.",
        fix=f"TTL {STEADY_TTL} at {wrong[0][0]}; cut_over = true around a move",
    )


@check(
    "LC-DNS-007",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="CAA lets your certificates be issued",
)
def issuing_is_allowed(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    unsure = ""
    seen = {}
    for name in plan.names:
        found = caa.policy(name, dns.ask)
        for issuer in issuers(name, facts):
            allowed = caa.allows(found, issuer)
            if allowed is False:
                return excluded(name, issuer, found)
            if allowed is None:
                unsure = f"what {issuer} is called in CAA is not known; {name} names " + listed(
                    found.issuers
                )
        seen[found.at or "no CAA"] = listed(found.issuers) or "anybody"
    if unsure:
        raise Unasked(unsure)
    return Passed(listed([f"{at}: {who}" for at, who in seen.items()]))


def issuers(name: str, facts: Facts) -> tuple[str, ...]:
    """Who issued the certificates in use, or "" where that is not known: DNS alone judges then."""
    try:
        return known(facts.tls).issuers(name) or ("",)
    except (Unasked, KeyError):
        return ("",)


def excluded(name: str, issuer: str, found: caa.Policy) -> Failed:
    allowed = listed([each for each in found.issuers if each]) or "nobody"
    strange = f" and the critical {found.strange[0]}" if found.strange else ""
    return Failed(
        title="CAA forbids to renew your certificate",
        evidence=f"{found.at} lets {allowed} issue{strange}; {name} has {issuer or 'none yet'}",
        why="The next renewal fails, and browsers turn customers away.",
        fix=f'add CAA {found.at}  0 issue "{caa.name_of(issuer)}"',
    )


@check(
    "LC-DNS-008",
    tier=Tier.LATER,
    impact=Impact.EXPOSURE,
    title="CAA says who may issue certificates, and who hears of refusals",
)
def issuing_is_restricted(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    policies = {name: caa.policy(name, dns.ask) for name in plan.names}
    open_ = [name for name, found in policies.items() if not found.restricts]
    unheard = [name for name, found in policies.items() if not found.reports]
    if not open_ and not unheard:
        return Passed(listed(sorted({found.at for found in policies.values()})))
    name = (open_ or unheard)[0]
    at = policies[name].at or dns.zone(name)
    record = '0 issue "letsencrypt.org"' if open_ else f'0 iodef "mailto:security@{at}"'
    return Failed(
        title="Any authority may issue certificates for your names"
        if open_
        else "Nobody hears when a certificate is refused",
        evidence=f"{listed(open_ or unheard)}: no {'issue' if open_ else 'iodef'} in CAA",
        why="One careless authority is enough for a false copy of you.",
        fix=f"add CAA {at}  {record}",
    )


@check(
    "LC-DNS-009",
    tier=Tier.LATER,
    impact=Impact.EXPOSURE,
    title="Every zone is signed",
)
def zones_are_signed(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    found = zones(plan, dns)
    unsigned = [zone for zone in found if not dns.ask(zone, "DS").records]
    if not unsigned:
        return Passed(listed(found))
    return Failed(
        title="A zone is not signed",
        evidence=f"{listed(unsigned)}: no DS at the registry",
        why="Forged answers can lead customers to somebody else's site.",
        fix=f"switch DNSSEC on for {unsigned[0]} at its DNS and registrar",
    )


@check(
    "LC-DNS-010",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Signed answers hold",
)
def signatures_hold(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    names = dict.fromkeys((*zones(plan, dns), *planned(plan)))
    answers = [(name, dns.ask(name, type)) for name in names for type in ("SOA", "A")]
    broken = dict.fromkeys(name for name, answer in answers if answer.bogus)
    if broken:
        first = next(iter(broken))
        return Failed(
            title="Signatures do not hold, and careful resolvers answer nothing",
            evidence=f"{listed(list(broken))}: SERVFAIL, but NOERROR without validation",
            why="For a third of all people your site is not there.",
            fix=f"mend DS of {dns.zone(first)} at the registrar, or remove it",
        )
    signed = [zone for zone in zones(plan, dns) if dns.ask(zone, "DS").records]
    unchecked = [zone for zone in signed if not dns.ask(zone, "SOA").validated]
    if unchecked:
        raise Unasked(f"{dns.server} does not validate {unchecked[0]}; try --dns 1.1.1.1")
    return Passed(f"{len(signed)} signed zones" if signed else "no zone is signed")


@check(
    "LC-DNS-011",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Names lead to public addresses",
)
def addresses_are_public(facts: Facts) -> Outcome:
    plan, dns = asked(facts)
    names = [name for name in hosts(plan) if name not in dns.detoured]
    inner = [
        f"{name} {address}"
        for name in names
        for address in known(dns.addresses[name])
        if not ip_address(address).is_global
    ]
    if not inner:
        detoured = f", {len(dns.detoured)} by --connect-to" if dns.detoured else ""
        return Passed(f"{len(names)} names{detoured}")
    return Failed(
        title="A name leads into a private network",
        evidence=listed(inner),
        why="Nobody outside that network reaches it.",
        fix=f"point {inner[0].partition(' ')[0]} at its public address",
    )
