"""What the rehearsed request shows of lines and error reports, as they are and once spoiled."""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.conf import settings as django_settings

from apps.core import redact
from apps.core.logs import logging_config, mask_secrets
from apps.core.sentry import NOTHING, prepare, start_sentry
from apps.launch.facts import Skipped, Unasked, known
from apps.launch.facts.logs import Logs, Reports
from apps.launch.gathering.asking import ask
from apps.launch.gathering.logs import logs

FOUR = ("password", "token", "cookie", "DSN")


@pytest.fixture
def reporting() -> Iterator[None]:
    """Sentry's client as production starts it, to an address that nobody listens at."""
    before = sentry_sdk.get_global_scope().client
    start_sentry(
        dsn="http://key@127.0.0.1:1/1",
        environment=django_settings.ENVIRONMENT,
        release=django_settings.RELEASE,
    )
    yield
    sentry_sdk.get_global_scope().set_client(before)


def report_with(**options: Any) -> Reports:
    """What is seen of reports once the client has these options."""
    client = sentry_sdk.get_client()
    sentry_sdk.get_global_scope().set_client(sentry_sdk.Client(**{**client.options, **options}))
    return known(logs().reports)


def with_line(settings: Any, **changes: Any) -> Logs:
    """What is seen once the formatter of lines is changed."""
    config = {
        **settings.LOGGING,
        "formatters": {"line": {**settings.LOGGING["formatters"]["line"], **changes}},
    }
    settings.LOGGING = config
    return logs()


def test_as_it_is_written_nothing_leaks_and_the_id_arrives_everywhere(reporting: None) -> None:
    seen = logs()
    assert seen.leaks == ()
    assert seen.plain == ()
    assert seen.arrivals == dict.fromkeys(
        ("a log line", "an error report", "a task", "the answer"), True
    )
    reports = known(seen.reports)
    assert reports.leaks == reports.collects == ()
    assert reports.traces is None
    assert all(there == right for there, right in reports.names.values())


def test_the_rehearsal_writes_no_line_and_leaves_the_process_as_it_was(
    reporting: None, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    structlog.contextvars.bind_contextvars(kept="yes")
    client = sentry_sdk.get_client()
    config = deepcopy({k: v for k, v in django_settings.LOGGING.items() if k == "handlers"})
    logs()
    assert structlog.contextvars.get_contextvars() == {"kept": "yes"}
    structlog.contextvars.clear_contextvars()
    assert sentry_sdk.get_client() is client
    assert django_settings.LOGGING["handlers"] == config["handlers"]
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_lines_without_the_mask_are_found_by_kind_and_way(settings: Any) -> None:
    processors = settings.LOGGING["formatters"]["line"]["processors"]
    seen = with_line(settings, processors=[p for p in processors if p is not mask_secrets])
    for kind in FOUR:
        assert f"{kind} in an exception" in seen.leaks
        assert f"{kind} in a field" in seen.leaks


def test_a_handler_with_a_formatter_of_its_own_is_looked_at_too(settings: Any) -> None:
    own = {"class": "logging.FileHandler", "filename": os.devnull}
    handlers = {**settings.LOGGING["handlers"], "file": own}
    root = {**settings.LOGGING["root"], "handlers": ["line", "file"]}
    settings.LOGGING = {**settings.LOGGING, "handlers": handlers, "root": root}
    seen = logs()
    assert seen.plain == ("file",)
    assert "password in a field" in seen.leaks
    assert not seen.arrivals["a log line"]


def test_lines_for_people_are_no_json_and_leak_nothing(settings: Any) -> None:
    settings.LOGGING = logging_config(level="DEBUG", pretty=True, release="r1")
    seen = logs()
    assert (seen.level, seen.plain, seen.leaks) == ("DEBUG", ("line",), ())


def test_without_the_middleware_the_id_is_nowhere(settings: Any) -> None:
    name = "apps.core.middleware.RequestMiddleware"
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != name]
    assert logs().arrivals == {"a log line": False, "a task": False, "the answer": False}


def test_reports_without_the_mask_are_found(reporting: None) -> None:
    leaks = report_with(before_send=None).leaks
    assert {f"{kind} in an exception" for kind in FOUR} <= set(leaks)


def test_a_mask_that_forgets_the_id_is_found(reporting: None) -> None:
    def forgetful(event: Any, hint: Any) -> Any:
        return {**prepare(event, hint), "tags": {}}

    report_with(before_send=forgetful)
    assert logs().arrivals["an error report"] is False


# What a founder may still write, whatever the library says of it.
@pytest.mark.filterwarnings("ignore:.*send_default_pii:DeprecationWarning")
@pytest.mark.parametrize(
    ("options", "collected"),
    [
        ({"send_default_pii": True, "data_collection": None}, "user_info"),
        ({"max_request_body_size": "medium"}, "max_request_body_size"),
        ({"data_collection": {**NOTHING, "user_info": True}}, "user_info"),
        ({"data_collection": {**NOTHING, "cookies": {"mode": "denylist"}}}, "cookies"),
        ({"data_collection": {**NOTHING, "http_bodies": ["incoming_request"]}}, "http_bodies"),
        ({"data_collection": {**NOTHING, "stack_frame_variables": True}}, "stack_frame_variables"),
    ],
)
def test_what_the_library_gathers_is_named(
    reporting: None, options: dict[str, Any], collected: str
) -> None:
    assert collected in report_with(**options).collects


def test_release_environment_and_traces_are_read(reporting: None) -> None:
    seen = report_with(release="other", environment="", traces_sample_rate=1.0)
    assert seen.names["release"] == ("other", django_settings.RELEASE)
    assert seen.traces == 1.0


def test_without_reports_what_rests_on_them_is_skipped() -> None:
    assert isinstance(logs().reports, Skipped)
    assert "an error report" not in logs().arrivals


def test_a_mask_that_breaks_is_unknown_and_no_value_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(value: Any, also: Any = ()) -> Any:
        raise RuntimeError("c4n4ry")

    monkeypatch.setattr(redact, "clean", broken)
    reason = ask("A rehearsed request", logs)
    assert isinstance(reason, Unasked)
    assert str(reason) == "A rehearsed request did not answer: RuntimeError"
