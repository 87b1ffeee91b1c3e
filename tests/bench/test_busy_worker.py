"""How long the client list takes by HTTP while a worker exports a million rows and imports 100,000.

Quiet and busy rounds take turns, on one PostgreSQL; a sample counts as busy if both jobs ran.
"""

import itertools
import os
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import requests

from apps.clients.management.commands.seed import OWNER
from apps.clients.models import Client
from apps.launch.pages import Form, Page
from config.machine import MIB
from dev.portal import Portal, with_database
from tests.bench.test_exports import PEAK
from tests.bench.test_memory import memory_of, sign_in

pytestmark = pytest.mark.bench
EXPORTED, IMPORTED = 1_000_000, 100_000
ROUNDS, SAMPLES, EVERY = 3, 100, 0.1  # seconds from one request to the next
LONGEST = 600.0  # seconds that a busy round may take
MOST = 1.5  # times the quiet p95
HOME, NEXT_DOOR = "/t/northwind/", "/t/contoso-services/"
ROWS = """
INSERT INTO clients_client (tenant_id, name, email, phone, city, status, created_at, updated_at)
SELECT tenants_tenant.id, 'Client ' || n, 'client' || n || '@northwind.example',
       '+44 20 7946 ' || lpad((n %% 10000)::text, 4, '0'), 'City ' || n %% 500, 'active',
       now() - n * interval '1 second', now()
FROM tenants_tenant, generate_series(1, %s) AS n WHERE slug = 'northwind'
"""
RUNNING = "SELECT kind, state = 'running' FROM jobs_job WHERE state IN ('queued', 'running')"
ENDED = "SELECT kind, state, finished_at - started_at FROM jobs_job WHERE kind LIKE 'transfers.%'"


@dataclass
class Times:
    """How long the list took, in seconds, round by round."""

    rounds: list[list[float]] = field(default_factory=list)

    def p95(self) -> float:
        return p95([each for one in self.rounds for each in one])

    def __str__(self) -> str:
        whole = [each for one in self.rounds for each in one]
        each = ", ".join(f"{p95(one) * 1000:.0f}" for one in self.rounds)
        return (
            f"p50 {statistics.median(whole) * 1000:5.1f} ms   p95 {p95(whole) * 1000:5.1f} ms"
            f"   of {len(whole)}; p95 of each round {each} ms"
        )


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with Portal(servers=os.environ, folder=tmp_path / "portal") as running:
        running.authority.cert_pem.write_to_path(str(tmp_path / "root.pem"))
        with owner_of(running) as connection:
            fill(connection)
        yield running


def owner_of(portal: Portal) -> psycopg.Connection[tuple[object, ...]]:
    """A connection that sees all workspaces, and takes its time."""
    url = with_database(portal.servers["DATABASE_OWNER_URL"], portal.database)
    options = "-c slipway.platform=on -c statement_timeout=0"
    return psycopg.connect(url, autocommit=True, options=options)


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Give Northwind its clients; the indexes are made afterwards, which is quicker."""
    names = [index.name for index in Client._meta.indexes]
    kept = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [names]
    ).fetchall()
    for name, _ in kept:
        connection.execute(f"DROP INDEX {name}".encode())
    connection.execute(ROWS, [EXPORTED])
    for _, made in kept:
        connection.execute(str(made).encode())
    connection.execute("VACUUM ANALYZE")


class Person:
    """Somebody signed in who reads the list, and asks for what keeps the worker busy."""

    def __init__(self, portal: Portal, root: Path) -> None:
        self.portal, self.session = portal, requests.Session()
        self.session.verify, self.session.trust_env = str(root), False
        sign_in(portal, self.session)
        self.turns = itertools.count()

    def time_list(self) -> float:
        begun = time.perf_counter()
        answer = self.session.get(f"{self.portal.url}{HOME}clients/")
        took = time.perf_counter() - begun
        assert answer.status_code == 200
        return took

    def export(self) -> None:
        page = self.page(f"{HOME}exports/new/clients/")
        self.send(page, "/exports/new/clients/")

    def bring_in(self) -> None:
        """Upload the rows next door, and take the columns as the page proposes them.

        Of one workspace a worker of this size does one such job at a time.
        """
        turn = next(self.turns)
        lines = [f"New {turn}-{n},new{n}@round{turn}.example" for n in range(IMPORTED)]
        file = ("new.csv", "\n".join(["Name,E-mail", *lines]))
        page = self.page(f"{NEXT_DOOR}imports/new/clients/")
        draft = self.send(page, "/imports/new/clients/", {"file": file})
        # By the form's second button, which brings the rows in without trying them out.
        for form in draft.forms:
            form.action = f"{draft.url}start/"
        self.send(draft, "/start/", names={"mode"})

    def page(self, path: str) -> Page:
        answer = self.session.get(self.portal.url + path)
        answer.raise_for_status()
        return Page(answer.url, answer.text)

    def send(
        self,
        page: Page,
        ending: str,
        files: dict[str, tuple[str, str]] | None = None,
        *,
        names: frozenset[str] | set[str] = frozenset(),
    ) -> Page:
        """Send the page's form as it stands; return the page that it leads to."""
        form: Form | None = page.form(ending, {*names})
        assert form, f"No form for {ending} on {page.url}"
        answer = self.session.post(
            form.action, form.fields, files=files, headers={"Referer": page.url}
        )
        answer.raise_for_status()
        assert answer.history, f"{form.action} kept the form: {answer.text[:2000]}"
        return Page(answer.url, answer.text)


