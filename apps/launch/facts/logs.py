"""Facts of what the product writes of a request: its ID everywhere, and no secret."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What the reporting of errors is set to, and what a rehearsed report had in it.

    `names` are the release and the environment: what the reports say, and what the product is.
    `collects` names what the library gathers by itself, `traces` is the share of requests that is
    traced, None for none, and `leaks` say which planted secret came out in which kind of report.
    """

    names: Mapping[str, tuple[str, str]]
    collects: tuple[str, ...]
    traces: float | None
    leaks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Logs:
    """What a rehearsed request's log lines and reports had in them; nothing was sent or written.

    `level` is the least severe level that is logged; `plain` names the handlers whose lines are no
    JSON; `leaks` say which planted secret came out in which kind of line; `arrivals` tell of each
    place whether the request's ID got there.
    """

    level: str
    plain: tuple[str, ...]
    leaks: tuple[str, ...]
    arrivals: Mapping[str, bool]
    reports: Reports | Unasked
