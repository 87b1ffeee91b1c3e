"""LC-SECRET: whether secrets were committed, or are shared between environments."""

from collections.abc import Mapping, Sequence

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.facts.project import Leak
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.fingerprints import SALT
from apps.launch.registry import check

EXCUSE = "or, if it is none, say why in .secrets.allow"


@check(
    "LC-SECRET-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No secret stands in the committed files",
)
def in_files(facts: Facts) -> Outcome:
    leaks = known(known(facts.project).leaks)
    if not leaks:
        return Passed("every tracked file was searched")
    return Failed(
        title="A secret stands in the committed files",
        evidence=places(leaks),
        why="Everybody who can read the code can use it.",
        fix=f"change it where it opens something and take it out; {EXCUSE}",
    )


@check(
    "LC-SECRET-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No secret stands in the history",
)
def in_history(facts: Facts) -> Outcome:
    leaks = known(known(facts.project).former_leaks)
    if not leaks:
        return Passed("every commit of every branch was searched")
    return Failed(
        title="A secret was committed once and is still in the history",
        evidence=places(leaks),
        why="Taking it out of the file did not take it back: it is out.",
        fix=f"change it where it opens something; then, {EXCUSE}",
    )


def places(leaks: Sequence[Leak]) -> str:
    """Where they stand: file, line, kind and commit, and nothing of what they are."""
    return listed([str(leak) for leak in leaks], most=3)


@check(
    "LC-SECRET-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No other environment shares a secret or a database with this one",
)
def shared(facts: Facts) -> Outcome:
    plan = known(facts.plan)
    others = {name: each for name, each in plan.fingerprints.items() if name != facts.environment}
    if not others:
        raise Skipped("no other environment is recorded: python manage.py fingerprints, there")
    own = known(known(facts.project).fingerprints)
    for name in others:
        if not own.get(name):
            raise Unasked(f"{name} was recorded without its salt: python manage.py fingerprints")
    alike = [each for name, prints in others.items() for each in pairs(own[name], name, prints)]
    if not alike:
        return Passed(f"{len(own[name])} compared with {listed(list(others))}")
    return Failed(
        title="Two environments share a secret or a database",
        evidence=listed(alike, most=3),
        why="A trial on one changes the other, and its leak opens both.",
        fix=f"give {facts.environment} its own {alike[0].split(' is ')[0]}",
    )


def pairs(own: Mapping[str, str], other: str, prints: Mapping[str, str]) -> list[str]:
    """What is the same here and there, under whatever names."""
    return [
        f"{name} is {other}'s" + ("" if name == theirs else f" {theirs}")
        for name, mine in own.items()
        for theirs, each in prints.items()
        if mine == each and theirs != SALT
    ]
