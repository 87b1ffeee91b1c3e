"""LC-TLS: whether browsers get a certificate that holds, from every address of every name."""

from collections.abc import Callable
from datetime import datetime

from apps.launch.checks.seen import faults, hsts_of
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.tls import Certificate, Endpoint
from apps.launch.facts.web import LANDING
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

# OpenSSL's codes, from x509_vfy.h.
NOT_YET, EXPIRED, SELF_SIGNED, HOST, ADDRESS = 9, 10, 18, 62, 64
NO_ISSUER = {20, 21}
WEAK = {66, 67, 68}
ENOUGH_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}  # CA/Browser Forum Baseline, 6.1.5


def judged(facts: Facts, fault: Callable[[Endpoint], str]) -> list[str]:
    """What `fault` says of the endpoints, each under its name and address."""
    return faults(
        (
            (f"{name} at {address}" if address else name, each)
            for name, address, each in known(facts.tls).each()
        ),
        fault,
    )


def outcome(found: list[str], facts: Facts, *, title: str, why: str, fix: str) -> Outcome:
    """Failed with what was found, else Passed with how much was looked at."""
    if not found:
        count = sum(1 for _ in known(facts.tls).each())
        return Passed(f"{count} address{'' if count == 1 else 'es'}")
    return Failed(title=title, evidence=listed(found, 3), why=why, fix=fix)


def own(endpoint: Endpoint) -> Certificate | None:
    """The server's own certificate, if it showed any."""
    return endpoint.chain[0] if endpoint.chain else None


@check("LC-TLS-001", tier=Tier.NOW, impact=Impact.OUTAGE, title="Every name speaks HTTPS")
def speaks(facts: Facts) -> Outcome:
    refusing = [
        name
        for name, _, each in known(facts.tls).each()
        if not isinstance(each, Unasked) and each.refusal
    ]
    locked = [name for name in refusing if covered(facts, name)]
    found = judged(facts, lambda each: each.refusal)
    if locked:
        return Failed(
            title="HSTS locks visitors out of a subdomain that has no HTTPS",
            evidence=listed(found, 3),
            why="Browsers were told never to use it without, for a year.",
            fix="give it a certificate, or SECURE_HSTS_INCLUDE_SUBDOMAINS = False",
        )
    return outcome(
        found,
        facts,
        title="A name does not speak HTTPS",
        why="Visitors see an error, or their password goes in the clear.",
        fix="add the name to your host's custom domains, or take it out of the plan",
    )


def covered(facts: Facts, name: str) -> bool:
    """Whether the product's HSTS holds for a name below its own."""
    if isinstance(facts.web, Unasked) or not name.endswith(f".{facts.web.host}"):
        return False
    landing = facts.web.pages[LANDING]
    return not isinstance(landing, Unasked) and hsts_of(landing[0])[1]


@check("LC-TLS-002", tier=Tier.NOW, impact=Impact.OUTAGE, title="No certificate has expired")
def expired(facts: Facts) -> Outcome:
    def fault(each: Endpoint) -> str:
        return f"ended {day(own(each))}" if is_expired(each, facts.now) else ""

    return outcome(
        judged(facts, fault),
        facts,
        title="A certificate has expired",
        why="Browsers stop every visitor with a full-page warning.",
        fix="renew it and find out why renewal stopped: sudo certbot renew",
    )


def is_expired(endpoint: Endpoint, now: datetime) -> bool:
    certificate = own(endpoint)
    return endpoint.code == EXPIRED or (certificate is not None and certificate.not_after <= now)


def day(certificate: Certificate | None) -> str:
    return f"{certificate.not_after:%Y-%m-%d}" if certificate else ""


@check("LC-TLS-003", tier=Tier.NOW, impact=Impact.OUTAGE, title="Every certificate holds already")
def not_yet(facts: Facts) -> Outcome:
    def fault(each: Endpoint) -> str:
        certificate = own(each)
        begins = f"{certificate.not_before:%Y-%m-%d %H:%M}" if certificate else "later"
        return f"begins {begins}" if each.code == NOT_YET else ""

    return outcome(
        judged(facts, fault),
        facts,
        title="A certificate does not hold yet",
        why="Browsers stop every visitor with a full-page warning.",
        fix="issue it again, on a machine whose clock is right",
    )


@check("LC-TLS-004", tier=Tier.NOW, impact=Impact.OUTAGE, title="Every certificate is for its name")
def host_name(facts: Facts) -> Outcome:
    def fault(each: Endpoint) -> str:
        certificate = own(each)
        names = listed(certificate.names, 3) if certificate and certificate.names else "no name"
        return f"has one for {names}" if each.code in {HOST, ADDRESS} else ""

    return outcome(
        judged(facts, fault),
        facts,
        title="A certificate is for another name",
        why="Browsers stop every visitor with a full-page warning.",
        fix="add the name to the certificate: sudo certbot --expand -d NAME",
    )


