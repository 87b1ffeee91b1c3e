"""Faults of tables and of the lists that show them."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.facts.records import Listed
from apps.launch.findings import Tier
from tests.launch.fabricated import with_facts
from tests.launch.sound.records import RECORDS, TABLES

TRAFFIC = Tier.TRAFFIC
NO = Unasked("no answer")


def lists(**changes: Any) -> Facts:
    """The sound launch with other lists."""
    return with_facts(records=replace(RECORDS, **changes))


def tables(**changes: Any) -> Facts:
    """The sound launch with another catalogue."""
    return lists(tables=replace(TABLES, **changes))


def bare(table: str) -> tuple[Listed, ...]:
    """A list of this table that sorts by what has no index."""
    return (Listed(table=table, column="city", declared="Client.SORTS city", indexed=False),)


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-PERF-002", TRAFFIC, tables(listed=bare("clients_client"))),
    ("LC-PERF-003", TRAFFIC, lists(endless={"/t/<slug:slug>/x/": "paginate_by is not set"})),
    ("LC-PERF-004", TRAFFIC, tables(invalid=("clients_client_city",))),
    ("LC-PERF-005", TRAFFIC, tables(unled=("clients_client.owner_id",))),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a small table needs no index", tables(listed=bare("clients_note"))),
    ("a small table's keys need none either", tables(unled=("clients_note.author_id",))),
    ("a project may have no list that is a class", lists(lists=0)),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("records", {f"LC-PERF-00{number}" for number in range(2, 6)}),
    (
        {"records": replace(RECORDS, tables=NO)},
        {"LC-PERF-002", "LC-PERF-004", "LC-PERF-005"},
    ),
]
