"""Faults of redirects, headers, cookies, origins, caches, limits, health and the mail server."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.facts.web import (
    APP,
    CONFUSED,
    FORGED,
    HEALTH,
    JSON,
    LANDING,
    LOGIN,
    MISSING,
    PLATFORM_HEALTH,
    READY,
    STATIC,
    STRANGER,
    Answer,
    Burst,
    Cookie,
    MailServer,
)
from apps.launch.findings import Tier
from tests.launch.fabricated import with_facts
from tests.launch.sound.web import (
    CSRF,
    FOR_ALL,
    HEALTHY,
    HOST,
    LOGIN_PAGES,
    MOVED,
    POLICY,
    SITE,
    STYLE,
    WEB,
    page,
    redirect,
)

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER
NO_ANSWER = Unasked("no answer")
APEX, WWW = "harbourside.co", "www.harbourside.co"
END = Answer(url=f"{SITE}/", status=200)
DEEP = Answer(url=f"{SITE}/a?b=1", status=200)
TAKEN = Burst(statuses=(200,) * 41)


def web(**changes: Any) -> Facts:
    """The sound launch whose product answers so."""
    return with_facts(web=replace(WEB, **changes))


def leads(url: str, *answers: Answer) -> Facts:
    """The sound launch where this address has these answers in turn."""
    return web(chains={**WEB.chains, url: answers})


def moved(*answers: Answer) -> Facts:
    return web(moved={MOVED: answers})


def shows(role: str, *answers: Answer) -> Facts:
    """The sound launch where the pages of a role are these."""
    return web(pages={**WEB.pages, role: answers})


def says(role: str, **headers: str) -> Facts:
    """The sound launch where the first page of a role has these headers; "" takes one away."""
    known = WEB.pages[role]
    assert not isinstance(known, Unasked)
    lines = {name.replace("_", "-"): (value,) for name, value in headers.items()}
    changed = {n: line for n, line in {**known[0].headers, **lines}.items() if line != ("",)}
    return shows(role, replace(known[0], headers=changed), *known[1:])


def policy(role: str, old: str, new: str) -> Facts:
    """The sound launch where a page's policy says something else."""
    return says(role, content_security_policy=POLICY.format(nonce="x").replace(old, new))


def sets(*cookies: Cookie, role: str = LOGIN) -> Facts:
    """The sound launch where a page sets these cookies."""
    known = WEB.pages[role]
    assert not isinstance(known, Unasked)
    return shows(role, *(replace(answer, cookies=cookies) for answer in known))


def cookie(**changes: Any) -> Facts:
    return sets(replace(CSRF, **changes))


def allows(path: str, origin: str, **headers: str) -> Facts:
    """The sound launch where a foreign origin gets these headers."""
    return web(origins={**WEB.origins, (path, origin): page(path, **headers)})


def tries(name: str, burst: Burst | Unasked) -> Facts:
    return web(bursts={**WEB.bursts, name: burst})


def mail(**changes: str) -> Facts:
    return web(mail_server=MailServer(address="smtp.harbourside.co:587", **changes))


EVIL = "https://evil.example"
PLAIN, SECURE = f"http://{APEX}/", f"https://{APEX}/"
HOPS = (redirect(SECURE, f"https://{WWW}/"), redirect(f"https://{WWW}/", END.url), END)
SESSION = replace(CSRF, name="sessionid")
NOT_KEPT = replace(STYLE, headers={**STYLE.headers, "x-cache": ("MISS",)})

FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-REDIR-001", NOW, leads(f"http://{HOST}/", Answer(url=f"http://{HOST}/", status=200))),
    ("LC-REDIR-001", NOW, leads(PLAIN, redirect(PLAIN, END.url), END)),
    ("LC-REDIR-002", NOW, leads(SECURE, Answer(url=SECURE, status=200))),
    ("LC-REDIR-002", NOW, leads(SECURE, redirect(SECURE, SECURE))),
    ("LC-REDIR-002", NOW, leads(SECURE, redirect(SECURE, "https://parking.example/"))),
    ("LC-REDIR-003", NOW, leads(PLAIN, redirect(PLAIN, SECURE), *HOPS)),
    ("LC-REDIR-004", NOW, leads(SECURE, redirect(SECURE, END.url, 302), END)),
    ("LC-REDIR-004", NOW, leads(SECURE, redirect(SECURE, END.url, 307), END)),
    ("LC-REDIR-005", NOW, leads(f"{SECURE}a?b=1", redirect(f"{SECURE}a?b=1", END.url), END)),
    (
        "LC-REDIR-005",
        NOW,
        leads(
            f"{SECURE}a?b=1",
            redirect(f"{SECURE}a?b=1", f"{SITE}/a"),
            replace(DEEP, url=f"{SITE}/a"),
        ),
    ),
    ("LC-REDIR-006", NOW, shows(STRANGER, page("/", 200))),
    ("LC-REDIR-006", NOW, shows(STRANGER, page("/", 301, location=f"{SITE}/"))),
    ("LC-REDIR-007", NOW, moved(Answer(url=MOVED[0], status=404))),
    ("LC-REDIR-007", NOW, moved(redirect(MOVED[0], END.url), END)),
    ("LC-REDIR-007", NOW, moved(redirect(*MOVED, 302), LOGIN_PAGES[0])),
    ("LC-REDIR-007", NOW, moved(redirect(*MOVED), Answer(url=MOVED[1], status=404))),
    ("LC-HEAD-001", NOW, says(LANDING, content_security_policy="")),
    (
        "LC-HEAD-001",
        NOW,
        says(MISSING, content_security_policy="", content_security_policy_report_only="x"),
    ),
    ("LC-HEAD-002", NOW, policy(LANDING, "script-src 'nonce-x'", "script-src 'unsafe-inline'")),
    ("LC-HEAD-002", NOW, policy(MISSING, "script-src 'nonce-x'", "script-src *")),
    ("LC-HEAD-002", NOW, policy(LOGIN, "script-src", "script-src 'unsafe-eval'")),
    ("LC-HEAD-002", NOW, policy(LOGIN, "script-src", "script-src data:")),
    ("LC-HEAD-002", NOW, policy(LOGIN, "script-src", "script-src https://*.cdn.example")),
    ("LC-HEAD-003", NOW, policy(LANDING, "object-src 'none'", "object-src *")),
    ("LC-HEAD-003", NOW, policy(LANDING, "base-uri 'none'; ", "")),
    ("LC-HEAD-004", NOW, shows(LOGIN, LOGIN_PAGES[0], LOGIN_PAGES[0])),
    ("LC-HEAD-005", NOW, says(LANDING, strict_transport_security="")),
    ("LC-HEAD-005", NOW, says(LOGIN, strict_transport_security="max-age=0")),
    (
        "LC-HEAD-005",
        TRAFFIC,
        says(LANDING, strict_transport_security="max-age=3600; includeSubDomains"),
    ),
    (
        "LC-HEAD-005",
        LATER,
        says(LANDING, strict_transport_security="max-age=15552000; includeSubDomains"),
    ),
    ("LC-HEAD-005", LATER, says(LANDING, strict_transport_security="max-age=31536000")),
    ("LC-HEAD-006", NOW, policy(LANDING, "frame-ancestors 'none'", "frame-ancestors *")),
    (
        "LC-HEAD-006",
        NOW,
        says(
            LANDING,
            content_security_policy=POLICY.format(nonce="x").replace("frame-ancestors", "a"),
            x_frame_options="",
        ),
    ),
    ("LC-HEAD-007", TRAFFIC, says(STATIC, x_content_type_options="")),
    ("LC-HEAD-007", TRAFFIC, says(JSON, x_content_type_options="sniff")),
    ("LC-HEAD-008", TRAFFIC, says(LOGIN, referrer_policy="unsafe-url")),
    ("LC-HEAD-008", TRAFFIC, says(LANDING, referrer_policy="")),
    ("LC-HEAD-009", LATER, says(LANDING, cross_origin_opener_policy="")),
    ("LC-HEAD-009", LATER, says(LANDING, cross_origin_opener_policy="unsafe-none")),
    ("LC-HEAD-010", LATER, says(LANDING, server="nginx/1.24.0")),
    ("LC-HEAD-010", LATER, says(HEALTH, x_powered_by="Python")),
    (
        "LC-HEAD-011",
        TRAFFIC,
        shows(
            LANDING, page("/", cache_control=FOR_ALL, body='<img src="http://cdn.example/a.png">')
        ),
    ),
    ("LC-HEAD-012", NOW, cookie(secure=False)),
    ("LC-HEAD-012", NOW, cookie(http_only=False)),
    ("LC-HEAD-012", NOW, cookie(same_site="None")),
    ("LC-HEAD-012", NOW, cookie(same_site="")),
    ("LC-HEAD-012", NOW, cookie(domain="harbourside.co")),
    ("LC-HEAD-013", TRAFFIC, sets(CSRF, SESSION)),
    (
        "LC-HEAD-014",
        NOW,
        allows(
            "/api/",
            EVIL,
            access_control_allow_origin=EVIL,
            access_control_allow_credentials="true",
        ),
    ),
    ("LC-HEAD-014", TRAFFIC, allows("/", "null", access_control_allow_origin="null")),
    ("LC-HEAD-014", TRAFFIC, allows("/", EVIL, access_control_allow_origin="*")),
    ("LC-EDGE-001", NOW, says(LOGIN, cf_cache_status="MISS")),
    ("LC-EDGE-001", NOW, says(APP, cf_cache_status="HIT")),
    ("LC-EDGE-001", NOW, says(APP, age="0")),
    ("LC-EDGE-001", NOW, says(LOGIN, x_cache="HIT, MISS")),
    ("LC-EDGE-001", NOW, says(LOGIN, cache_control="public, max-age=60")),
    ("LC-EDGE-001", NOW, says(APP, cache_control="")),
    ("LC-EDGE-002", NOW, shows(CONFUSED, replace(LOGIN_PAGES[0], cookies=()))),
    ("LC-EDGE-003", TRAFFIC, says(STATIC, cache_control="max-age=60")),
    ("LC-EDGE-003", TRAFFIC, says(STATIC, cache_control="public, max-age=31536000")),
    ("LC-EDGE-003", TRAFFIC, shows(STATIC, replace(STYLE, cookies=(CSRF,)), STYLE)),
    ("LC-EDGE-003", TRAFFIC, shows(STATIC, replace(STYLE, status=404), STYLE)),
    ("LC-EDGE-003", TRAFFIC, shows(STATIC, replace(STYLE, url=f"{SITE}/static/app.css"), STYLE)),
    (
        "LC-EDGE-003",
        TRAFFIC,
        web(edge="cloudflare", pages={**WEB.pages, STATIC: (NOT_KEPT, NOT_KEPT)}),
    ),
    ("LC-EDGE-004", NOW, sets(CSRF, role=LANDING)),
    ("LC-EDGE-005", LATER, says(STATIC, content_encoding="")),
    ("LC-LIMIT-101", NOW, tries("account_login", TAKEN)),
    ("LC-LIMIT-101", TRAFFIC, tries("account_login", Burst(statuses=(429,)))),
    ("LC-LIMIT-102", NOW, tries("account_reset_password", TAKEN)),
    ("LC-LIMIT-103", TRAFFIC, tries("account_signup", TAKEN)),
    ("LC-LIMIT-104", TRAFFIC, tries("mfa_authenticate", Burst(statuses=(302,) * 41))),
    ("LC-LIMIT-105", NOW, tries(FORGED, TAKEN)),
    ("LC-HEALTH-101", NOW, shows(HEALTH, page("/healthz", 301, body=HEALTHY))),
    ("LC-HEALTH-101", NOW, shows(HEALTH, page("/healthz", 503, body=HEALTHY))),
    ("LC-HEALTH-101", NOW, shows(HEALTH, page("/healthz", body='{"release": "4f2c91a"}'))),
    (
        "LC-HEALTH-101",
        TRAFFIC,
        shows(HEALTH, replace(page("/healthz", body=HEALTHY), ms=1001.0)),
    ),
    (
        "LC-HEALTH-102",
        NOW,
        shows(READY, page("/readyz", 503, body='{"status": "unavailable", "failed": ["cache"]}')),
    ),
    (
        "LC-HEALTH-103",
        TRAFFIC,
        shows(READY, page("/readyz", body='{"status": "ok", "release": "4f2c91a"}')),
    ),
    (
        "LC-HEALTH-103",
        TRAFFIC,
        shows(READY, page("/readyz", body='{"status": "ok", "a": "psycopg.OperationalError"}')),
    ),
    ("LC-HEALTH-104", NOW, shows(PLATFORM_HEALTH, page("/healthz", 400))),
    (
        "LC-HEALTH-105",
        TRAFFIC,
        shows(HEALTH, page("/healthz", body=HEALTHY.replace("4f2c91a", "0000000"))),
    ),
    ("LC-MAIL-101", NOW, mail(refusal="nobody listens there")),
    ("LC-MAIL-101", NOW, mail(certificate="certificate has expired")),
    ("LC-MAIL-101", NOW, mail(login="it answered 535")),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("308 is for good too", leads(SECURE, redirect(SECURE, END.url, 308), END)),
    ("a foreign name may be misdirected", shows(STRANGER, page("/", 421))),
    ("plug-ins are shut out by default", policy(LANDING, "object-src 'none'; ", "")),
    (
        "with a nonce browsers ignore unsafe-inline",
        policy(LOGIN, "script-src", "script-src 'unsafe-inline'"),
    ),
    (
        "strict-dynamic makes browsers ignore whole schemes",
        policy(LOGIN, "script-src", "script-src 'strict-dynamic' https: 'unsafe-inline'"),
    ),
    ("a page without a nonce has none to repeat", policy(LOGIN, "'nonce-x'", "'self'")),
    ("X-Frame-Options will do", policy(LANDING, "; frame-ancestors 'none'", "")),
    ("the last referrer policy counts", says(LOGIN, referrer_policy="origin, same-origin")),
    ("a link may lead to plain HTTP", shows(LANDING, page("/", body='<a href="http://a.b">a</a>'))),
    ("the edge has cookies of its own", sets(CSRF, replace(SESSION, name="__cf_bm", secure=False))),
    ("the edge says that it kept nothing", says(LOGIN, cf_cache_status="DYNAMIC", x_cache="MISS")),
    ("a file by its edge is kept", web(edge="cloudflare")),
    ("a cookie may come with a private page", sets(CSRF, role=MISSING)),
    (
        "a small file need not be packed",
        shows(STATIC, replace(STYLE, body="a"), STYLE),
    ),
    (
        "who is limited already is refused at once",
        tries(FORGED, Burst(statuses=(429,), retry_after="60")),
    ),
    ("the product's own origin may read", allows("/", EVIL, access_control_allow_origin=SITE)),
]
REDIRECTS = {f"LC-REDIR-00{number}" for number in range(1, 6)}
HEADERS = {f"LC-HEAD-{number:03}" for number in range(1, 14)}
LIMITS = {f"LC-LIMIT-10{number}" for number in range(1, 6)}
EDGE = {f"LC-EDGE-00{number}" for number in range(1, 6)}
HEALTHS = {f"LC-HEALTH-10{number}" for number in range(1, 6)}
MORE = {"LC-REDIR-006", "LC-REDIR-007", "LC-HEAD-014", "LC-MAIL-101"}


