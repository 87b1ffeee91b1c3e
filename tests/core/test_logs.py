"""The log: one line for each request, the same facts on every line, readable in development."""

import io
import json
import logging
import logging.config
import sys
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from apps.accounts.models import User
from apps.core.logs import logging_config
from apps.core.request_id import request_id
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.core.conftest import Log, run
from tests.core.worker import speak


def test_a_request_is_one_line_that_says_what_was_asked_and_how_it_went(
    anonymous: Browser, log: Log
) -> None:
    anonymous.get("/robots.txt?page=2", headers={"x-request-id": "asked-for-1"})
    line = log.request
    assert line.pop("timestamp").endswith("Z")
    assert 0 < line.pop("duration_ms") < 5000
    assert line.pop("bytes") > 10
    assert line == {
        "event": "http.request",
        "ip": "127.0.0.1",
        "level": "info",
        "logger": "slipway.http",
        "method": "GET",
        "path": "/robots.txt",
        "release": "unknown",
        "request_id": "asked-for-1",
        "route": "robots",
        "status": 200,
    }
    assert len(log.lines) == 1


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_health_is_logged_at_debug_alone(anonymous: Browser, log: Log, path: str) -> None:
    anonymous.get(path)
    assert log.request["level"] == "debug"


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere/", 404), ("/forbidden/", 403), ("/form/", 405), ("/busy/", 429)]
)
def test_a_refused_request_is_one_line_without_an_exception(
    troubled: Browser, log: Log, path: str, status: int
) -> None:
    troubled.get(path)
    assert (log.request["status"], log.request["level"], len(log.lines)) == (status, "info", 1)
    assert "exception" not in log.request


def test_a_query_that_cannot_be_read_can_still_be_told_of(
    troubled: Browser, log: Log, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert troubled.get("/explosion/?a=1&b=2&c=3&d=4").status_code == 413
    assert [line["event"] for line in log.lines][-1] == "http.request"
    assert "Logging error" not in capfd.readouterr().err


def test_a_failed_request_is_one_line_with_its_exception(troubled: Browser, log: Log) -> None:
    troubled.get("/database-down/")
    assert (log.request["status"], log.request["level"], len(log.lines)) == (500, "error", 1)
    assert "in database_down" in log.request["exception"]
    assert (
        "DatabaseError: connection to postgresql://***@db/slipway failed"
        in (log.request["exception"])
    )


def test_a_page_that_is_refused_before_its_route_is_looked_for_is_named_all_the_same(
    acme: Tenant, make_user: Callable[..., User], sign_in: Callable[[User], Browser], log: Log
) -> None:
    stranger = make_user("stranger@example.com")
    sign_in(stranger).get(f"/t/{acme.slug}/settings/")
    assert (log.request["route"], log.request["status"]) == ("workspace_update", 404)
    assert log.request["user"] == stranger.pk
    assert "tenant" not in log.request


def test_every_line_of_a_request_in_a_workspace_knows_whose_it_is(
    acme: Tenant, as_role: Callable[[Role], Browser], log: Log, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"
    browser = as_role(Role.VIEWER)
    browser.raise_request_exception = False
    browser.get(f"/t/{acme.slug}/inside/", headers={"x-request-id": "asked-for-1"})
    viewer = acme.memberships.get(role=Role.VIEWER).user_id
    (said,) = log.of("inside")
    for line in (said, log.request):
        assert line["tenant"] == acme.pk
        assert line["user"] == viewer
        assert line["request_id"] == "asked-for-1"
        assert line["release"] == "unknown"


def test_a_line_outside_of_a_request_has_nobodys_facts(anonymous: Browser, log: Log) -> None:
    anonymous.get("/robots.txt")
    structlog.get_logger("slipway.test").info("afterwards")
    (line,) = log.of("afterwards")
    assert line.keys() == {"event", "level", "logger", "release", "timestamp"}


def test_what_one_request_bound_is_not_on_the_next_ones_line(troubled: Browser, log: Log) -> None:
    troubled.get("/talkative/")
    troubled.get("/robots.txt")
    first, second = log.of("http.request")
    assert first["basket"] == "full"
    assert "basket" not in second


def test_a_task_that_runs_inside_a_request_leaves_its_id_alone(log: Log) -> None:
    token = request_id.set("asked-for-1")
    speak.apply(args=["canary"])
    structlog.get_logger("slipway.test").info("afterwards")
    request_id.reset(token)
    assert "request_id" not in log.of("speaking")[0]
    assert log.of("afterwards")[0]["request_id"] == "asked-for-1"
    assert "task" not in log.of("afterwards")[0]


def test_the_standard_librarys_loggers_end_in_the_same_line(log: Log) -> None:
    try:
        raise ValueError("postgresql://app:hunter22@db/slipway is away")
    except ValueError:
        logging.getLogger("some.package").exception("Cannot reach %s", "redis://:hunter22@cache")
    (line,) = log.lines
    assert line["event"] == "Cannot reach redis://***@cache"
    assert (line["logger"], line["level"], line["release"]) == ("some.package", "error", "unknown")
    assert line["exception"].endswith("ValueError: postgresql://***@db/slipway is away")


def test_libraries_do_not_tell_queries_and_arguments_at_debug(log: Log) -> None:
    for name in ("django.db.backends", "celery.worker", "kombu.transport"):
        logging.getLogger(name).debug("canary")
    assert log.text == ""


def test_failed_sign_ins_have_a_logger_of_their_own_at_any_level(log: Log) -> None:
    logging.getLogger().setLevel(logging.ERROR)
    structlog.get_logger("slipway.signin").warning("signin.failed", address="4f2c")
    (line,) = log.lines
    assert (line["logger"], line["event"]) == ("slipway.signin", "signin.failed")


@pytest.mark.django_db
def test_a_wrong_password_is_told_to_the_sign_in_log(anonymous: Browser, log: Log) -> None:
    anonymous.post("/accounts/login/", {"login": "ada@example.com", "password": "canary-password"})
    assert "slipway.signin" in {line["logger"] for line in log.lines}
    assert "canary-password" not in log.text


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_log_level_is_the_least_severe_level_that_is_written(level: str) -> None:
    config = logging_config(level=level, pretty=False, release="r1")
    assert config["root"]["level"] == level
    assert config["loggers"]["django"]["level"] == ("INFO" if level == "DEBUG" else level)


def test_development_writes_coloured_lines_for_people() -> None:
    formatter = logging_config(level="INFO", pretty=True, release="r1")["formatters"]["line"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter["()"](**{k: v for k, v in formatter.items() if k != "()"}))
    secret = "canary-local"
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("lib", 40, "", 1, "It broke", None, sys.exc_info())
    handler.emit(record)
    assert "\x1b[" in written.getvalue()
    assert "It broke" in written.getvalue()
    assert "ValueError: broken" in written.getvalue()
    assert secret not in written.getvalue().replace('secret = "canary-local"', "")


def test_lines_go_to_standard_error_so_that_a_commands_output_stays_its_own() -> None:
    script = (
        "import django, structlog; django.setup(); structlog.get_logger('x').info('a line');"
        "print('the output')"
    )
    done = run(script)
    assert done.stdout == "the output\n"
    assert json.loads(done.stderr)["event"] == "a line"
