"""What hostile people send, a line each; test_bad_input.py sends it to every route.

A new line in a table is one attack more on all of them. What goes under a name goes under every
name that a page has and that views read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=limit"
JSON = "application/json"
HUGE = "9" * 40
UNREADABLE = "9" * 4500  # more digits than Python takes
MANY, LARGE = 300, 200_000  # fields or files, and bytes: the first that are too many in these tests

# The names under which views read something, besides those that a page's own form has.
NAMES = [
    *(
        "q",
        "sort",
        "after",
        "before",
        "about",
        "status",
        "owner",
        "archived",
        "next",
        "name",
        "key",
    ),
    *("email", "code", "client", "role", "confirmed", "emails", "login", "password", "token"),
    *("column_0", "format", "file", "body", "slug", "tenant", "credential"),
]


def everywhere(value: str) -> str:
    """A query that has this under every name."""
    return "&".join(f"{name}={value}" for name in NAMES)


QUERIES = {
    "NUL": everywhere("%00"),
    "NUL in a name": "a%00b=1",
    "bytes that are no UTF-8": everywhere("%FF%FE%C0%80"),
    "a lone surrogate": everywhere("%ED%A0%80"),
    "control characters": everywhere("%0D%0ASet-Cookie:%20a=b%08%1B%7F"),
    "broken percent signs": everywhere("%zz%u0041%"),
    "a huge number": everywhere(HUGE),
    "a number too long to read": everywhere(UNREADABLE),
    "a negative number": everywhere("-1"),
    "a cursor that nobody signed": "after=eyJhIjoxfQ:abc&before=.:::.&sort=-name",
    "a sort by what is no column": "sort=password&sort=-",
    "names of attributes": everywhere("__class__"),
    "SQL": everywhere("%27%20OR%201=1--%20%25_%5C"),
    "HTML": everywhere("%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
    "another site": everywhere("//evil.example/%5C"),
    "an address that cannot be split": everywhere("http://["),
    "lists and dictionaries": "&".join(f"{name}[]=1&{name}[$ne]=1" for name in NAMES),
    "the same name many times": "&".join([everywhere("1")] * 5),
    "too many fields": "a=1&" * MANY,
    "nothing but signs": "&&==&=&;;&%",
}


@dataclass(frozen=True)
class Body:
    """What is sent as a POST; `sent` takes the names of a page's own fields."""

    kind: str
    sent: Callable[[list[str]], bytes]
    headers: dict[str, str] = field(default_factory=dict)


def filled(value: bytes) -> Callable[[list[str]], bytes]:
    """A form that has this in every field, percent-encoded already."""
    return lambda names: b"&".join(name.encode() + b"=" + value for name in names)


def always(sent: bytes) -> Callable[[list[str]], bytes]:
    return lambda names: sent


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--limit\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def in_parts(content: bytes, more: str = "") -> Callable[[list[str]], bytes]:
    """A form in parts that has this in every field."""
    return lambda names: b"".join(part(name, content, more) for name in names) + b"--limit--\r\n"


def many(content: bytes, more: str = "") -> Callable[[list[str]], bytes]:
    return lambda names: in_parts(content, more)([f"a{number}" for number in range(MANY)])


CSV = '; filename="clients.csv"'

# What a view finds in its form.
FORMS = {
    "NUL": Body(FORM, filled(b"a%00b")),
    "NUL in a part": Body(PARTS, in_parts(b"a\0b")),
    "bytes that are no UTF-8": Body(FORM, filled(b"%FF%FE%C0%80")),
    "a part that is no UTF-8": Body(PARTS, in_parts(b"\xff\xfe\xc0\x80")),
    "control characters": Body(FORM, filled(b"a%0D%0ABcc:%20b@c.example%0D%0A%08%1B%7F")),
    "a character beyond any plane": Body(FORM, filled(b"%F4%90%80%80%EF%BF%BF%F0%9F%98%80")),
    "a huge number": Body(FORM, filled(HUGE.encode())),
    "a number too long to read": Body(FORM, filled(UNREADABLE.encode())),
    "a number past bigint": Body(FORM, filled(b"9223372036854775808")),
    "a negative number": Body(FORM, filled(b"-1")),
    "not a number": Body(FORM, filled(b"NaN")),
    "a long value": Body(FORM, filled(b"a" * 4_000)),
    "HTML": Body(FORM, filled(b"%22%3E%3Cscript%3E")),
    "every field twice": Body(FORM, lambda names: filled(b"1")(names) + b"&" + filled(b"2")(names)),
    "lists and dictionaries": Body(FORM, lambda names: filled(b"1")([f"{n}[0]" for n in names])),
    "a file where a text belongs": Body(PARTS, in_parts(b"a", CSV)),
    "a file with a hostile name": Body(
        PARTS, in_parts(b"name\nAda\n", '; filename="../../\0\x1b<b>/etc/passwd\\..\\x.csv"')
    ),
    "too many fields": Body(FORM, always(b"a=1&" * MANY)),
    "JSON": Body(JSON, always(b'{"name": "Ada", "client": [1]}')),
    "broken JSON": Body(JSON, always(b'{"name": ')),
}

