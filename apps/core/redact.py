"""What may not be told: masks secrets by the name they go under, by their form, or by value.

Logs and error reports pass through here. A name says most (`password`, `token`); where a secret
stands inside a sentence, its form does (an address with a password in it, `Bearer …`, the last
part of an invitation's path); and what a request brought under such a name is masked by value
wherever else it turns up, as in the message of an exception.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict
from django.utils.encoding import escape_uri_path

MASK = "***"

# Telling as part of a longer name (`csrfmiddlewaretoken`) …
_WORDS = [
    *("password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "session"),
    *("csrf", "signature", "dsn", "credential", "apikey", "api_key", "api-key"),
]
# … and only as a word of their own (`code`, `reset_code`, but not `barcodes`).
_SHORT = ["pwd", "code", "otp", "key", "sig", "body", "pin"]
_ANY_WORD, _ANY_SHORT = "|".join(_WORDS), "|".join(_SHORT)
SECRET_NAME = re.compile(rf"{_ANY_WORD}|(?<![a-z])(?:{_ANY_SHORT})(?![a-z])", re.IGNORECASE)

# Every repetition that follows a free start has an end, so that no input makes a line slow.
_NAMED = rf"(?:[\w-]{{0,40}}(?:{_ANY_WORD})[\w-]{{0,40}}|(?:[\w-]{{1,40}}[_-])?(?:{_ANY_SHORT}))"
_VALUE = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s'"&;,)\]}]+)"""


class Form(NamedTuple):
    """How a secret stands inside a text; without one of `signs` the expression is not tried."""

    signs: Collection[str]
    expression: re.Pattern[str]
    instead: str


_FORMS = [
    Form(signs, re.compile(expression, re.IGNORECASE | re.MULTILINE), instead)
    for signs, expression, instead in (
        # postgresql://user:password@host, redis://:password@host; a Sentry DSN has its key there.
        (
            ["://"],
            r"\b(?!https?:)([a-z][a-z0-9+.-]{0,20}://)[^\s'\"<>]{0,500}@",
            rf"\1{MASK}@",
        ),
        (["://"], r"\b(https?://)[^\s/?#'\"<>]{0,500}@", rf"\1{MASK}@"),
        (["bearer", "basic", "digest"], r"\b(bearer|basic|digest)\s+[^\s'\",]+", rf"\1 {MASK}"),
        (
            ["cookie", "authorization"],
            r"\b((?:set-)?cookie|authorization)(['\"]?:\s*).+",
            rf"\1\2{MASK}",
        ),
        # name=value as in queries and forms, "name": value as in JSON and dictionaries.
        ([*_WORDS, *_SHORT], rf"\b({_NAMED})(=|['\"]?:\s?){_VALUE}", rf"\1\2{MASK}"),
        # PostgreSQL repeats the row that it refuses.
        (["key ("], r"(Key \([^)]*\)=)\(.*?\)(?= |$)", rf"\1({MASK})"),
        (["failing row"], r"(Failing row contains )\([\s\S]*\)", rf"\1({MASK})"),
        # A link that opens a door: invitations, password resets, confirmations of an address.
        (
            ["/invitations/", "/reset/key/", "/confirm-email/"],
            r"(/(?:invitations|reset/key|confirm-email)/)(?!new/|\d+/)[^\s/?#'\"<>]+",
            rf"\1{MASK}",
        ),
    )
]
# Lines of our own source in a report: they are no secret, and useless once masked.
_SOURCE = {"pre_context", "context_line", "post_context"}


@lru_cache(maxsize=1000)
def is_secret(name: str) -> bool:
    """Whether what goes under this name is masked, whatever it is."""
    return bool(SECRET_NAME.search(name))


def text(value: str, also: Collection[str] = ()) -> str:
    """Mask what looks like a secret inside a text, and each value of `also`."""
    for secret in also:
        value = value.replace(secret, MASK)
    lowered = value.lower()
    for form in _FORMS:
        if any(sign in lowered for sign in form.signs):
            value = form.expression.sub(form.instead, value)
    return value


def clean(value: Any, also: Collection[str] = ()) -> Any:
    """Return a JSON-ready copy of a structure without its secrets: by name, by form, by value."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {
            name: kept
            if name in _SOURCE
            else MASK
            if kept and is_secret(str(name))
            else clean(kept, also)
            for name, kept in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(kept, also) for kept in value]
    return text(str(value), also)


def path(request: HttpRequest) -> str:
    """The request's path, percent-encoded, without the parts that its route calls a secret."""
    return escape_uri_path(text(request.path, list(_in_path(request))))


def brought_by(request: HttpRequest | None) -> list[str]:
    """The secrets that a request brought in cookies, headers, query, form and path.

    What was not parsed yet stays so: reading a body here could fail a second time. The longest
    comes first, or a part of it could stay behind.
    """
    if request is None:
        return []
    values = {value for value in _brought(request) if len(value) > 3}
    return sorted(values | {repr(value)[1:-1] for value in values}, key=len, reverse=True)


def _brought(request: HttpRequest) -> Iterator[str]:
    yield from request.COOKIES.values()
    for name, value in request.headers.items():
        if is_secret(name):
            yield value
            yield value.rpartition(" ")[2]
    for fields in (_query(request), request.__dict__.get("_post") or QueryDict()):
        for name, values in fields.lists():
            if is_secret(name):
                yield from (str(value) for value in values)
    yield from _in_path(request)


def _query(request: HttpRequest) -> QueryDict:
    try:
        return request.GET
    except TooManyFieldsSent:  # which is what the line that is being written is about
        return QueryDict()


def _in_path(request: HttpRequest) -> Iterator[str]:
    match = request.resolver_match
    for name, value in match.kwargs.items() if match else ():
        if is_secret(name):
            yield str(value)
