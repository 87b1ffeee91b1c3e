"""The real Celery worker in a process of its own, on the test's database, queue and files."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from config.celery import app as celery_app

ROOT = Path(__file__).parents[2]
READY = " ready."  # the end of the line that Celery writes once it listens to its queue


class Worker:
    """A running worker: what it wrote, and ways to end it."""

    def __init__(self, *, files: Path, app: str = "config", **environment: str) -> None:
        """Start it; return once it takes tasks. It keeps files under `files`.

        `app` is the module of the Celery app, such as one with tasks of the suite's own, and
        `environment` what it is told besides.
        """
        database = urlsplit(os.environ["DATABASE_URL"])
        name = connection.settings_dict["NAME"]
        self.lines: list[str] = []
        self._told = threading.Event()
        self._ready = False
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", app, "worker"),
                *("--concurrency", "2", "--hostname", f"{name}@%h", "--loglevel", "INFO"),
                *("--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database._replace(path=f"/{name}").geturl(),
                "REDIS_URL": celery_app.conf.broker_url,
                "FILES_ROOT": str(files),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not (self._told.wait(90) and self._ready):
            self.kill()
            raise AssertionError("The worker did not start:\n" + "".join(self.lines))

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if READY in line:
                self._ready = True
                self._told.set()
        self._told.set()

    def stop(self) -> None:
        """Ask it to finish what it does and end."""
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def start_worker(
    transactional_db: None, settings: Any, tmp_path: Path
) -> Iterator[Callable[..., Worker]]:
    """Start workers; those that still run are stopped with the test.

    It commits what it writes, and so has to the test: hence the transactional database.
    """
    started: list[Worker] = []
    options = settings.STORAGES["default"]["OPTIONS"]

    def start(app: str = "config", **environment: str) -> Worker:
        worker = Worker(files=Path(options["location"]), app=app, **environment)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.stop()
        else:
            worker.kill()


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    """A worker that takes tasks."""
    return start_worker()
