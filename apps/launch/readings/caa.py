"""Reads CAA records: who may issue certificates for a name (RFC 8659)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.launch.facts.dns import Answer, upwards

Lookup = Callable[[str, str], Answer]
RECORD = re.compile(r'(\d+) (\w+) "(.*)"')
# By a word of an issuer's organisation, as its certificates name it: the names that stand for it in
# CAA records, from its own documentation. An issuer that is not here cannot be judged.
ISSUERS = {
    "let's encrypt": ("letsencrypt.org",),
    "google trust services": ("pki.goog",),
    "digicert": ("digicert.com",),
    "sectigo": ("sectigo.com", "comodoca.com"),
    "amazon": ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"),
    "globalsign": ("globalsign.com",),
    "zerossl": ("sectigo.com", "comodoca.com"),
    "ssl corp": ("ssl.com",),
    "buypass": ("buypass.com",),
    "actalis": ("actalis.it",),
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The CAA records that hold for a name: those `at` the nearest name that has any."""

    at: str = ""
    issuers: tuple[str, ...] = ()  # the domains of issue; ";" gives an empty one: nobody
    restricts: bool = False  # without any issue, everybody may
    reports: tuple[str, ...] = ()  # iodef
    strange: tuple[str, ...] = ()  # critical ones that an issuer does not know forbid issuing


def policy(name: str, look: Lookup) -> Policy:
    """The policy for a name, by climbing (§3). Raises what `look` raises."""
    for at in upwards(name):
        if records := look(at, "CAA").records:
            return _read(at, records)
    return Policy()


def _read(at: str, records: tuple[str, ...]) -> Policy:
    parts = [found.groups() for text in records if (found := RECORD.fullmatch(text))]
    issue = [value for _, tag, value in parts if tag.lower() == "issue"]
    return Policy(
        at=at,
        issuers=tuple(value.partition(";")[0].strip().lower() for value in issue),
        restricts=bool(issue),
        reports=tuple(value for _, tag, value in parts if tag.lower() == "iodef"),
        strange=tuple(
            tag
            for flags, tag, _ in parts
            if int(flags) & 128
            and tag.lower() not in {"issue", "issuewild", "iodef", "issuemail", "contactemail"}
        ),
    )


def allows(found: Policy, issuer: str) -> bool | None:
    """Whether a certificate of `issuer`, an organisation, may be issued; None if it is unknown.

    Without any issuer it says whether anybody may.
    """
    if found.strange:
        return False
    if not found.restricts:
        return True
    allowed = [name for name in found.issuers if name]
    if not allowed or not issuer:
        return bool(allowed)
    names = _names(issuer)
    return any(name in names for name in allowed) if names else None


def name_of(issuer: str) -> str:
    """What to write into a CAA record for an issuer, Let's Encrypt if it is unknown."""
    return (_names(issuer) or ISSUERS["let's encrypt"])[0]


def _names(issuer: str) -> tuple[str, ...]:
    return next((names for word, names in ISSUERS.items() if word in issuer.lower()), ())