# What is met before any view: sent to a few doors only, since no other answers differently.
BODIES = {
    "raw NUL": Body(FORM, filled(b"a\0b")),
    "raw bytes that are no UTF-8": Body(FORM, filled(b"\xff\xfe\xc0\x80")),
    "too many parts": Body(PARTS, many(b"1")),
    "too many files": Body(PARTS, many(b"1", CSV)),
    "too large a form": Body(FORM, always(b"a=" + b"b" * LARGE)),
    "too large a part": Body(PARTS, lambda names: in_parts(b"b" * LARGE)(["a"])),
    "a body beyond every limit": Body(PARTS, always(b""), {"CONTENT_LENGTH": str(10**12)}),
    "a length that is none": Body(FORM, always(b""), {"CONTENT_LENGTH": "many"}),
    "a negative length": Body(PARTS, always(b""), {"CONTENT_LENGTH": "-1"}),
    "deep JSON": Body(JSON, always(b"[" * 100_000)),
    "XML": Body(
        "text/xml", always(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')
    ),
    "no kind": Body("", always(b"name=Ada")),
    "a kind that is none": Body(";;=/,", always(b"name=Ada")),
    "a charset that is none": Body(f"{FORM}; charset=klingon", filled(b"a")),
    "a charset of two bytes": Body(f"{PARTS}; charset=utf-16", in_parts(b"a\0b\0")),
    "a codec that is no charset": Body(f"{PARTS}; charset=rot13", in_parts(b"a")),
    "a codec that makes surrogates": Body(
        f"{PARTS}; charset=raw_unicode_escape", in_parts(b"\\ud800")
    ),
    "a form in another charset": Body(f"{FORM}; charset=raw_unicode_escape", filled(b"\\ud800")),
    "no boundary": Body("multipart/form-data", in_parts(b"a")),
    "another boundary": Body("multipart/form-data; boundary=other", in_parts(b"a")),
    "a boundary that is none": Body("multipart/form-data; boundary=\xff\"'", in_parts(b"a")),
    "a part that does not end": Body(PARTS, always(part("name", b"a")[:-20])),
    "a part without a head": Body(PARTS, always(b"--limit\r\n\r\n\r\n--limit--")),
    "a part in a charset that is none": Body(PARTS, in_parts(b"a", "; a*=klingon''b")),
    "broken base64": Body(PARTS, in_parts(b"!!!", "\r\nContent-Transfer-Encoding: base64")),
    "a file with an endless name": Body(
        PARTS, in_parts(b"name\nAda\n", f'; filename="{"a" * 5000}.csv"')
    ),
    "a program called .csv": Body(PARTS, in_parts(b"MZ\x90\0\x03", CSV)),
    "a picture called .csv": Body(PARTS, in_parts(b"\x89PNG\r\n", CSV)),
}

HEADERS: dict[str, dict[str, str]] = {
    "another host": {"HTTP_HOST": "evil.example"},
    "a host that cannot be": {"HTTP_HOST": "a b[:x"},
    "a forwarded host": {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil"},
    "NUL in the session": {"HTTP_COOKIE": '__Host-session="\\000aaaaaaaaaaaaaaaa"'},
    "a session of no letters": {"HTTP_COOKIE": "__Host-session=\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"},
    "a long session": {"HTTP_COOKIE": f"__Host-session={'a' * 7000}"},
    "broken cookies": {"HTTP_COOKIE": '=;;"; a="\\; __Host-csrf="\\000"; \xff=\xff'},
    "htmx in escapes": {
        "HTTP_HX_REQUEST": "true",
        "HTTP_HX_CURRENT_URL": "%FF%00",
        "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": "true",
        "HTTP_HX_TRIGGERING_EVENT": "{",
    },
    "no type that is": {"HTTP_ACCEPT": ";;q=x, */;q=2, application/json;q=nan"},
    "another method": {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    "a broken origin": {"HTTP_ORIGIN": "http://[", "HTTP_REFERER": "http://["},
    "impossible conditions": {
        "HTTP_IF_MODIFIED_SINCE": "yesterday",
        "HTTP_IF_NONE_MATCH": '"',
        "HTTP_RANGE": "bytes=9-1,-,x",
    },
    "an authorization that is none": {"HTTP_AUTHORIZATION": "Bearer \xff\x00"},
    "a request ID of line breaks": {"HTTP_X_REQUEST_ID": "a\r\nSet-Cookie: a=b"},
    "a long agent": {"HTTP_USER_AGENT": "\x00\xff<script>" * 500},
    "a language that is none": {"HTTP_ACCEPT_LANGUAGE": "\x00,;q=;;" * 200},
}

METHODS = ["OPTIONS", "TRACE", "PROPFIND", "get", "A" * 300]

# What views answer in another form to.
MANNERS: dict[str, dict[str, str]] = {
    "JSON, please": {"HTTP_ACCEPT": JSON},
    "htmx from nowhere": {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://["},
}

# In the place of a path's object; what its converter does not take is no route at all.
PLACES = {
    "zero": "0",
    "past bigint": "9223372036854775808",
    "huge": HUGE,
    "too long to read": UNREADABLE,
    "negative": "-1",
    "NUL": "%00",
    "NUL in words": "a%00b",
    "no UTF-8": "%FF%FE",
    "a way up": "..%2F..%2Fetc%2Fpasswd",
    "full-width digits": "%EF%BC%91",
    "an attribute": "__class__",
    "endless": "a" * 3000,
}
