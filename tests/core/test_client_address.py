"""The client's address: what each rule reads, what cannot be forged, and what is said of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.core.client_address import NOBODY, ClientAddressMiddleware, normalised
from config.env import BASE_DIR
from config.parsers import client_address
from tests.conftest import Browser
from tests.core.conftest import Log
from tests.world.gunicorn import Gunicorn, free_address

XFF, CF = "X-Forwarded-For", "CF-Connecting-IP"
ROUTER = "10.1.2.3"  # what the connection comes from on a platform
CLIENT, FORGED, EDGE = "198.51.100.7", "6.6.6.6", "172.64.0.9"


def decided(rule: str, peer: str, **headers: str) -> str:
    """The address that a request has once the middleware has seen it."""
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)
    middleware_by(rule)(view)(request)
    return seen[0]


def middleware_by(rule: str) -> Callable[..., ClientAddressMiddleware]:
    def make(*arguments: Any) -> ClientAddressMiddleware:
        made = ClientAddressMiddleware(*arguments)
        made.rule = client_address(rule)
        return made

    return make


# A spelling, and the one that everything else reads. None is junk.
SPELLINGS = [
    ("203.0.113.9", "203.0.113.9"),
    (" \t203.0.113.9 ", "203.0.113.9"),
    ("203.0.113.9:4711", "203.0.113.9"),
    ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:4711", "2001:db8::1"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("::FFFF:cb00:7109", "203.0.113.9"),
    ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
    ("fe80::1%eth0", "fe80::1"),
    ("[fe80::1%25eth0]:80", "fe80::1"),
    ("::1", "::1"),
    ("", None),
    ("unknown", None),
    ("_hidden", None),
    ("localhost", None),
    ("203.0.113", None),
    ("203.0.113.256", None),
    ("0203.0.113.9", None),
    ("0xcb007109", None),
    ("3405803785", None),
    ("203.0.113.9:", None),
    ("203.0.113.9:port", None),
    ("203.0.113.9:123456", None),
    ("203.0.113.9:²", None),
    ("[203.0.113.9]", None),
    ("[203.0.113.9]:80", None),
    ("203.0.113.9%eth0", None),
    ("[2001:db8::1", None),
    ("[2001:db8::1]x", None),
    ("[2001:db8::1]4711", None),
    ("2001:db8::1]", None),
    ("[]", None),
    ("fe80::1%", None),
    ('"203.0.113.9"', None),
    ("203.0.113.9;203.0.113.8", None),
    ("203.0.113.9 203.0.113.8", None),
    ("203.0.113.9\n", None),
    ("203.0.113.9\x00", None),
    ("203.0.113.9/32", None),
    ("for=203.0.113.9", None),
    ("<script>", None),
    ("0.0.0.0", None),
    ("::", None),
    ("::ffff:0.0.0.0", None),
    ("224.0.0.1", None),
    ("ff02::1", None),
    ("1" * 10_000, None),
    (f"fe80::1%{'e' * 60}", None),
]


@pytest.mark.parametrize(
    ("spelling", "address"), SPELLINGS, ids=[repr(s)[:40] for s, _ in SPELLINGS]
)
def test_an_address_has_one_spelling_and_junk_has_none(spelling: str, address: str | None) -> None:
    assert normalised(spelling) == address
    assert address is None or normalised(address) == address


# The rule, the connection's address, the headers, and whose request it is then.
DECIDED: list[tuple[str, str, dict[str, str], str]] = [
    # Heroku's router appends; what a client sent along stands to the left.
    ("heroku", ROUTER, {XFF: CLIENT}, CLIENT),
    ("heroku", ROUTER, {XFF: f"{FORGED}, {CLIENT}"}, CLIENT),
    ("heroku", ROUTER, {XFF: f"{FORGED},{FORGED},{CLIENT}"}, CLIENT),
    ("heroku", ROUTER, {XFF: f"<script>, , {CLIENT}:4711"}, CLIENT),
    ("heroku", ROUTER, {XFF: f"::ffff:{CLIENT}"}, CLIENT),
    ("heroku", ROUTER, {XFF: "2001:DB8::7"}, "2001:db8::7"),
    (
        "heroku",
        ROUTER,
        {CF: FORGED, XFF: CLIENT, "X-Real-IP": FORGED, "Forwarded": "for=1.1.1.1"},
        CLIENT,
    ),
    # Render has Cloudflare before its own proxy.
    ("render", ROUTER, {XFF: f"{CLIENT}, {EDGE}"}, CLIENT),
    ("render", ROUTER, {XFF: f"{FORGED}, {CLIENT}, {EDGE}"}, CLIENT),
    ("depth:3", ROUTER, {XFF: f"{FORGED}, {CLIENT}, {EDGE}, {EDGE}"}, CLIENT),
    # A single header holds one address, or nothing that is believed.
    ("cloudflare", EDGE, {CF: CLIENT, XFF: FORGED}, CLIENT),
    ("cloudflare", EDGE, {CF: "[2001:db8::7]"}, "2001:db8::7"),
    ("cloudflare", EDGE, {CF: f"{FORGED},{CLIENT}"}, EDGE),
    ("header:True-Client-IP", EDGE, {"True-Client-IP": CLIENT, CF: FORGED}, CLIENT),
    # nginx or Caddy on this machine, also on a Unix socket, or next to it.
    ("host", "127.0.0.1", {XFF: f"{FORGED}, {CLIENT}"}, CLIENT),
    ("host", "::1", {XFF: CLIENT}, CLIENT),
    ("host", "172.17.0.1", {XFF: CLIENT}, CLIENT),
    ("host", "::ffff:10.0.0.5", {XFF: CLIENT}, CLIENT),
    ("host", "", {XFF: CLIENT}, CLIENT),
    # … but not somebody who found the port open.
    ("host", "8.8.4.4", {XFF: FORGED}, "8.8.4.4"),
    ("host", "2a00:1450::1", {XFF: FORGED}, "2a00:1450::1"),
    # Without a proxy no header counts.
    ("socket", "::ffff:8.8.4.4", {XFF: FORGED, CF: FORGED}, "8.8.4.4"),
    ("socket", "fe80::1%eth0", {}, "fe80::1"),
    ("socket", "", {XFF: FORGED}, NOBODY),
    # What is not told is not guessed: the connection's own address, never a forged part.
    ("heroku", ROUTER, {}, ROUTER),
    ("heroku", ROUTER, {XFF: ""}, ROUTER),
    ("heroku", ROUTER, {XFF: f"{FORGED}, unknown"}, ROUTER),
    ("heroku", ROUTER, {XFF: f"{FORGED},"}, ROUTER),
    ("heroku", f"::ffff:{ROUTER}", {XFF: FORGED + "," + "x" * 8000}, ROUTER),
    ("heroku", "", {}, NOBODY),
    ("heroku", "somewhere.sock", {}, NOBODY),
    ("render", ROUTER, {XFF: FORGED}, ROUTER),
    ("render", ROUTER, {XFF: f"{FORGED}, , {EDGE}"}, ROUTER),
    ("depth:9", ROUTER, {XFF: ",".join([FORGED] * 8)}, ROUTER),
    ("cloudflare", EDGE, {XFF: FORGED}, EDGE),
    ("cloudflare", EDGE, {CF: "unknown"}, EDGE),
]


@pytest.mark.parametrize(("rule", "peer", "headers", "address"), DECIDED)
def test_a_rule_reads_what_the_proxies_wrote_and_nothing_else(
    rule: str, peer: str, headers: dict[str, str], address: str
) -> None:
    assert decided(rule, peer, **headers) == address


def test_the_presets_are_those_of_the_platforms() -> None:
    of = {
        name: client_address(name) for name in ("heroku", "render", "cloudflare", "host", "socket")
    }
    assert {name: (rule.header, rule.depth) for name, rule in of.items()} == {
        "heroku": (XFF, 1),
        "render": (XFF, 2),
        "cloudflare": (CF, 0),
        "host": (XFF, 1),
        "socket": ("", 0),
    }


def test_it_is_the_first_of_the_middleware_and_the_only_reader() -> None:
    name = f"{ClientAddressMiddleware.__module__}.{ClientAddressMiddleware.__name__}"
    assert django_settings.MIDDLEWARE[0] == name
    names = re.compile(r"forwarded.for|connecting.ip|real.ip|client.ip", re.IGNORECASE)
    readers = [
        path.relative_to(BASE_DIR).as_posix()
        for folder in ("apps", "config")
        for path in sorted((BASE_DIR / folder).rglob("*.py"))
        if names.search(path.read_text())
    ]
    # launch_check's own sends such a header, to see that it is not believed.
    asking = "apps/launch/gathering/web.py"
    reading = ["apps/core/client_address.py", asking, "config/gunicorn.py", "config/parsers.py"]
    assert readers == reading
    set_elsewhere = {"ALLAUTH_TRUSTED_PROXY_COUNT", "ALLAUTH_TRUSTED_CLIENT_IP_HEADER"}
    set_elsewhere |= {"RATELIMIT_IP_META_KEY", "USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT"}
    assert not any(getattr(django_settings, name, None) for name in set_elsewhere)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_untold_address_is_said_once_a_minute_with_a_count_and_without_what_was_sent(
    log: Log,
) -> None:
    clock = Clock()
    middleware = middleware_by("heroku")(lambda request: HttpResponse(), clock)

    def ask(path: str = "/", **headers: str) -> None:
        middleware(RequestFactory().get(path, headers=headers, REMOTE_ADDR=ROUTER))

    ask()
    (line,) = log.of("client_address.missing")
    assert line["level"] == "warning"
    assert (line["rule"], line["ip"], line["times"]) == ("heroku", ROUTER, 1)
    assert line["reason"] == f"there is no {XFF}"
    assert "CLIENT_ADDRESS_FROM" in line["advice"]
    clock.now += 59.9
    ask(**{XFF: "canary"})
    ask(**{XFF: CLIENT})
    ask("/healthz")
    assert len(log.of("client_address.missing")) == 1
    clock.now += 0.1
    ask("/healthz")
    assert len(log.of("client_address.missing")) == 1
    ask(**{XFF: "canary"})
    assert [each["times"] for each in log.of("client_address.missing")] == [1, 2]
    assert "canary" not in log.text


def test_the_requests_line_tells_the_address(anonymous: Browser, log: Log, settings: Any) -> None:
    settings.CLIENT_ADDRESS_RULE = client_address("heroku")
    Browser().get("/robots.txt", headers={"x-forwarded-for": f"{FORGED}, {CLIENT}"})
    assert log.request["ip"] == CLIENT


@pytest.mark.django_db
def test_sign_ins_are_limited_and_logged_by_it(log: Log, settings: Any) -> None:
    settings.CLIENT_ADDRESS_RULE = client_address("render")
    form = {"login": "ada@example.com", "password": "wrong"}
    for address in (f"{FORGED}, {CLIENT}, {EDGE}", f"::ffff:{CLIENT}, {EDGE}"):
        Browser().post("/accounts/login/", form, headers={"x-forwarded-for": address})
    assert [line["ip"] for line in log.of("signin.failed")] == [CLIENT, CLIENT]


def address_of(site: Gunicorn, *headers: str) -> str:
    """The address that is logged for a request with these headers."""
    return str(site.line_of(*headers)["ip"])


@pytest.fixture(scope="module")
def site() -> Iterator[Gunicorn]:
    with Gunicorn(free_address(), CLIENT_ADDRESS_FROM="host") as site:
        yield site


def test_the_boot_log_says_once_which_rule_is_in_force(site: Gunicorn) -> None:
    (line,) = [line for line in site.lines if line["event"] == "client_address.rule"]
    assert (line["rule"], line["header"], line["depth"]) == ("host", XFF, 1)


def test_through_gunicorn_lines_join_and_lookalikes_are_dropped(site: Gunicorn) -> None:
    assert address_of(site, f"{XFF}: {FORGED}", f"{XFF}: {CLIENT}") == CLIENT
    assert address_of(site, f"{XFF}: {CLIENT}", f"X_Forwarded_For: {FORGED}") == CLIENT
    assert address_of(site, f"{XFF}: {CLIENT}", f"X-Forwarded_For: {FORGED}") == CLIENT
    assert address_of(site, f"X_Forwarded_For: {FORGED}") == "127.0.0.1"
    assert address_of(site, f"Connection: {XFF}") == "127.0.0.1"
    assert address_of(site, f"{XFF}: {CLIENT}", f"Remote-Addr: {FORGED}") == CLIENT
    assert address_of(site, f"{XFF}: {CLIENT}", f"REMOTE_ADDR: {FORGED}") == CLIENT


def test_through_gunicorn_an_overlong_header_is_refused_and_the_site_goes_on(
    site: Gunicorn,
) -> None:
    assert site.get(f"{XFF}: {'1.1.1.1,' * 2000}{CLIENT}").startswith(b"HTTP/1.1 4")
    assert address_of(site, f"{XFF}: {'1.1.1.1,' * 500}{CLIENT}") == CLIENT


def test_behind_a_unix_socket_nobodys_header_counts_as_the_proxys(tmp_path: Path) -> None:
    """To gunicorn, every peer on such a socket is a proxy to trust; it must not act on it."""
    with Gunicorn(str(tmp_path / "web.sock"), CLIENT_ADDRESS_FROM="host") as site:
        assert address_of(site, f"{XFF}: {FORGED}, {CLIENT}") == CLIENT
        assert address_of(site) == NOBODY
        assert site.get("X-Forwarded-Proto: https").startswith(b"HTTP/1.1 200")
        for sent in ("X-Forwarded-Ssl: on", "X-Forwarded-Protocol: ssl"):
            assert site.get(sent).startswith(b"HTTP/1.1 301")
        moved = site.get("SCRIPT_NAME: /healthz", "PATH_INFO: /robots.txt", path="/healthz")
        assert b"Disallow" not in moved


def test_without_a_proxy_nobody_says_of_plain_http_that_it_was_https() -> None:
    with Gunicorn(free_address(), CLIENT_ADDRESS_FROM="socket") as site:
        assert site.get("X-Forwarded-Proto: https").startswith(b"HTTP/1.1 301")
        assert address_of(site, f"{XFF}: {FORGED}") == "127.0.0.1"
