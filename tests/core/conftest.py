"""What the tests of the core share: the lines that are logged, and a site with troubled pages."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk

from apps.core.sentry import start_sentry
from tests.conftest import Browser
from tests.world.sentry import Receiver


class Log:
    """What the processes' own handler wrote, as text and as lines of JSON."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """The lines that tell of `event`."""
        return [line for line in self.lines if line["event"] == event]

    @property
    def request(self) -> dict[str, Any]:
        """The line of the one request that was made."""
        (line,) = self.of("http.request")
        return line


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own; return how it ended and what it wrote."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged while the test runs, through the handler that production uses."""
    (handler,) = (h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    root, stream, before = logging.getLogger(), io.StringIO(), handler.stream
    level = root.level
    handler.setStream(stream)
    root.setLevel(logging.DEBUG)
    yield Log(stream)
    root.setLevel(level)
    handler.setStream(before)


@pytest.fixture
def troubled(settings: Any) -> Browser:
    """A browser on the site of tests/core/urls.py; a failing page is an answer to it."""
    settings.ROOT_URLCONF = "tests.core.urls"
    return Browser(raise_request_exception=False)


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    """This process reports to a Sentry on loopback while the test runs."""
    with Receiver() as receiver:
        start_sentry(dsn=receiver.dsn, environment="rehearsal", release="r1")
        yield receiver
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
