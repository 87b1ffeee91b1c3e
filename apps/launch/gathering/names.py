"""Asks name servers for what the plan, the settings and --live name."""

from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any

from apps.launch.checks.words import mail_domain
from apps.launch.facts.dns import Answer, Dns, Question
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import PATIENCE, ask, together
from apps.launch.gathering.questions import wanted
from apps.launch.plan import Plan, Site
from apps.launch.probes.dns import NameServers
from apps.launch.probes.target import Target
from apps.launch.readings.names import hosts

ONE_ROUND = 7.0  # seconds; each question has a narrower bound of its own


def names(target: Target, plan: Plan | Unasked, settings: Mapping[str, Any]) -> Dns | Unasked:
    """Ask; without a plan about the running product alone, since others need its addresses."""
    if isinstance(plan, Unasked):
        plan = Plan(site=Site(canonical=target.host))
    sender = mail_domain(settings["DEFAULT_FROM_EMAIL"]).lower()
    return ask("The name server", partial(look_up, target, plan, sender))


def look_up(target: Target, plan: Plan, sender: str, *, patience: float = PATIENCE) -> Dns:
    """Ask everything that the checks need for `plan` and mail from the domain `sender`.

    What follows from an answer is asked in the next round. It takes `patience` at most; what could
    not be asked is an Unasked in its place. Raises Unasked if there is no name server to ask.
    """
    end = monotonic() + patience
    servers = NameServers(target)
    answers: dict[Question, Answer | Unasked] = {}
    while missing := wanted(plan, sender, target.host, answers):
        left = end - monotonic()
        if left <= 0:
            late = Unasked(f"{servers} took longer than {patience:g} s over all questions")
            answers |= dict.fromkeys(missing, late)
            continue
        questions = {each: partial(servers.ask, *each) for each in missing}
        answers |= together(questions, whom=servers.whom, patience=min(left, ONE_ROUND))
    names = hosts(plan, target.host)
    return Dns(
        server=str(servers),
        answers=answers,
        addresses={name: _addresses(answers, name) for name in names},
        detoured=frozenset(name for name in names if target.way_to(name, target.port)),
    )


def _addresses(
    answers: Mapping[Question, Answer | Unasked], name: str
) -> tuple[str, ...] | Unasked:
    """All addresses of a name; an Unasked if one kind could not be had, since it may have some."""
    found: list[str] = []
    for type in ("A", "AAAA"):
        answer = answers[name, type]
        if isinstance(answer, Unasked):
            return answer
        found += answer.records
    return tuple(found)
