"""What a product answers that has nothing wrong with it."""

from collections.abc import Iterator

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
    Web,
)

HOST = "portal.harbourside.co"
SITE = f"https://{HOST}"
MOVED = ("https://harbourside.co/login", f"{SITE}/accounts/login/")
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
CSRF = Cookie(name="__Host-csrf", secure=True, http_only=True, same_site="Lax", domain="", path="/")


def headers(nonce: str, **more: str) -> dict[str, tuple[str, ...]]:
    """The headers of a page; one that is set to "" is left out."""
    given = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": POLICY.format(nonce=nonce),
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "private, no-store",
        "server": "gunicorn",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return {name: (value,) for name, value in given.items() if value}


def page(path: str, status: int = 200, *, nonce: str = "a", body: str = "", **more: str) -> Answer:
    """An answer of the product."""
    return Answer(
        url=f"{SITE}{path}", status=status, headers=headers(nonce, **more), ms=40.0, body=body
    )


def redirect(url: str, to: str, status: int = 301) -> Answer:
    """An answer that leads elsewhere."""
    return Answer(url=url, status=status, headers={"location": (to,)})


def chains() -> Iterator[tuple[str, tuple[Answer, ...]]]:
    """Where each name leads, from plain HTTP first to HTTPS and then to the one host."""
    for path in ("/", "/a?b=1"):
        end = Answer(url=f"{SITE}{path}", status=200)
        for name in (HOST, "harbourside.co", "www.harbourside.co", "harbourside.onrender.com"):
            secure, plain = f"https://{name}{path}", f"http://{name}{path}"
            on = (end,) if name == HOST else (redirect(secure, end.url), end)
            yield secure, on
            yield plain, (redirect(plain, secure), *on)


FORM = '<input type="hidden" name="csrfmiddlewaretoken" value="abc">'
LOGIN_PAGES = tuple(
    Answer(
        url=f"{SITE}/accounts/login/",
        status=200,
        headers=headers(nonce),
        cookies=(CSRF,),
        ms=50.0,
        body=FORM,
    )
    for nonce in ("b", "c")
)
FOR_ALL = "public, max-age=300, s-maxage=3600"
HEALTHY = '{"status": "ok", "release": "4f2c91a"}'
STYLE = page(
    "/static/css/app.ad3fe68226d9.css",
    cache_control="max-age=315360000, public, immutable",
    content_encoding="gzip",
    x_cache="HIT",
    body="a" * 9000,
)
ORIGINS = (
    "https://evil.example",
    "null",
    f"https://{HOST}.evil.example",
    f"https://evil-{HOST}",
)
REFUSED = Burst(statuses=(200,) * 5 + (429,), retry_after="187")
WEB = Web(
    host=HOST,
    canonical=HOST,
    edge="",
    chains=dict(chains()),
    moved={MOVED: (redirect(*MOVED), LOGIN_PAGES[0])},
    pages={
        LANDING: (page("/", cache_control=FOR_ALL), page("/", cache_control=FOR_ALL)),
        LOGIN: LOGIN_PAGES,
        APP: tuple(page("/home/", 302, location="/accounts/login/?next=/home/") for _ in "12"),
        MISSING: (page("/launch-check/nothing", 404),),
        JSON: (page("/launch-check/nothing", 404, content_type="application/json"),),
        CONFUSED: (page("/accounts/login/x.css", 404),),
        STRANGER: (page("/", 400),),
        STATIC: (STYLE, STYLE),
        HEALTH: (page("/healthz", cache_control="no-store", body=HEALTHY),),
        READY: (page("/readyz", cache_control="no-store", body='{"status": "ok", "failed": []}'),),
        PLATFORM_HEALTH: (page("/healthz", cache_control="no-store", body=HEALTHY),),
    },
    origins={(path, origin): page(path) for path in ("/", "/api/") for origin in ORIGINS},
    bursts={
        "account_login": REFUSED,
        "account_reset_password": REFUSED,
        "account_signup": REFUSED,
        "mfa_authenticate": REFUSED,
        FORGED: REFUSED,
    },
    mail_server=MailServer(address="smtp.harbourside.co:587"),
)