@check("LC-TLS-005", tier=Tier.NOW, impact=Impact.OUTAGE, title="No certificate is self-signed")
def self_signed(facts: Facts) -> Outcome:
    return outcome(
        judged(facts, lambda each: "vouches for itself" if each.code == SELF_SIGNED else ""),
        facts,
        title="A certificate is signed by nobody but itself",
        why="Browsers stop every visitor, and anybody can make the same.",
        fix="get one from an authority, for nothing: sudo certbot -d NAME",
    )


@check("LC-TLS-006", tier=Tier.NOW, impact=Impact.OUTAGE, title="Every chain is complete")
def complete(facts: Facts) -> Outcome:
    return outcome(
        judged(facts, lambda each: "sends its own alone" if is_incomplete(each) else ""),
        facts,
        title="A server leaves out the certificate in between",
        why="It works in your browser; phones, apps and monitors fail.",
        fix="serve the whole chain: ssl_certificate …/fullchain.pem",
    )


def is_incomplete(endpoint: Endpoint) -> bool:
    """Whether the issuer's certificate is missing: one came, and it names another as its issuer."""
    return endpoint.code in NO_ISSUER and len(endpoint.chain) == 1


@check(
    "LC-TLS-007",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Every certificate comes from an authority that browsers know",
)
def trusted(facts: Facts) -> Outcome:
    told = {0, NOT_YET, EXPIRED, SELF_SIGNED, HOST, ADDRESS, *WEAK}

    def fault(each: Endpoint) -> str:
        return "" if each.code in told or is_incomplete(each) else f"shows: {each.words}"

    return outcome(
        judged(facts, fault),
        facts,
        title="A certificate does not hold",
        why="Browsers stop every visitor with a full-page warning.",
        fix="get one from a public authority: sudo certbot -d NAME",
    )


@check("LC-TLS-008", tier=Tier.NOW, impact=Impact.EXPOSURE, title="Every key is long enough")
def strong(facts: Facts) -> Outcome:
    def fault(each: Endpoint) -> str:
        certificate = own(each)
        if certificate and certificate.key_bits < ENOUGH_BITS.get(certificate.key, 0):
            return f"has {certificate.key} with {certificate.key_bits} bits"
        return f"shows: {each.words}" if each.code in WEAK else ""

    return outcome(
        judged(facts, fault),
        facts,
        title="A certificate's key is too short",
        why="Who computes the key reads along; browsers refuse it already.",
        fix="issue it with a new key: sudo certbot renew --key-type ecdsa",
    )


@check(
    "LC-TLS-009",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="TLS 1.0 and 1.1 are refused",
)
def modern(facts: Facts) -> Outcome:
    def accepted(each: Endpoint) -> str:
        taken = [old for old, answer in each.old_versions.items() if answer is True]
        return f"takes {listed(taken)}" if taken else ""

    found = judged(facts, accepted)
    if not found:
        for _, _, each in known(facts.tls).each():
            for answer in known(each).old_versions.values():
                known(answer)
    return outcome(
        found,
        facts,
        title="A server still takes TLS 1.0 or 1.1",
        why="Auditors and card rules fail you for it; attacks on it exist.",
        fix="ssl_protocols TLSv1.2 TLSv1.3; or the host's minimum version",
    )


@check(
    "LC-TLS-010",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every certificate has a third of its life left",
)
def renewed(facts: Facts) -> Outcome:
    def fault(each: Endpoint) -> str:
        share = share_left(each, facts.now)
        return f"ends {day(own(each))}, {share:.0%} left" if share < 1 / 3 else ""

    found = judged(facts, fault)
    shares = [
        share_left(each, facts.now)
        for _, _, each in known(facts.tls).each()
        if not isinstance(each, Unasked)
    ]
    if not found or min(shares) >= 0.1:
        return outcome(
            found,
            facts,
            title="A certificate was not renewed in time",
            why="When it ends, browsers stop every visitor.",
            fix="find out why renewal stopped: sudo certbot renew --dry-run",
        )
    return Failed(
        tier=Tier.NOW,
        title="A certificate is about to expire",
        evidence=listed(found, 3),
        why="When it ends, browsers stop every visitor.",
        fix="renew it and find out why that did not happen: sudo certbot renew",
    )


def share_left(endpoint: Endpoint, now: datetime) -> float:
    """Which part of its life a certificate has before it; all of it if it is judged elsewhere."""
    certificate = own(endpoint)
    if certificate is None or is_expired(endpoint, now):
        return 1.0
    return (certificate.not_after - now) / (certificate.not_after - certificate.not_before)
