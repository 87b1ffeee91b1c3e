"""How checks judge many things that were seen, some of which could not be."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.web import Answer

T = TypeVar("T")


def faults(seen: Iterable[tuple[str, T | Unasked]], fault: Callable[[T], str]) -> list[str]:
    """What is wrong, as "where what", where `fault` has words for it.

    Raises Unasked if nothing is wrong so far and something could not be seen.
    """
    found: list[str] = []
    missing: Unasked | None = None
    for where, each in seen:
        if isinstance(each, Unasked):
            missing = missing or each
        elif words := fault(each):
            found.append(f"{where} {words}".strip())
    if missing and not found:
        raise missing
    return list(dict.fromkeys(found))


def answers(facts: Facts, *roles: str) -> Iterator[tuple[str, Answer | Unasked]]:
    """Every answer of these roles, each under its role. Raises Unasked without any."""
    pages = known(facts.web).pages
    for role in roles:
        seen = pages[role]
        if isinstance(seen, Unasked):
            yield role, seen
        else:
            for answer in seen:
                yield role, answer


def directives(value: str, separator: str = ";") -> dict[str, str]:
    """A header of directives, by their names in small letters: "max-age=5; preload".

    The first of a name counts (CSP3 §2.2.1, RFC 6797 §6.1).
    """
    found: dict[str, str] = {}
    for part in value.split(separator):
        name, _, said = part.strip().replace("=", " ", 1).partition(" ")
        found.setdefault(name.lower(), said.strip().strip('"'))
    return {name: said for name, said in found.items() if name}


def hsts_of(answer: Answer) -> tuple[int, bool]:
    """For how many seconds browsers keep to HTTPS, and whether below the name too (RFC 6797)."""
    said = directives(answer.header("strict-transport-security"))
    seconds = said.get("max-age", "")
    return int(seconds) if seconds.isdecimal() else 0, "includesubdomains" in said
