"""Sentry: what arrives there over real HTTP, from requests, jobs, tasks and lines; and silence."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.conf import settings as django_settings

from apps.core.celery import platform_task
from apps.core.request_id import request_id
from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.core.conftest import run
from tests.world.sentry import Receiver


@platform_task(name="tests.fail")
def fail(secret: str) -> None:
    """A plain task that fails."""
    raise RuntimeError("the task failed")


@pytest.fixture
def failing_job(monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of job that always fails."""

    def handler(run: Run) -> None:
        raise RuntimeError("the job failed")

    monkeypatch.setitem(registry._kinds, "tests.fail", registry.Kind(handler))
    return "tests.fail"


def exception_of(event: dict[str, Any]) -> tuple[str, str]:
    """The type and the message of what was raised last."""
    last = event["exception"]["values"][-1]
    return last["type"], last["value"]


def test_a_failed_request_arrives_with_what_helps_and_nothing_else(
    acme: Tenant, as_role: Callable[[Role], Browser], sentry: Receiver, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"
    browser = as_role(Role.VIEWER)
    browser.raise_request_exception = False
    browser.get(f"/t/{acme.slug}/inside/?q=hull", headers={"x-request-id": "asked-for-1"})
    (event,) = sentry.wait()
    viewer = acme.memberships.get(role=Role.VIEWER).user_id
    assert exception_of(event) == ("RuntimeError", "inside a workspace")
    assert (event["release"], event["environment"]) == ("r1", "rehearsal")
    assert event["tags"]["request_id"] == "asked-for-1"
    assert event["tags"]["tenant"] == str(acme.pk)
    assert event["user"] == {"id": str(viewer)}
    assert event["request"] == {
        "method": "GET",
        "url": f"{django_settings.SITE_URL}/t/{acme.slug}/inside/",
    }
    frames = [f for v in event["exception"]["values"] for f in v["stacktrace"]["frames"]]
    assert not any("vars" in frame for frame in frames)
    assert any("inside a workspace" in frame["context_line"] for frame in frames)


def test_a_failed_request_is_one_event(troubled: Browser, sentry: Receiver) -> None:
    troubled.get("/database-down/")
    sentry_sdk.flush(5)
    assert len(sentry.events) == 1


def test_a_refused_request_is_none_of_sentrys_business(troubled: Browser, sentry: Receiver) -> None:
    for path in ("/nowhere/", "/forbidden/", "/busy/"):
        troubled.get(path)
    troubled.get("/", headers={"host": "evil.example"})
    sentry_sdk.flush(5)
    assert sentry.events == []


def test_a_failed_job_arrives_with_the_id_of_the_request_that_asked(
    acme: Tenant, failing_job: str, do_jobs: Callable[[], int], sentry: Receiver
) -> None:
    token = request_id.set("asked-for-1")
    job = Job.ask(failing_job, tenant=acme, password="canary-argument")
    request_id.reset(token)
    do_jobs()
    (event,) = sentry.wait()
    assert exception_of(event) == ("RuntimeError", "the job failed")
    assert event["logentry"]["message"] == "job.failed"
    assert (event["release"], event["environment"]) == ("r1", "rehearsal")
    assert event["tags"]["request_id"] == "asked-for-1"
    assert event["tags"]["kind"] == failing_job
    assert event["tags"]["job"] == str(job.pk)
    assert event["tags"]["tenant"] == str(acme.pk)
    assert b"canary" not in sentry.raw


def test_a_failed_task_arrives_without_its_arguments(sentry: Receiver) -> None:
    fail.apply(args=["canary-argument"])
    (event,) = sentry.wait()
    assert exception_of(event) == ("RuntimeError", "the task failed")
    assert event["tags"]["task"] == "tests.fail"
    assert b"canary" not in sentry.raw


def test_an_error_that_is_logged_arrives_as_what_was_said(sentry: Receiver) -> None:
    structlog.get_logger("slipway.test").error("backup.failed", bucket="b1", secret="canary")
    logging.getLogger("some.package").error("lost %s", "redis://:canary@cache")
    own, library = sentry.wait(2)
    assert own["logentry"]["message"] == "backup.failed"
    assert (own["extra"]["bucket"], own["extra"]["secret"]) == ("b1", "***")
    assert library["logentry"]["message"] == "lost redis://***@cache"
    assert b"canary" not in sentry.raw


def test_a_warning_does_not_arrive(sentry: Receiver) -> None:
    structlog.get_logger("slipway.test").warning("cache.slow")
    sentry_sdk.flush(5)
    assert sentry.raw == b""


@pytest.mark.parametrize("process", ["config.wsgi", "config.celery"])
def test_without_a_dsn_the_library_is_not_even_imported(process: str) -> None:
    script = (
        f"import sys, {process}, django; django.setup();"
        "print([name for name in sys.modules if name.startswith('sentry_sdk')])"
    )
    done = run(script)
    assert done.stdout == "[]\n", done.stderr


def test_with_a_dsn_the_settings_alone_start_it() -> None:
    script = (
        "import os; os.environ['SENTRY_DSN'] = DSN; os.environ['RELEASE'] = '4f2c91a';"
        "import django, logging; django.setup(); logging.error('at boot')"
    )
    with Receiver() as receiver:
        script = script.replace("DSN;", f"{receiver.dsn!r};")
        done = run(script)
        assert done.returncode == 0, done.stderr
        (event,) = receiver.wait()
    assert (event["release"], event["environment"]) == ("4f2c91a", "test")
    assert json.loads(done.stderr.splitlines()[0])["release"] == "4f2c91a"
