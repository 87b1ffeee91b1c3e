"""Faults of log lines and error reports."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.findings import Tier
from tests.launch.fabricated import with_facts
from tests.launch.sound.logs import LOGS, REPORTS

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER


def logging(**changes: Any) -> Facts:
    """The sound launch with other log lines."""
    return with_facts(logs=replace(LOGS, **changes))


def reporting(**changes: Any) -> Facts:
    """The sound launch with other error reports."""
    return logging(reports=replace(REPORTS, **changes))


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-LOG-001", NOW, logging(leaks=("token in an exception", "DSN in a sentence"))),
    ("LC-LOG-002", NOW, reporting(leaks=("password in a field",))),
    *(
        ("LC-LOG-003", TRAFFIC, logging(arrivals={**LOGS.arrivals, place: False}))
        for place in LOGS.arrivals
    ),
    ("LC-LOG-003", TRAFFIC, logging(arrivals={})),
    ("LC-LOG-004", TRAFFIC, logging(level="DEBUG")),
    ("LC-LOG-004", TRAFFIC, logging(level="NOTSET")),
    ("LC-LOG-005", LATER, logging(plain=("line",))),
    ("LC-LOG-006", TRAFFIC, reporting(names={"release": ("", "4f2c91a")})),
    ("LC-LOG-006", TRAFFIC, reporting(names={"environment": ("staging", "production")})),
    ("LC-LOG-007", TRAFFIC, reporting(collects=("send_default_pii",))),
    ("LC-LOG-008", LATER, reporting(traces=1.0)),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a fifth of the requests may be traced", reporting(traces=0.2)),
    ("none is fewer", reporting(traces=0.0)),
    ("warnings alone are few lines", logging(level="WARNING")),
]
NO = Unasked("no answer")
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("logs", {f"LC-LOG-{number:03}" for number in range(1, 9)}),
    (
        {"logs": replace(LOGS, reports=NO)},
        {"LC-LOG-002", "LC-LOG-006", "LC-LOG-007", "LC-LOG-008"},
    ),
]