def quiet(person: Person) -> list[float]:
    pause, times = threading.Event(), []
    for _ in range(SAMPLES):
        times.append(person.time_list())
        pause.wait(EVERY - times[-1])
    return times


def busy(person: Person, connection: psycopg.Connection[tuple[object, ...]]) -> list[float]:
    """Time the list while an import and an export run, one after another of each."""
    pause, times, deadline = threading.Event(), [], time.monotonic() + LONGEST
    while len(times) < SAMPLES:
        assert time.monotonic() < deadline, f"Only {len(times)} times did both run"
        before = dict(connection.execute(RUNNING).fetchall())
        if "transfers.import" not in before:
            person.bring_in()
        if "transfers.export" not in before:
            person.export()
        took = person.time_list()
        if all(before.get(f"transfers.{what}") for what in ("import", "export")):
            times.append(took)
        pause.wait(EVERY - took)
    while connection.execute(RUNNING).fetchall():
        assert time.monotonic() < deadline, "The worker is busy for ever"
        pause.wait(EVERY)
    return times


def memory_of_an_export(
    person: Person, portal: Portal, connection: psycopg.Connection[tuple[object, ...]]
) -> float:
    """The most that a process of the worker takes while one export runs, in MiB.

    What it shares with the processes that were forked with it is counted in parts, as Linux does.
    """
    assert portal.processes
    worker = portal.processes.running["worker"].pid
    person.export()
    pause, most = threading.Event(), 0
    while connection.execute(RUNNING).fetchall():
        most = max([most, *(pss for what, _, pss in memory_of(worker) if what == "child")])
        pause.wait(EVERY / 2)
    return most / MIB


def test_the_list_while_a_worker_is_busy(
    portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(portal, tmp_path / "root.pem")
    person.time_list()
    calm, strained = Times(), Times()
    with owner_of(portal) as connection:
        for turn in range(ROUNDS):
            calm.rounds.append(quiet(person))
            strained.rounds.append(busy(person, connection))
            with capsys.disabled():
                print(f"\n  round {turn + 1}: quiet {calm}\n           busy  {strained}")
        memory = memory_of_an_export(person, portal, connection)
        ended = connection.execute(ENDED).fetchall()
    ratio = strained.p95() / calm.p95()
    with capsys.disabled():
        print(f"\nThe client list of {OWNER[1]}, {EXPORTED:,} clients")
        print(f"  quiet  {calm}\n  busy   {strained}\n  ratio of p95  {ratio:.2f}")
        print(f"  a process of the worker took {memory:.0f} MiB at most while one export ran")
        for kind, state, took in ended:
            print(f"  {kind} {state} {took}")
    assert {state for _, state, _ in ended} == {"succeeded"}
    assert ratio < MOST
    assert memory < PEAK
