"""Tells whoever holds SECRET_KEY what a request asked of the database, and nobody else."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Measure"
GOOD_FOR = timedelta(minutes=5)


def ticket() -> str:
    """What the header has to hold; it is good for five minutes, so make one for each request."""
    return signer().sign("queries")


def signer() -> TimestampSigner:
    return TimestampSigner(salt="apps.core.timing")


def is_asked(request: HttpRequest) -> bool:
    """Whether the request bears a ticket that was signed with our key, lately."""
    try:
        signer().unsign(request.headers.get(HEADER, ""), max_age=GOOD_FOR)
    except BadSignature:  # SignatureExpired is one, too
        return False
    return True


class Tally:
    """Counts the queries of one request and their time."""

    def __init__(self) -> None:
        self.queries, self.seconds = 0, 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any
    ) -> Any:
        """Run a query, as Django's execute wrappers do."""
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - began

    def __str__(self) -> str:
        """The value of Server-Timing (W3C, Server Timing): a metric's time and description."""
        return f'db;dur={self.seconds * 1000:.1f};desc="{self.queries}"'


class TimingMiddleware:
    """Add Server-Timing to the answer of a request that bears a ticket.

    How long the database takes tells a stranger what is cached and what exists, so nobody without
    the key gets it. What a stream asks for after its headers are out is not counted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if HEADER not in request.headers or not is_asked(request):
            return self.get_response(request)
        with connection.execute_wrapper(tally := Tally()):
            response = self.get_response(request)
        response["Server-Timing"] = str(tally)
        return response
