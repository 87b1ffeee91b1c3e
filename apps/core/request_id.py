"""The request at hand, and the ID that follows it through logs, jobs, mail and events."""

import re
import uuid
from contextvars import ContextVar

from django.http import HttpRequest

WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}")
request_id: ContextVar[str] = ContextVar("request_id", default="")
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def accept(proposed: str | None) -> str:
    """Take a proposed ID if it is well formed, else make a new one of 32 hex digits."""
    if proposed and WELL_FORMED.fullmatch(proposed):
        return proposed
    return uuid.uuid4().hex
