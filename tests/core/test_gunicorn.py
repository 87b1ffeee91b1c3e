"""The Procfile's web line: a real gunicorn serves, logs as we do, and ends when asked to."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.world.processes import Process, command_of


class Site(Process):
    """A running gunicorn on a port of loopback."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        own = {"PORT": str(port), "WEB_CONCURRENCY": "1", "LOG_LEVEL": "DEBUG"}
        own["CLIENT_ADDRESS_FROM"] = "host"
        super().__init__(command_of("web"), RELEASE="4f2c91a", **own)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Ask for a page, over plain HTTP and without following anything."""
        request = urllib.request.Request(self.url + path, headers=headers)
        opener = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, dict(answer.headers), answer.read().decode()


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing: the redirect itself is the answer."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.wait_for("Listening at")
        yield site


def test_it_answers_health_over_plain_http_and_redirects_all_else(site: Site) -> None:
    status, headers, body = site.get("/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok", "release": "4f2c91a"})
    assert len(headers["X-Request-ID"]) == 32
    status, headers, _ = site.get("/", Host="testserver")
    assert (status, headers["Location"]) == (301, "https://testserver/")


def test_it_takes_the_scheme_from_the_platforms_header_alone(site: Site) -> None:
    status, _, _ = site.get("/robots.txt", Host="testserver", **{"X-Forwarded-Proto": "https"})
    assert status == 200
    for name in ("X-Forwarded-Ssl", "X-Forwarded-Protocol"):
        status, _, _ = site.get("/robots.txt", Host="testserver", **{name: "on"})
        assert status == 301


def test_nobodys_header_moves_the_site_to_another_path(site: Site) -> None:
    for header in ("SCRIPT_NAME", "Script-Name", "PATH_INFO"):
        status, _, body = site.get("/healthz", **{header: "/robots.txt"})
        assert status in {200, 400}
        assert "Disallow" not in body


def test_all_that_it_writes_is_lines_of_ours_and_one_for_each_request(site: Site) -> None:
    site.get("/invitations/canary-in-path/?token=canary-in-query", Cookie="a=canary-in-cookie")
    site.get("/healthz", **{"X-Request-ID": "the-last-one"})
    site.wait_for("the-last-one")
    lines = site.lines
    asked = [line for line in lines if line["event"] == "http.request"]
    assert len({line["request_id"] for line in asked}) == len(asked)
    assert [line["path"] for line in asked[-2:]] == ["/invitations/***/", "/healthz"]
    assert {line["release"] for line in lines} == {"4f2c91a"}
    assert {line["logger"] for line in lines} >= {"gunicorn.error", "slipway.http"}
    assert "gunicorn.access" not in {line["logger"] for line in lines}
    assert "canary" not in site.text


def test_asked_to_end_it_ends_well(site: Site) -> None:
    assert site.end() == 0
    assert "Shutting down: Master" in {line["event"] for line in site.lines}
