"""Visits pages as a stranger: it follows nothing by itself, tries nothing twice, and is bounded."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, Timeout, disable_warnings
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from apps.launch.facts.unasked import Unasked
from apps.launch.facts.web import Answer, Cookie
from apps.launch.probes.target import Address, Target
from apps.launch.probes.tls import Addresses, careless, trusting, ways

PATIENCE = 8.0  # seconds
MEGABYTE = 1_048_576
USUAL = {
    "User-Agent": "slipway-launch-check",
    "Accept": "text/html",
    "Accept-Encoding": "gzip",
}
PORTS = {"http": 80, "https": 443}
NOT_REACHED = (NewConnectionError, ConnectTimeoutError, NameResolutionError)


# A certificate that does not hold is a fact here, told in the answer.
disable_warnings(InsecureRequestWarning)


class Visitor:
    """Somebody without an account, who keeps cookies and connections between requests.

    `patience` is how many seconds one request may take, body included.
    """

    def __init__(self, target: Target, addresses: Addresses, *, patience: float = PATIENCE) -> None:
        self.target, self.addresses, self.patience = target, addresses, patience
        self.cookies: dict[str, str] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._pools: dict[tuple[str, str, Address, bool], HTTPConnectionPool] = {}

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page. Raises Unasked where there is no answer."""
        return self.ask("GET", url, headers)

    def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Send a form. Raises Unasked where there is no answer."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", url, form, urlencode(fields))

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> Answer:
        """Ask once, where --connect-to or DNS leads; the next address only if one is not reached.

        A certificate that does not hold is told in the answer. Raises Unasked.
        """
        question = Question(
            method=method,
            url=url,
            headers=headers or {},
            body=body,
            end=time.monotonic() + self.patience,
        )
        name, why = question.name, "no address"
        for way in ways(self.target, self.addresses, name, question.port):
            try:
                return self._ask_at(way, question)
            except NOT_REACHED as failure:
                why = words(failure)
            except (HTTPError, OSError) as failure:
                raise Unasked(f"{name} did not answer: {words(failure)}") from failure
        raise Unasked(f"{name} is not reached: {why}")

    def _ask_at(self, way: Address, question: "Question") -> Answer:
        try:
            return self._send(self._pool(question, way, trusted=True), question)
        except SSLError as error:
            answer = self._send(self._pool(question, way, trusted=False), question)
            return replace(answer, untrusted=words(error))

    def _pool(self, question: "Question", way: Address, *, trusted: bool) -> HTTPConnectionPool:
        key = (question.scheme, question.name, way, trusted)
        if key not in self._pools:
            self._pools[key] = (
                HTTPConnectionPool(*way)
                if question.scheme == "http"
                else HTTPSConnectionPool(
                    *way,
                    ssl_context=self._context(trusted=trusted),
                    server_hostname=question.name,
                )
            )
        return self._pools[key]

    def _context(self, *, trusted: bool) -> ssl.SSLContext:
        if trusted not in self._contexts:
            self._contexts[trusted] = trusting(self.target) if trusted else careless()
        return self._contexts[trusted]

    def _send(self, pool: HTTPConnectionPool, question: "Question") -> Answer:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**USUAL, "Host": question.netloc, **({"Cookie": kept} if kept else {})}
        began = time.monotonic()
        response: Any = pool.urlopen(
            question.method,
            question.path,
            body=question.body or None,
            headers={**sent, **question.headers},
            redirect=False,
            retries=False,
            assert_same_host=False,
            timeout=Timeout(total=max(0.1, question.end - began)),
            preload_content=False,
        )
        content = read(response, question.end)
        lines = response.headers.getlist("set-cookie")
        self.cookies.update(dict(value_of(line) for line in lines if "=" in line))
        return Answer(
            url=question.url,
            status=response.status,
            headers={
                name.lower(): tuple(response.headers.getlist(name)) for name in response.headers
            },
            cookies=tuple(cookie(line) for line in lines),
            ms=round((time.monotonic() - began) * 1000, 1),
            body=content.decode("utf-8", errors="replace"),
        )


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request, and until when it has to be answered."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    end: float

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def name(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or PORTS[self.scheme]

    @property
    def path(self) -> str:
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def read(response: HTTPResponse, end: float) -> bytes:
    """The first megabyte of a body. Raises Unasked if it takes longer than `end`."""
    parts, length = [], 0
    while length < MEGABYTE and (part := response.read1(65536, decode_content=True)):
        parts.append(part)
        length += len(part)
        if time.monotonic() > end:
            response.close()
            raise Unasked("the page did not end in time")
    if length < MEGABYTE:
        response.release_conn()
    else:
        response.close()
    return b"".join(parts)[:MEGABYTE]


def value_of(line: str) -> tuple[str, str]:
    """A cookie's name and value in its Set-Cookie line."""
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def cookie(line: str) -> Cookie:
    """Read a Set-Cookie line, as RFC 6265 §5.2 does; its value is forgotten."""
    attributes: dict[str, str] = {}
    for part in line.split(";")[1:]:
        name, _, value = part.partition("=")
        attributes[name.strip().lower()] = value.strip()
    return Cookie(
        name=value_of(line)[0],
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", "").capitalize(),
        domain=attributes.get("domain", "").lstrip("."),
        path=attributes.get("path", ""),
    )


def words(error: Exception) -> str:
    """What went wrong with a connection, in few words and without its address."""
    late = (ReadTimeoutError, ConnectTimeoutError, TimeoutError)
    # urllib3 counts a refused connection among those that took too long.
    if isinstance(error, late) and not isinstance(error, NewConnectionError):
        return "no answer in time"
    inner: BaseException = error
    while isinstance(inner.__cause__ or inner.__context__, OSError):
        inner = inner.__cause__ or inner.__context__ or inner
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__
