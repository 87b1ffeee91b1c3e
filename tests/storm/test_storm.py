"""Two thousand jobs and two hundred mails through a storm: none lost, none done twice.

Everything is real: the Procfile's processes, PostgreSQL, Valkey, a mail server, requests by HTTP.
``STORM_SEED=7 make storm`` repeats a storm as far as its blows and what is asked for go.
"""

import json
import os
import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.jobs.models import Job
from tests.storm.asking import JOBS, MAILS, POISONS, Answer, Asked, Askers
from tests.storm.blows import Storm
from tests.storm.handlers import POISON
from tests.storm.machine import Machine
from tests.world.waiting import wait_until

pytestmark = pytest.mark.prove
CALM = 240.0  # seconds after which all has to be done, on whatever machine
BUDGET = 0.3  # seconds that a request may wait for the broker
# How long a failed job rests before its next attempt is proved elsewhere; nobody waits for it here.
NO_REST = (
    "UPDATE jobs_job SET run_after = now(), wake_after = now()"
    " WHERE state = 'queued' AND attempts > 0 AND run_after > now() + interval '1 second'"
)
OPEN = "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')"
UNSENT = "SELECT count(*) FROM mail_mail WHERE state = 'queued'"
STATES = "SELECT (arguments ->> 'number')::int, state, attempts, traceback FROM jobs_job"


@dataclass
class Remains:
    """What is on record when the storm is over."""

    jobs: dict[int, list[tuple[str, int, str]]]  # by number: state, attempts, traceback
    effects: Counter[int]
    ends: Counter[int]  # how often the end of each was told
    mails: dict[str, tuple[str, str, int]]  # by Message-ID: address, state, attempts
    taken: Counter[tuple[str, str]]  # by the mail server: Message-ID and address

    @classmethod
    def of(cls, machine: Machine) -> "Remains":
        jobs: dict[int, list[tuple[str, int, str]]] = {}
        for number, *about in machine.sql(f"{STATES} WHERE kind LIKE 'storm.%'"):
            jobs.setdefault(number, []).append((about[0], about[1], about[2]))
        mails = machine.sql(
            "SELECT message_id, mail_mail.to, mail_mail.state, attempts"
            " FROM mail_mail JOIN jobs_job ON jobs_job.id = job_id"
        )
        record = [json.loads(line) for line in machine.record.read_text().splitlines()]
        return cls(
            jobs=jobs,
            effects=Counter(
                dict(machine.sql("SELECT number, count(*) FROM storm_effect GROUP BY number"))
            ),
            ends=Counter(
                dict(machine.sql("SELECT number, count(*) FROM storm_end GROUP BY number"))
            ),
            mails={message_id: (to, state, tries) for message_id, to, state, tries in mails},
            taken=Counter((each["message_id"], to) for each in record for to in each["to"]),
        )

    @property
    def again(self) -> int:
        """How many attempts there were beyond the first of each job and mail, poison left out."""
        tries = [tries for [(state, tries, _)] in self.jobs.values() if state == "succeeded"]
        tries += [tries for _, _, tries in self.mails.values()]
        return sum(tries) - len(tries)

    @property
    def mails_twice(self) -> int:
        """How many mails the server was handed more than once."""
        return sum(times > 1 for times in self.taken.values())


def test_a_storm_loses_nothing_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(10_000))
    with capsys.disabled():
        print(f"\nSTORM_SEED={seed}")
    begun, worked = time.monotonic(), processor_seconds()
    with Machine(tmp_path) as machine:
        wait_until(lambda: serves(machine), "web takes requests", seconds=30)
        ready = time.monotonic()
        askers = Askers(machine, seed)
        askers.start()
        storm = Storm(machine, seed, jobs=JOBS)
        storm.blow()
        blown = time.monotonic()
        askers.join(CALM)
        # What has not ended by then counts as lost, and the table says how much that is.
        with suppress(AssertionError):
            wait_until(lambda: is_calm(machine), "all jobs and mails end", seconds=CALM)
        calm = time.monotonic()
        remains = Remains.of(machine)
        starts = {name: part.starts for name, part in machine.parts.items()}
    times = {
        "made ready": ready - begun,
        "blew": blown - ready,
        "calmed down": calm - blown,
        "processor time of all that": processor_seconds() - worked,
    }
    with capsys.disabled():
        print(table(askers.asked, storm, remains, starts, times))
    assert storm.kills == 30
    assert_jobs(askers.asked, remains)
    assert_mails(askers.asked, remains)
    assert not blocked(askers.asked), "The broker held up requests"
    assert storm.overtaken, "Nobody was held up past their lease: this storm proves no guard"


