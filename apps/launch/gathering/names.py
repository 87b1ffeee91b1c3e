"""Asks name servers for what the plan, the settings and --live name."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from apps.launch.checks.words import mail_domain
from apps.launch.facts.dns import Dns
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import ask
from apps.launch.plan import Plan, Site
from apps.launch.probes.dns import look_up
from apps.launch.probes.target import Target


def names(target: Target, plan: Plan | Unasked, settings: Mapping[str, Any]) -> Dns | Unasked:
    """Ask; without a plan about the running product alone, since others need its addresses."""
    if isinstance(plan, Unasked):
        plan = Plan(site=Site(canonical=target.host))
    sender = mail_domain(settings["DEFAULT_FROM_EMAIL"]).lower()
    return ask("The name server", partial(look_up, target, plan, sender))
