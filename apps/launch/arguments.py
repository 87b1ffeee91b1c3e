"""What several commands take alike: the launch plan's file, and the way to the running product."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.launch.gathering import PLAN
from apps.launch.harmless import harmless
from apps.launch.probes.target import Target, authorities, detour, live_url, name_server

USAGE = 2  # the exit of a wrong call


class BadCall(ValueError):
    """Options that do not go together, or cannot be followed."""


def add_plan(parser: CommandParser) -> None:
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help=f"the launch plan's file, {PLAN.name} without it"
    )


def plan_file(options: Mapping[str, Any]) -> Path:
    """The plan's file, which need not be there unless it was named. Raises BadCall."""
    named: Path | None = options["plan"]
    if named and not named.is_file():
        raise BadCall(f"--plan: there is no file {harmless(str(named), 80)}")
    return named or PLAN


def add_way(parser: CommandParser) -> None:
    """Take another way to the running product than names and the system's authorities tell."""
    parser.add_argument(
        "--connect-to",
        action="append",
        default=[],
        metavar="HOST1:PORT1:HOST2:PORT2",
        help="connect to the second for the first, as curl does",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="the authorities to believe, in PEM"
    )


def target_of(options: Mapping[str, Any]) -> Target:
    """What --live and its companions describe. Raises BadTarget."""
    return Target(
        url=live_url(options["live"]),
        dns=name_server(options["dns"]) if options.get("dns") is not None else None,
        connect_to=dict(detour(each) for each in options["connect_to"]),
        ca_file=None if options["ca_file"] is None else authorities(options["ca_file"]),
    )
