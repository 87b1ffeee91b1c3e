"""What no page could do anything with, refused before one is asked: NULs, odd charsets, floods.

What a page can answer better itself, such as a field that is too long, is its form's affair.
"""

import codecs
from typing import Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase

from apps.core import errors
from apps.core.http import length_of
from apps.core.middleware import GetResponse

# PostgreSQL keeps no text with a NUL in it, so that any query with one fails. In an address it is
# written as the first, in a quoted cookie as the second.
NUL, IN_QUERY, IN_COOKIE = "\0", "%00", "\\000"


class BadInputMiddleware:
    """Answer 400 to NULs and to forms that are not in UTF-8, and 413 to a body beyond any limit."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Before a byte of it is read. A body that does not tell its length is read by nobody.
        if length_of(request) > settings.MAX_BODY_BYTES:
            return errors.page(413)
        if has_nul(request) or not is_utf8(request):
            return errors.page(400)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Read the form, if there is one, as the CSRF middleware is about to."""
        try:
            fields = request.POST.lists()
        except UnreadablePostError:  # it was shorter than it said, or whoever sent it has gone
            return errors.page(400)
        if any(NUL in text for name, values in fields for text in (name, *values)):
            return errors.page(400)
        return None


def has_nul(request: HttpRequest) -> bool:
    """Whether there is a NUL in the address or in a cookie."""
    query, cookies = request.META["QUERY_STRING"], request.META.get("HTTP_COOKIE", "")
    return NUL in request.path_info or IN_QUERY in query or IN_COOKIE in cookies


def is_utf8(request: HttpRequest) -> bool:
    """Whether query and form are to be read as UTF-8, as browsers send them.

    To Django any codec of Python's will do: some fail, some are slow, and some make text that
    cannot be written down.
    """
    charset = (request.content_params or {}).get("charset", "utf-8")
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii"}
    except LookupError:
        return False
