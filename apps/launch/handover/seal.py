"""The last line of each file of a pack: from which plan it was made, and what it said then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from hashlib import sha256

from apps.launch.plan import Plan

# A comment in Markdown as in HTML, so that no reader sees it.
LINE = "\n<!-- manage.py handover: plan {}, text {} -->\n"
SEAL = re.compile(LINE.format("([0-9a-f]{12})", "([0-9a-f]{12})") + r"\Z")
# What goes stale by itself or is noted of other environments makes no pack old.
LEFT_OUT = {"evidence", "fingerprints"}


@dataclass(frozen=True)
class Seal:
    """The plan's fingerprint at the time, and whether nobody has changed the text since."""

    plan: str
    intact: bool


def fingerprint(plan: Plan) -> str:
    """Twelve digits that change when the plan does, except for its evidence."""
    return digits("\n".join(said(plan)))


def said(plan: Plan) -> Iterator[str]:
    for one in fields(plan):
        if one.name not in LEFT_OUT:
            yield f"{one.name}={getattr(plan, one.name)!r}"


def digits(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def sealed(text: str, plan: str) -> str:
    """The text with its seal; `plan` is the plan's fingerprint."""
    return text + LINE.format(plan, digits(text))


def seal(text: str) -> Seal | None:
    """The seal of a file's text, or None for a file that no pack had."""
    found = SEAL.search(text)
    return found and Seal(found[1], intact=found[2] == digits(text[: found.start()]))
