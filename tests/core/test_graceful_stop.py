"""What has begun is finished when gunicorn is told to stop, for as long as its settings say."""

import threading

import pytest

from tests.world.gunicorn import free_address
from tests.world.slow import SlowRequest, SlowSite


def test_a_request_that_has_begun_is_answered_after_term() -> None:
    address = free_address()
    with SlowSite(address) as site, SlowRequest(address) as request:
        site.ask_to_end()
        site.wait_for("Handling signal: term")
        request.let_it_end(b"all of it")
        assert request.answer().endswith(b"\r\n\r\nall of it")
    assert site.code == 0


def test_it_is_graceful_timeout_that_says_for_how_long() -> None:
    address = free_address()
    with SlowSite(address, "--graceful-timeout 1") as site, SlowRequest(address) as request:
        site.ask_to_end()
        assert request.answer() == b"", "it was cut off, since nobody let it end"


@pytest.mark.prove
def test_fifteen_seconds_are_short_enough_as_it_is_set() -> None:
    address = free_address()
    with SlowSite(address) as site, SlowRequest(address) as request:
        site.ask_to_end()
        timer = threading.Timer(15, request.let_it_end, [b"late"])
        timer.start()
        assert request.answer().endswith(b"late")
    assert site.code == 0
