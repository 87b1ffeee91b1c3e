"""Attacks by what is sent: too much, malformed, ambiguous. Each has its answer; none stops it."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from dev.portal import Portal
from tests.attacks.visitor import Visitor, authority_of

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("attacks")]

HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: %s\r\nX-Forwarded-Proto: https\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
# What is written to the socket after HEAD, and the statuses that are an answer to it; none at all
# stands for a connection that is closed.
MALFORMED = {
    "both a length and chunks": (
        FORM
        + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n",
        {400},
    ),
    "two lengths": (FORM + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd", {400}),
    "a length that is no number": (FORM + b"Content-Length: 4x\r\n\r\nabcd", {400}),
    "a negative length": (FORM + b"Content-Length: -1\r\n\r\n", {400}),
    "a chunk of nonsense": (FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n", {400, 403}),
    "an encoding that nobody knows": (FORM + b"Transfer-Encoding: xchunked\r\n\r\n", {400, 501}),
    "a header without a colon": (b"Nonsense\r\n\r\n", {400}),
    "a header with a line break": (b"X-A: b\r\n c\r\n\r\n", {400, 403}),
    "a header with a null": (b"X-A: b\x00c\r\n\r\n", {400}),
    "a header of 100 kB": (b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", {400, 431}),
    "two thousand headers": (
        b"".join(b"X-%d: a\r\n" % n for n in range(2000)) + b"\r\n",
        {400, 431},
    ),
    "a form of nulls": (FORM + b"Content-Length: 9\r\n\r\nlogin=\x00\x00\x00", {400, 403}),
    "a form that is no UTF-8": (FORM + b"Content-Length: 9\r\n\r\nlogin=%ff", {400, 403}),
    "parts without an end": (
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 30\r\n\r\n"
        b"--x\r\nContent-Disposition: fo\r\n",
        {400, 403},
    ),
    "parts without a boundary": (
        b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\nab",
        {400, 403},
    ),
}


@contextmanager
def connected(portal: Portal) -> Iterator[ssl.SSLSocket]:
    """A socket to the portal, over TLS."""
    address = urlsplit(portal.url)
    context = ssl.create_default_context(cafile=str(authority_of(portal)))
    plain = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
    with context.wrap_socket(plain, server_hostname=address.hostname) as wire:
        yield wire


def speak(portal: Portal, sent: bytes) -> int | None:
    """Write bytes to the portal's socket; return the status of its answer, or None."""
    with connected(portal) as wire:
        try:
            wire.sendall(sent)
            answer = wire.recv(4096)
        except ConnectionError:
            return None
    return int(answer.split(b" ", 2)[1]) if answer else None


def answer_to(portal: Portal, sent: bytes) -> tuple[HTTPResponse, str]:
    """Write bytes to the portal's socket; return its answer and what the page says.

    It may answer and hang up before it was sent all (RFC 9112 §9.5); then that is what counts.
    """
    with connected(portal) as wire:
        with suppress(OSError):
            wire.sendall(sent)
        answer = HTTPResponse(wire)
        answer.begin()
        return answer, answer.read().decode()


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_is_refused_and_nothing_falls_over(
    what: str, target: Portal, visitor: Callable[..., Visitor]
) -> None:
    sent, answers = MALFORMED[what]
    host = urlsplit(target.url).netloc.encode()
    assert speak(target, HEAD % host + sent) in answers | {None}
    assert visitor().get("/").status_code == 200


FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM_TYPE, b"login=" + b"a" * 3_000_000),
        (FORM_TYPE, b"&".join(b"f%d=1" % n for n in range(20_000))),
        ("application/json", b'{"login": "' + b"a" * 3_000_000 + b'"}'),
        ("application/json", b"[" * 100_000),
    ],
    ids=["a field of 3 MB", "20,000 fields", "JSON of 3 MB", "JSON without an end"],
)
def test_too_much_is_refused_with_a_page_that_says_so(
    kind: str, body: bytes, target: Portal, visitor: Callable[..., Visitor]
) -> None:
    host = urlsplit(target.url).netloc
    lines = (
        f"Origin: https://{host}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Accept: text/html",
    )
    head = HEAD % host.encode() + "".join(f"{line}\r\n" for line in (*lines, "")).encode()
    answer, page = answer_to(target, head + body)
    assert answer.status in {400, 403, 413}
    assert answer.headers["X-Request-ID"] in page
    assert visitor().get("/").status_code == 200


def test_a_body_of_any_size_is_not_even_read(
    target: Portal, visitor: Callable[..., Visitor]
) -> None:
    host = urlsplit(target.url).netloc.encode()
    announced = b"Content-Length: 4000000000\r\n\r\nlogin=ada"
    assert speak(target, HEAD % host + FORM + announced) == 413
    assert visitor().get("/").status_code == 200
