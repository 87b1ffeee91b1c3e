"""Real workers and schedulers: they log like the web, under the ID of the request that asked."""

import os
import time
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import connection

from apps.core.health import HEARTBEAT, SCHEDULER_HEARTBEAT
from apps.core.request_id import request_id
from apps.jobs.models import Job
from apps.tenants.models import Tenant
from config.celery import app as celery_app
from tests.core.worker import speak, stumble
from tests.world.processes import Process, command_of
from tests.world.sentry import Receiver


def own_servers() -> dict[str, str]:
    """The variables by which a process finds the test's database and queue."""
    name = connection.settings_dict["NAME"]
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return {"DATABASE_URL": database, "REDIS_URL": str(celery_app.conf.broker_url)}


@pytest.mark.django_db(transaction=True)
def test_a_worker_logs_and_reports_under_the_id_of_the_request_that_asked(acme: Tenant) -> None:
    command = "celery --quiet --app tests.core.worker worker --concurrency 1 --without-mingle"
    with Receiver() as sentry:
        about = {"SENTRY_DSN": sentry.dsn, "RELEASE": "4f2c91a"}
        with Process(command, **own_servers(), **about) as worker:
            token = request_id.set("asked-for-1")
            job = Job.ask("tests.explode", tenant=acme, password="canary-job")
            speak.delay("canary-task")
            stumble.delay(password="canary-task")
            request_id.reset(token)
            # What nobody's request asked for carries nobody's ID, not that of the task before.
            speak.delay("canary-task")
            stumble.delay(password="canary-task")
            failed, stumbled, of_nobody = sentry.wait(3)
    assert worker.code == 0

    assert {line["release"] for line in worker.lines} == {"4f2c91a"}
    for event in ("exploding", "job.failed"):
        (line,) = (line for line in worker.lines if line["event"] == event)
        assert line["request_id"] == "asked-for-1"
        assert (line["job"], line["kind"], line["tenant"]) == (job.pk, "tests.explode", acme.pk)
    asked, unasked = (line for line in worker.lines if line["event"] == "speaking")
    assert (asked["request_id"], asked["task"]) == ("asked-for-1", "tests.speak")
    assert "request_id" not in unasked

    assert failed["exception"]["values"][-1]["value"].startswith("exploded with")
    assert failed["tags"]["kind"] == "tests.explode"
    assert stumbled["tags"]["task"] == "tests.stumble"
    for arrived in (failed, stumbled):
        assert arrived["tags"]["request_id"] == "asked-for-1"
        assert (arrived["release"], arrived["environment"]) == ("4f2c91a", "test")
    assert "request_id" not in of_nobody["tags"]
    assert b"canary" not in sentry.raw
    assert "canary" not in worker.text
    assert time.time() - cache.get(HEARTBEAT) < 60


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_writes_the_same_lines_and_no_file() -> None:
    command = command_of("beat").replace("--app config", "--app tests.core.scheduler")
    with Process(command, **own_servers(), RELEASE="4f2c91a") as scheduler:
        scheduler.wait_for("Sending due task speak")
        assert not [name for name in os.listdir() if "beat" in name]
    assert scheduler.code == 0
    assert {line["release"] for line in scheduler.lines} == {"4f2c91a"}
    assert "canary" not in scheduler.text
    assert time.time() - cache.get(SCHEDULER_HEARTBEAT) < 60