def without(*roles: str) -> Facts:
    return web(pages={**WEB.pages, **dict.fromkeys(roles, NO_ANSWER)})


UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("web", REDIRECTS | HEADERS | LIMITS | EDGE | HEALTHS | MORE),
]
# What is seen in part, and which checks then do not know.
PARTLY: list[tuple[Facts, set[str]]] = [
    (web(chains={**WEB.chains, PLAIN: NO_ANSWER}), REDIRECTS),
    (web(moved={MOVED: NO_ANSWER}), {"LC-REDIR-007"}),
    (web(origins={**WEB.origins, ("/", EVIL): NO_ANSWER}), {"LC-HEAD-014"}),
    (web(bursts=dict.fromkeys(WEB.bursts, NO_ANSWER)), LIMITS),
    (tries("account_signup", Burst(statuses=(403,) * 41)), {"LC-LIMIT-103"}),
    (web(mail_server=NO_ANSWER), {"LC-MAIL-101"}),
    (sets(), {"LC-HEAD-012", "LC-HEAD-013"}),
    (without(STATIC), {"LC-HEAD-007", "LC-HEAD-010", "LC-EDGE-003", "LC-EDGE-005"}),
    (without(CONFUSED), {"LC-EDGE-002"}),
    (without(STRANGER), {"LC-REDIR-006"}),
    (without(PLATFORM_HEALTH), {"LC-HEALTH-104"}),
]
