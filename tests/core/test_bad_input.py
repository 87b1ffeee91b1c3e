"""What is refused before any page is asked; that no route fails, tests/policy shows."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Browser
from tests.core.conftest import Log
from tests.world.gunicorn import Gunicorn, free_address, request

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=limit"


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/%00"},
        {"path": "/static/%00"},
        {"path": "/t/ac%00me/clients/"},
        {"path": "/?q=%00"},
        {"path": "/?q%00=1"},
        {"path": "/", "HTTP_COOKIE": '__Host-session="\\000aaaaaaaaaaaaaaaa"'},
        {"path": "/", "CONTENT_TYPE": "text/plain; charset=utf-16"},
        {"path": "/", "CONTENT_TYPE": "text/plain; charset=rot13"},
        {"path": "/", "CONTENT_TYPE": "text/plain; charset=klingon"},
    ],
    ids=repr,
)
def test_what_no_page_could_use_is_refused_with_a_page_that_says_so(
    anonymous: Browser, asked: dict[str, str]
) -> None:
    answer = anonymous.get(**asked, headers={"x-request-id": "asked-for-1"})
    assert answer.status_code == 400
    assert "asked-for-1" in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/?q=%2500"},
        {"path": "/?q=000"},
        {"path": "/", "HTTP_COOKIE": 'a="\\001"'},
        {"path": "/", "CONTENT_TYPE": 'text/plain; charset="UTF-8"'},
        {"path": "/", "CONTENT_TYPE": "text/plain; charset=us-ascii"},
        {"path": "/?q=%FF"},
    ],
    ids=repr,
)
def test_what_only_looks_like_it_is_let_through(anonymous: Browser, asked: dict[str, str]) -> None:
    assert anonymous.get(**asked).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"name": "a\0b"}, {"a\0b": "name"}, {"a": ["b", "\0"]}])
@pytest.mark.parametrize("kind", [FORM, PARTS])
def test_a_form_with_a_nul_is_refused(troubled: Browser, body: dict[str, Any], kind: str) -> None:
    sent = {} if kind == PARTS else {"content_type": kind, "data": urlencode(body, doseq=True)}
    answer = troubled.post("/form/", **{"data": body, **sent})
    assert answer.status_code == 400


@pytest.mark.django_db
def test_a_body_that_says_it_is_too_large_is_refused_unread(
    troubled: Browser, settings: Any
) -> None:
    settings.MAX_BODY_BYTES = 1000
    length = {"CONTENT_LENGTH": "1001"}  # of which nothing comes
    answer = troubled.post("/form/", b"", content_type=PARTS, **length)
    assert answer.status_code == 413
    assert "larger than we take" in answer.content.decode()
    as_program = {"accept": "application/json"}
    answer = troubled.post("/form/", b"", content_type=PARTS, headers=as_program, **length)
    assert (answer.status_code, answer.json()["error"]["status"]) == (413, 413)
    assert troubled.post("/form/", {"a": "b"}).status_code == 200


@pytest.mark.django_db
def test_a_refusal_is_told_once_and_without_an_exception(anonymous: Browser, log: Log) -> None:
    anonymous.get("/?q=%00")
    assert (log.request["status"], log.request["level"], len(log.lines)) == (400, "info", 1)


@pytest.fixture(scope="module")
def site() -> Iterator[Gunicorn]:
    with Gunicorn(free_address(), CLIENT_ADDRESS_FROM="host") as site:
        yield site


SECURELY = "X-Forwarded-Proto: https"


def post(site: Gunicorn, *headers: str, body: bytes, and_hang_up: bool = False) -> bytes:
    sent = request("POST", "/accounts/login/", SECURELY, *headers, body=body)
    return site.send(sent, and_hang_up=and_hang_up)


def test_a_body_that_is_shorter_than_it_says_is_no_error_of_ours(site: Gunicorn) -> None:
    for kind in (FORM, PARTS):
        mark = f"short-body-{len(kind)}"
        headers = (f"Content-Type: {kind}", "Content-Length: 1000", f"X-Request-ID: {mark}")
        post(site, *headers, body=b"login=ada", and_hang_up=True)
        line = site.line_with(mark)
        assert (line["status"], line["level"]) in {(400, "info"), (403, "info")}


def test_whoever_hangs_up_amid_a_body_is_no_error_of_ours(site: Gunicorn) -> None:
    mark = "hung-up-amid-1"
    headers = (f"Content-Type: {FORM}", "Content-Length: 1000", "Expect: 100-continue", SECURELY)
    site.abandon(request("POST", "/accounts/login/", *headers, f"X-Request-ID: {mark}"))
    line = site.line_with(mark)
    assert (line["status"], line["level"]) == (400, "info")


def test_a_body_that_is_longer_than_it_says_is_not_the_next_request(site: Gunicorn) -> None:
    smuggled = request("GET", "/robots.txt", "X-Request-ID: smuggled-1")
    headers = (f"Content-Type: {FORM}", "Content-Length: 5")
    answer = post(site, *headers, body=b"a=b&c" + smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert "smuggled-1" not in site.text


def test_two_lengths_or_a_length_beside_chunks_are_refused(site: Gunicorn) -> None:
    for headers in (
        ("Content-Length: 3", "Content-Length: 30"),
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Content-Length: -3",),
        ("Content-Length: many",),
    ):
        assert post(site, *headers, body=b"a=b").startswith(b"HTTP/1.1 400")


def test_a_huge_body_is_refused_before_it_is_sent(site: Gunicorn) -> None:
    headers = (f"Content-Type: {PARTS}", f"Content-Length: {10**12}", "X-Request-ID: huge-body-1")
    answer = post(site, *headers, body=b"--limit")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"huge-body-1" in answer.partition(b"\r\n\r\n")[2]


def test_a_kind_in_a_charset_that_is_none_is_no_error_of_ours(site: Gunicorn) -> None:
    """Django decodes it before its first middleware, where there is no page to answer with yet."""
    for kind in ("text/plain; a*=klingon''b", "text/plain; charset*=utf-8''a%00b"):
        answer = site.get(SECURELY, f"Content-Type: {kind}")
        assert answer.startswith(b"HTTP/1.1 200"), kind
    assert "Traceback" not in site.text


def test_a_raw_nul_ends_at_the_web_server(site: Gunicorn) -> None:
    for headers in (("X-Test: a\0b",), ("Cookie: a=\0",)):
        assert site.get(SECURELY, *headers).startswith(b"HTTP/1.1 400")
    answer = site.get(SECURELY, "Accept: application/json", path="/%00")
    assert b'"status": 400' in answer
