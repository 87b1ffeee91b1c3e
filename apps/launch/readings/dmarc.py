"""Finds and reads DMARC policies (RFC 9989): by walking the tree, without a list of suffixes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apps.launch.facts.dns import Answer
from apps.launch.readings.tags import BadTags, tags

Lookup = Callable[[str, str], Answer]
MOST_QUERIES = 8  # §4.10
POLICIES = {"none", "quarantine", "reject"}
VERSION = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
REPORTER = re.compile(r"mailto:[^@\s]+@([^@!\s]+)(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The policy that holds for mail from `domain`.

    `at` is where it stands, "" if none does; `crowded` are the names with several records, all of
    which count for nothing; `organisation` is the organisational domain (§4.10.2).
    """

    domain: str
    organisation: str
    at: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    crowded: tuple[str, ...] = ()

    @property
    def reporters(self) -> tuple[str, ...]:
        """The domains that aggregate reports go to."""
        uris = [uri.strip() for uri in self.tags.get("rua", "").split(",")]
        found = [REPORTER.fullmatch(uri) for uri in uris]
        return tuple(dict.fromkeys(each[1].lower().rstrip(".") for each in found if each))

    @property
    def written(self) -> str:
        """The policy as it is written for this domain, in force or not; "none" where p is missing.

        A domain without a record of its own has its organisation's sp, or p where there is no sp.
        """
        names = ("p",) if self.at == self.domain else ("sp", "p")
        asked = next((self.tags[name] for name in names if name in self.tags), "none").lower()
        return asked if asked in POLICIES else "none"

    @property
    def testing(self) -> bool:
        """Whether t=y asks not to enforce it (§4.7)."""
        return self.tags.get("t", "n").lower() == "y"

    @property
    def enforces(self) -> bool:
        return self.written != "none" and not self.testing


def steps(domain: str) -> list[str]:
    """The names that a walk from `domain` asks, itself first: eight at most (§4.10)."""
    found = [domain]
    labels = domain.split(".")
    # From a longer name the walk leaps to the last seven labels.
    rest = labels[-(MOST_QUERIES - 1) :] if len(labels) > MOST_QUERIES else labels[1:]
    return found + [".".join(rest[at:]) for at in range(len(rest))]


def discover(domain: str, look: Lookup) -> Found:
    """Find the policy for mail from `domain`. Raises what `look` raises."""
    held: dict[str, dict[str, str]] = {}
    crowded = []
    for name in steps(domain):
        records = [text for text in look(f"_dmarc.{name}", "TXT").records if VERSION.match(text)]
        if len(records) > 1:
            crowded.append(name)
        elif records and (found := _valid(records[0])):
            held[name] = found
            if found.get("psd", "u").lower() in {"y", "n"}:
                break
    organisation = _organisation(domain, held)
    suffix = next((n for n in held if n != domain and _psd(held[n]) == "y"), "")
    at = next((name for name in (domain, organisation, suffix) if name in held), "")
    return Found(
        domain=domain,
        organisation=organisation,
        at=at,
        tags=held.get(at, {}),
        # What stands above the organisation is none of its business.
        crowded=tuple(name for name in crowded if name in {domain, organisation} or not at),
    )


def _valid(text: str) -> dict[str, str] | None:
    """The tags of a record, or None for one that receivers leave aside.

    One whose p cannot be read still stands, as p=none, if it has an address for reports (§4.7).
    """
    try:
        found = tags(text)
    except BadTags:
        return None
    if found.get("p", "none").lower() not in POLICIES and not found.get("rua"):
        return None
    return found


def _psd(record: Mapping[str, str]) -> str:
    return record.get("psd", "u").lower()


def _organisation(domain: str, held: Mapping[str, Mapping[str, str]]) -> str:
    """The organisational domain, by what the walk found on its way up (§4.10.2)."""
    for name, record in held.items():
        if _psd(record) == "n":
            return name
        if _psd(record) == "y" and name != domain:
            return domain[: -len(name) - 1].rpartition(".")[2] + "." + name
    return min(held, key=lambda name: name.count("."), default=domain)


def is_aligned(one: str, other: str, *, strict: bool, look: Lookup) -> bool:
    """Whether two domains belong together: the same, or in relaxed mode the same organisation's."""
    if one == other or strict:
        return one == other
    return discover(one, look).organisation == discover(other, look).organisation


def is_authorised(found: Found, reporter: str, look: Lookup) -> bool:
    """Whether a domain takes the reports about another's mail (RFC 9990 §4)."""
    if is_aligned(found.at, reporter, strict=False, look=look):
        return True
    consent = look(f"{found.at}._report._dmarc.{reporter}", "TXT").records
    return any(VERSION.match(text) for text in consent)
