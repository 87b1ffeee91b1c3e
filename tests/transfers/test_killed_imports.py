"""Workers that are killed in the middle of an import: all rows are there, and once."""

import random
import sys
import time
from collections.abc import Callable

import pytest
from django.db import transaction

from apps.tenants.models import Tenant
from apps.transfers.models import Import
from tests.transfers.killing import ended, kill_after, taken_over
from tests.world.waiting import wait_until
from tests.world.worker import Worker

Say = Callable[[str], None]
ROWS, KILLS = 4_000, 10


def file_of(number: int) -> str:
    """New clients, one in a hundred bad, and an update for each of a hundred that are there."""
    lines = [f"Old {n},old{n}@example.com,{number}" for n in range(100)]
    for n in range(ROWS - 100):
        email = "nonsense" if n % 100 == 7 else f"n{number}-{n}@example.com"
        lines.append(f"New {n},{email},{number}")
    return "name,email,city\n" + "\n".join(lines) + "\n"


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_an_import_whose_worker_is_killed_at_ten_random_points_is_done_once(
    acme: Tenant, prepare: Callable[..., Import], start_worker: Callable[..., Worker], said: Say
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    said(f"seed {seed}")
    chance, kills, number = random.Random(seed), 0, 0
    worker = start_worker()
    first = prepare(file_of(0))
    begun = time.monotonic()
    wait_until(lambda: ended(first.job), "The first import did not end", seconds=120)
    usual = time.monotonic() - begun
    good = ROWS - 100 - (ROWS - 100) // 100
    while kills < KILLS:
        number += 1
        each = prepare(file_of(number), mode="update")
        kills += kill_after(worker, each.job, chance.uniform(0.05, 0.9) * usual)
        worker = start_worker()
        taken_over(each.job)
        with transaction.atomic():
            each.refresh_from_db()
            assert (each.added, each.updated, each.refused) == (good, 100, ROWS - 100 - good)
            news = acme.clients.filter(city=str(number), name__startswith="New")
            assert news.count() == good
            assert acme.clients.filter(city=str(number), name__startswith="Old").count() == 100
            assert each.written() == (good, 100)
            assert acme.clients.count() == 100 + good * (number + 1)
            assert acme.events.filter(action="import.finished").count() == number + 1
    said(f"{kills} kills in {number} imports, each of about {usual:.1f} s")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tell whoever watches, though the test succeeds."""

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say
