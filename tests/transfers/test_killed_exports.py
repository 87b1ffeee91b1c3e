"""Workers that are killed in the middle of an export: the file is whole, alone, and right."""

import io
import json
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from apps.tenants.models import Tenant
from apps.transfers.models import Export
from tests.conftest import Browser
from tests.jobs.conftest import on_record
from tests.transfers.conftest import add_clients, ask_for_export, table
from tests.transfers.killing import ended, kill_after, killed, taken_over
from tests.transfers.test_exporting import cells
from tests.world.waiting import wait_until
from tests.world.worker import Worker

Say = Callable[[str], None]
Lab = tuple[Callable[..., Worker], Callable[[], list[str]], Say, Path]
ROWS, KILLS = 20_000, 10
FORMATS = ("csv", "xlsx", "jsonl")


def names_in(format: str, content: bytes) -> list[str]:
    """The clients' names in a file, in its order."""
    if format == "csv":
        return [row["name"] for row in table(content)]
    if format == "jsonl":
        return [json.loads(line)["name"] for line in content.splitlines()]
    book = zipfile.ZipFile(io.BytesIO(content))
    return [value for place, _, value in cells(book) if place.startswith("A")]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tell whoever watches, though the test succeeds."""

    def tell(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return tell


@pytest.fixture
def lab(
    start_worker: Callable[..., Worker],
    kept: Callable[[], list[str]],
    say: Say,
    tmp_path: Path,
) -> Lab:
    """Workers, the files that are kept, a voice, and the folder for what writers have to name."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    return start_worker, kept, say, scratch


@pytest.fixture
def usual(acme: Tenant, browser: Browser, start_worker: Callable[..., Worker]) -> dict[str, float]:
    """How long an export of each format takes here from its claim on, by a worker left alone."""
    add_clients(acme, ROWS)
    worker, seconds = start_worker(), {}
    for format in FORMATS:
        job = ask_for_export(browser, acme, format).job
        wait_until(lambda job=job: ended(job), "An export did not end", seconds=120)  # type: ignore[misc]  # bound at once
        done = on_record(job)
        assert done.finished_at
        assert done.started_at
        seconds[format] = (done.finished_at - done.started_at).total_seconds()
    killed(worker)  # it is idle, and need not say good-bye
    with transaction.atomic():
        for export in acme.exports.all():
            export.discard()
    return seconds


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_an_export_whose_worker_is_killed_at_ten_random_points_is_whole_and_alone(
    acme: Tenant, browser: Browser, usual: dict[str, float], lab: Lab
) -> None:
    start_worker, kept, say, scratch = lab
    seed = random.SystemRandom().randrange(10**6)
    say(f"seed {seed}, usual {usual}")
    chance, kills, number = random.Random(seed), 0, 0
    expected = [f"Client {n}" for n in range(1, ROWS + 1)]
    worker = start_worker(TMPDIR=str(scratch))
    while kills < KILLS:
        format = FORMATS[number % len(FORMATS)]
        number += 1
        export: Export = ask_for_export(browser, acme, format)
        kills += kill_after(worker, export.job, chance.uniform(0, 1) * usual[format])
        worker = start_worker(TMPDIR=str(scratch))
        taken_over(export.job)
        with transaction.atomic():
            export.refresh_from_db()
            assert export.rows == ROWS
            with export.open() as file:
                content = file.read()
            assert export.bytes == len(content)
            assert names_in(format, content) == expected, "every row once, in order"
            assert kept() == [export.file.name], "nothing of another attempt"
            export.discard()
            assert acme.events.filter(action="export.created").count() == len(FORMATS) + number
        assert not list(scratch.glob("slipway-export-*")), "no folder of a writer is left"
    say(f"{kills} kills in {number} exports")