def processor_seconds() -> float:
    """What all processes took that this one started and has seen end."""
    spent = os.times()
    return spent.children_user + spent.children_system


def serves(machine: Machine) -> bool:
    return "Listening at" in (machine.folder / "processes.log").read_text(errors="replace")


def is_calm(machine: Machine) -> bool:
    """Whether nothing is left to do; what failed is not left to rest meanwhile."""
    machine.sql(NO_REST)
    return not machine.sql(OPEN)[0][0] and not machine.sql(UNSENT)[0][0]


def assert_jobs(asked: Asked, remains: Remains) -> None:
    """Each job that was asked for is there once, and has ended as it should, with its effects."""
    assert len(asked.kinds) == JOBS
    assert {number: len(rows) for number, rows in remains.jobs.items()} == dict.fromkeys(
        asked.kinds, 1
    )
    good = {number for number, kind in asked.kinds.items() if kind not in POISONS}
    lost = {number: remains.jobs[number] for number in good if not remains.effects[number]}
    assert not lost
    doubled = {number: times for number, times in remains.effects.items() if times > 1}
    assert not doubled
    assert set(remains.effects) == good
    assert {remains.jobs[number][0][0] for number in good} == {"succeeded"}
    assert remains.ends == dict.fromkeys(asked.kinds, 1)
    for number in asked.kinds.keys() - good:
        ((state, attempts, traceback),) = remains.jobs[number]
        assert (state, attempts) == ("dead", Job.MAX_ATTEMPTS), asked.kinds[number]
        assert (POISON in traceback) == (asked.kinds[number] == "raises")


def assert_mails(asked: Asked, remains: Remains) -> None:
    """The mail server's record and the table agree row for row, once what came twice is folded."""
    assert len(asked.addresses) == MAILS
    assert sorted(to for to, _, _ in remains.mails.values()) == sorted(asked.addresses)
    assert {state for _, state, _ in remains.mails.values()} == {"sent"}
    assert set(remains.taken) == {(which, to) for which, (to, _, _) in remains.mails.items()}
    for (which, _), times in remains.taken.items():
        assert times <= remains.mails[which][2], "Handed over more often than there were attempts"


def table(
    asked: Asked,
    storm: Storm,
    remains: Remains,
    starts: dict[str, int],
    times: dict[str, float],
) -> str:
    """What happened, for people."""
    answers = asked.answers
    slowest = max(answers, key=lambda each: each.took)
    rows: list[tuple[str, object]] = [
        ("jobs asked for, and mails", f"{len(asked.kinds)}, {len(asked.addresses)}"),
        ("requests, and those asked again", f"{len(answers)}, {refused(asked)}"),
        *((what, times_struck) for what, times_struck in sorted(storm.struck.items())),
        ("kills in all", storm.kills),
        ("stopped ones overtaken by another", storm.overtaken),
        ("starts of each process", ", ".join(f"{name} {n}" for name, n in starts.items())),
        ("attempts beyond the first", remains.again),
        ("jobs lost", sum(not remains.effects[number] for number in good_ones(asked))),
        ("effects doubled", sum(number > 1 for number in remains.effects.values())),
        ("dead letters", sum(rows[0][0] == "dead" for rows in remains.jobs.values())),
        ("mails lost", len(remains.mails.keys() - {which for which, _ in remains.taken})),
        ("mails handed over twice, shown once", remains.mails_twice),
        ("requests that it blocked over 300 ms", len(blocked(asked))),
        ("longest wait for the broker", f"{max(each.waited for each in answers):.3f} s"),
        ("… with the wait for a processor", f"{max(each.waited_in_all for each in answers):.3f} s"),
        ("slowest request", f"{slowest.took:.3f} s ({slowest.status})"),
        *((what, f"{seconds:.1f} s") for what, seconds in times.items()),
    ]
    return "\n".join(f"  {what:<38} {figure}" for what, figure in rows)


def blocked(asked: Asked) -> list[Answer]:
    return [each for each in asked.answers if each.waited > BUDGET]


def good_ones(asked: Asked) -> list[int]:
    return [number for number, kind in asked.kinds.items() if kind not in POISONS]


def refused(asked: Asked) -> int:
    return sum(each.status != 201 for each in asked.answers)
