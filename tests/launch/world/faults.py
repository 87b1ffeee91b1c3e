"""The planted faults: one line each says what is broken, who finds it, when it blocks, and how.

To plant another, add a line; the verbs are those of verbs.py.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apps.launch.findings import Tier
from apps.launch.handover.seal import sealed
from tests.launch.world.verbs import (
    Break,
    accepting,
    added,
    both,
    broker,
    certificate,
    change,
    costing,
    edge,
    file,
    frozen,
    header,
    history,
    issued,
    measured,
    mood,
    pages,
    paths,
    plan,
    planned,
    policy,
    record,
    setting,
    shared_with_staging,
    sql,
    static,
    variable,
)
from tests.launch.world.zones import HERE, NAMES, dkim
from tests.world.nameserver import Mood
from tests.world.tls import Authority, self_signed

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER


IODEF = '0 iodef "mailto:security@harbourside.co"'
OPEN_ROUTE = """
from django.http import HttpResponse
urlpatterns += [path("open/", lambda request: HttpResponse(), name="open")]
"""
OPEN_TO_ALL = OPEN_ROUTE.replace(
    "lambda request: HttpResponse()", "access(Plane.PUBLIC)(lambda request: HttpResponse())"
)
ENDLESS = """
from django.views.generic import ListView
from apps.core.access import Plane, access
class Endless(ListView): ...
urlpatterns += [path("endless/", access(Plane.ACCOUNT)(Endless.as_view()), name="endless")]
"""
WAITING = "apps/clients/migrations/0002_later.py"
MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]
    operations = []  # yet
"""
GIVEN_UP = """
    INSERT INTO jobs_job (kind, title, arguments, request_id, state, attempts, allowed_attempts,
        done, error, traceback, created_at, run_after, wake_after, finished_at)
    VALUES ('mail', '', '{}', '', 'dead', 9, 9,
        0, 'Something went wrong on our side. We have been told.', '', now(), now(), now(), now())
"""
NEXT_WEEK = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
STALE = '{ at = 2025-01-02, by = "Sam Reed" }'
PACK = "docs/handover/README.md"
FORMER_PACK = sealed("# Handover of Harbourside\n", "0" * 12)
DETOUR = """
[[monitors]]
name = "www"
url = "https://www.harbourside.co/healthz"
seconds = 60
"""
# In two parts, since this file is searched for keys too.
AWS_KEY = "AKIA" + "Z7QXW2KJ5M3NRT6P"


def asking(times: int) -> str:
    """An SPF record that takes so many lookups."""
    return f"v=spf1 {'a:mx.harbourside.co ' * times}-all"


class Fault(NamedTuple):
    """One thing that is wrong with a launch."""

    what: str
    id: str
    tier: Tier
    broken: Break


PORTAL, BARE, WWW = "portal.harbourside.co", "harbourside.co", "www.harbourside.co"
WEAK_TOO = "ssl_ciphers ALL:@SECLEVEL=0; ssl_protocols"
HTTP_TO_HTTPS = "return 301 https://$host$request_uri;"
ALIAS_TO_PORTAL = f"return 301 https://{PORTAL}$request_uri;"
UNPACKED = edge(
    "proxy_set_header Host", "proxy_set_header Accept-Encoding ''; proxy_set_header Host"
)
NOSNIFF = "add_header X-Content-Type-Options nosniff always;"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"

SETTINGS = [
    Fault("debug is on", "LC-SET-002", NOW, setting("DEBUG = True")),
    Fault("any host is answered", "LC-SET-003", NOW, setting('ALLOWED_HOSTS = ["*"]')),
    Fault("a domain is answered", "LC-SET-003", NOW, setting('ALLOWED_HOSTS += [".x.co"]')),
    Fault("the key is a word", "LC-SET-004", NOW, setting('SECRET_KEY = "changeme"')),
    Fault("a former key is short", "LC-SET-004", NOW, setting('SECRET_KEY_FALLBACKS = ["x"]')),
    Fault("the token is an example", "LC-SET-005", NOW, setting('OPERATOR_TOKEN = "example"')),
    Fault("search engines stay away", "LC-SET-009", LATER, setting("NOINDEX = True")),
    Fault(
        "the product has our name",
        "LC-SET-010",
        LATER,
        change("config/product.py", 'name="Harbourside"', 'name="Slipway"'),
    ),
    Fault("HSTS lasts a second", "LC-SEC-001", NOW, setting("SECURE_HSTS_SECONDS = 1")),
    Fault("HTTP is served", "LC-SEC-002", NOW, setting("SECURE_SSL_REDIRECT = False")),
    Fault("sessions go over HTTP", "LC-SEC-003", NOW, setting("SESSION_COOKIE_SECURE = False")),
    Fault("scripts read sessions", "LC-SEC-003", NOW, setting("SESSION_COOKIE_HTTPONLY = False")),
    Fault("sessions go anywhere", "LC-SEC-003", NOW, setting('SESSION_COOKIE_SAMESITE = "None"')),
    Fault("scripts read the token", "LC-SEC-004", NOW, setting("CSRF_COOKIE_HTTPONLY = False")),
    Fault("a plain name", "LC-SEC-005", TRAFFIC, setting('SESSION_COOKIE_NAME = "session"')),
    Fault(
        "forms from anywhere", "LC-SEC-006", NOW, setting('CSRF_TRUSTED_ORIGINS = ["https://*"]')
    ),
    Fault("fast hashes", "LC-SEC-007", NOW, setting(f'PASSWORD_HASHERS = ["{MD5}"]')),
    Fault("no proxy is declared", "LC-SEC-009", TRAFFIC, variable("CLIENT_ADDRESS_FROM", "socket")),
    Fault("mail is printed", "LC-MAIL-001", NOW, setting(f'EMAIL_BACKEND = "{CONSOLE}"')),
    Fault("errors go nowhere", "LC-OPS-001", TRAFFIC, variable("SENTRY_DSN", "")),
    Fault(
        "the role owns the tables",
        "LC-DATA-001",
        NOW,
        variable("DATABASE_URL", lambda world: world.portal.environment()["DATABASE_OWNER_URL"]),
    ),
]

TLS = [
    Fault(
        "a name refuses TLS",
        "LC-TLS-001",
        NOW,
        edge(f"server_name {NAMES[4]};", f"server_name {NAMES[4]}; ssl_reject_handshake on;"),
    ),
    Fault("the certificate has expired", "LC-TLS-002", NOW, issued(begins=-90, ends=-1)),
    Fault("the certificate is early", "LC-TLS-003", NOW, issued(begins=1)),
    Fault("one name is left out", "LC-TLS-004", NOW, issued(*NAMES[:2], *NAMES[3:])),
    Fault(
        "only a common name",
        "LC-TLS-004",
        NOW,
        issued(*NAMES[:1], *NAMES[1:4], common=NAMES[4]),
    ),
    Fault("self-signed", "LC-TLS-005", NOW, certificate(lambda world: self_signed(*NAMES))),
    Fault("no intermediate", "LC-TLS-006", NOW, issued(complete=False)),
    Fault(
        "an unknown authority",
        "LC-TLS-007",
        NOW,
        certificate(lambda world: Authority("Let's Encrypt").issue(*NAMES)),
    ),
    Fault(
        "a short key", "LC-TLS-008", NOW, both(edge("ssl_protocols", WEAK_TOO), issued(bits=1024))
    ),
    Fault(
        "TLS 1.0 is taken",
        "LC-TLS-009",
        TRAFFIC,
        edge("ssl_protocols", f"{WEAK_TOO} TLSv1 TLSv1.1"),
    ),
    Fault("renewal is late", "LC-TLS-010", TRAFFIC, issued(begins=-70, ends=20)),
    Fault("renewal is very late", "LC-TLS-010", NOW, issued(begins=-85, ends=5)),
]

REDIRECTS = [
    Fault(
        "HTTP leads to another host",
        "LC-REDIR-001",
        NOW,
        edge(HTTP_TO_HTTPS, ALIAS_TO_PORTAL),
    ),
    Fault(
        "HTTP shows pages", "LC-REDIR-001", NOW, edge(HTTP_TO_HTTPS, 'return 200 "All is well.";')
    ),
    Fault(
        "an alias shows the product",
        "LC-REDIR-002",
        NOW,
        edge(ALIAS_TO_PORTAL, "proxy_pass http://127.0.0.1:1; return 200;"),
    ),
    Fault(
        "an alias leads in a circle",
        "LC-REDIR-002",
        NOW,
        edge(ALIAS_TO_PORTAL, HTTP_TO_HTTPS),
    ),
    Fault(
        "an alias leads for a while",
        "LC-REDIR-004",
        NOW,
        edge(ALIAS_TO_PORTAL, ALIAS_TO_PORTAL.replace("301", "302")),
    ),
    Fault(
        "an alias forgets the path",
        "LC-REDIR-005",
        NOW,
        edge(ALIAS_TO_PORTAL, f"return 301 https://{PORTAL}/;"),
    ),
    Fault(
        "an alias forgets the query",
        "LC-REDIR-005",
        NOW,
        edge(ALIAS_TO_PORTAL, f"return 301 https://{PORTAL}$uri;"),
    ),
    Fault(
        "any name is answered",
        "LC-REDIR-006",
        NOW,
        edge('return 400 "There is no such site here.\\n";', 'return 200 "Welcome.";'),
    ),
    Fault(
        "a moved page is lost",
        "LC-REDIR-007",
        NOW,
        edge("/accounts/login/; }", "/accounts/nowhere/; }"),
    ),
]

HEADERS = [
    Fault("no policy", "LC-HEAD-001", NOW, header("Content-Security-Policy")),
    Fault(
        "inline scripts run",
        "LC-HEAD-002",
        NOW,
        policy("script-src 'self' 'unsafe-inline'"),
    ),
    Fault(
        "any base address",
        "LC-HEAD-003",
        NOW,
        policy("base-uri *"),
    ),
    Fault(
        "the nonce is always the same",
        "LC-HEAD-004",
        NOW,
        policy("script-src 'nonce-abcdefgh'"),
    ),
    Fault("no HSTS", "LC-HEAD-005", NOW, header("Strict-Transport-Security")),
    Fault(
        "an hour of HSTS",
        "LC-HEAD-005",
        TRAFFIC,
        header("Strict-Transport-Security", "max-age=3600; includeSubDomains"),
    ),
    Fault(
        "HSTS for the name alone",
        "LC-HEAD-005",
        LATER,
        header("Strict-Transport-Security", "max-age=31536000"),
    ),
    Fault(
        "pages can be framed",
        "LC-HEAD-006",
        NOW,
        policy("frame-ancestors *"),
    ),
    Fault(
        "types are guessed",
        "LC-HEAD-007",
        TRAFFIC,
        static("proxy_hide_header X-Content-Type-Options;"),
    ),
    Fault("addresses are told", "LC-HEAD-008", TRAFFIC, header("Referrer-Policy")),
    Fault(
        "windows are shared",
        "LC-HEAD-009",
        LATER,
        header("Cross-Origin-Opener-Policy"),
    ),
    Fault(
        "versions are told", "LC-HEAD-010", LATER, edge("server_tokens off;", "server_tokens on;")
    ),
    Fault("engines are told", "LC-HEAD-010", LATER, header("X-Powered-By", "PHP/5.3")),
    Fault(
        "a picture over HTTP",
        "LC-HEAD-011",
        TRAFFIC,
        both(UNPACKED, pages("sub_filter '</main>' '<img src=\"http://harbourside.co/a.png\">';")),
    ),
    Fault("cookies go over HTTP", "LC-HEAD-012", NOW, pages("proxy_cookie_flags ~ nosecure;")),
    Fault("scripts read cookies", "LC-HEAD-012", NOW, pages("proxy_cookie_flags ~ nohttponly;")),
    Fault("cookies go anywhere", "LC-HEAD-012", NOW, pages("proxy_cookie_flags ~ samesite=none;")),
    Fault(
        "any origin reads",
        "LC-HEAD-014",
        NOW,
        pages(
            "add_header Access-Control-Allow-Origin $http_origin always; "
            "add_header Access-Control-Allow-Credentials true always;"
        ),
    ),
    Fault(
        "any origin reads what is public",
        "LC-HEAD-014",
        TRAFFIC,
        header("Access-Control-Allow-Origin", "*"),
    ),
]

EDGE = [
    Fault(
        "the edge keeps pages",
        "LC-EDGE-001",
        NOW,
        edge("CF-Cache-Status DYNAMIC", "CF-Cache-Status MISS"),
    ),
    Fault(
        "pages may be kept",
        "LC-EDGE-001",
        NOW,
        header("Cache-Control", "public, max-age=60"),
    ),
    Fault(
        "a page under a file's name",
        "LC-EDGE-002",
        NOW,
        paths("location ~ ^(?<page>/accounts/login/)x.css$ { proxy_pass http://web$page; }"),
    ),
    Fault(
        "files are kept for an hour",
        "LC-EDGE-003",
        TRAFFIC,
        static("proxy_hide_header Cache-Control; add_header Cache-Control 'max-age=3600';"),
    ),
    Fault(
        "files are not kept by the edge", "LC-EDGE-003", TRAFFIC, static("proxy_cache_bypass 1;")
    ),
    Fault(
        "files are sent as they are",
        "LC-EDGE-005",
        LATER,
        both(UNPACKED, static("proxy_cache_key $uri-as-it-is;")),
    ),
]

HEALTH = [
    Fault(
        "health redirects",
        "LC-HEALTH-101",
        NOW,
        paths(f"location = /healthz {{ {NOSNIFF} return 302 /accounts/login/; }}"),
    ),
    Fault(
        "the portal is not ready",
        "LC-HEALTH-102",
        NOW,
        paths(
            f"location = /readyz {{ {NOSNIFF} default_type application/json; "
            """return 503 '{"status": "unavailable", "failed": ["broker"]}'; }"""
        ),
    ),
    Fault(
        "readiness tells all",
        "LC-HEALTH-103",
        TRAFFIC,
        paths(
            f"location = /readyz {{ {NOSNIFF} default_type application/json; "
            """return 200 '{"status": "ok", "checks": {"database": {"ms": 1}}}'; }"""
        ),
    ),
    Fault(
        "the platform finds no health",
        "LC-HEALTH-104",
        NOW,
        edge("location = /healthz { proxy_pass", "location = /elsewhere { proxy_pass"),
    ),
    Fault("another release is live", "LC-HEALTH-105", TRAFFIC, variable("RELEASE", "4f2c91a")),
]

LIMITS = [
    Fault(
        f"{what} without end",
        id,
        tier,
        paths(
            f"location = {path} {{ if ($request_method = POST) {{ return 200; }} "
            "proxy_pass http://web; }"
        ),
    )
    for what, id, tier, path in (
        ("resets", "LC-LIMIT-102", NOW, "/accounts/password/reset/"),
        ("sign-ups", "LC-LIMIT-103", TRAFFIC, "/accounts/signup/"),
        ("second steps", "LC-LIMIT-104", TRAFFIC, "/accounts/2fa/authenticate/"),
        ("sign-ins", "LC-LIMIT-101", NOW, "/accounts/login/"),
    )
] + [
    Fault(
        "an address can be claimed",
        "LC-LIMIT-105",
        NOW,
        edge(
            "proxy_set_header X-Forwarded-For $remote_addr;",
            "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
        ),
    ),
]

DMARC, MAIL, KEY = (
    "_dmarc.harbourside.co",
    "mail.harbourside.co",
    "pm._domainkey.mail.harbourside.co",
)
REPORTED = "rua=mailto:dmarc@harbourside.co"
CNAME_TO_NOWHERE = ("CNAME", "portal-1234.herokudns.com.")

NAMING = [
    Fault("www is missing", "LC-DNS-001", NOW, record(WWW, "CNAME")),
    Fault("the status page is missing", "LC-DNS-001", NOW, record(NAMES[4], "A")),
    Fault("www leads to what is gone", "LC-DNS-002", NOW, record(WWW, *CNAME_TO_NOWHERE)),
    Fault(
        "the bare domain is an alias",
        "LC-DNS-003",
        NOW,
        both(record(BARE, "A"), record(BARE, "CNAME", "harbourside.onrender.com.")),
    ),
    Fault(
        "an alias takes mail",
        "LC-DNS-004",
        NOW,
        both(record("mx.harbourside.co", "A"), record("mx.harbourside.co", "CNAME", f"{BARE}.")),
    ),
    Fault("one name server", "LC-DNS-005", TRAFFIC, record(BARE, "NS", "ns1.desec.net.")),
    Fault("records live a minute", "LC-DNS-006", LATER, record(BARE, "A", HERE, ttl=60)),
    Fault("nobody forgets while moving", "LC-DNS-006", LATER, planned("cut_over", "true")),
    Fault(
        "another authority may issue",
        "LC-DNS-007",
        NOW,
        record(BARE, "CAA", '0 issue "digicert.com"', IODEF),
    ),
    Fault("any authority may issue", "LC-DNS-008", LATER, record(BARE, "CAA")),
    Fault(
        "nobody hears of refusals",
        "LC-DNS-008",
        LATER,
        record(BARE, "CAA", '0 issue "letsencrypt.org"'),
    ),
    Fault("the zone is not signed", "LC-DNS-009", LATER, record(BARE, "DS")),
    Fault("signatures are broken", "LC-DNS-010", NOW, mood(Mood.BOGUS, BARE)),
]

MAILING = [
    Fault("mail has no SPF", "LC-EMAIL-002", TRAFFIC, record(MAIL, "TXT")),
    Fault("mail is not signed", "LC-EMAIL-002", TRAFFIC, record(KEY, "TXT")),
    Fault("mail has neither", "LC-EMAIL-002", NOW, both(record(MAIL, "TXT"), record(KEY, "TXT"))),
    Fault(
        "SPF is there twice",
        "LC-EMAIL-003",
        NOW,
        record(MAIL, "TXT", "v=spf1 -all", "v=spf1 ip4:192.0.2.1 -all"),
    ),
    Fault("SPF cannot be read", "LC-EMAIL-003", NOW, record(MAIL, "TXT", "v=spf1 ipv4:192.0.2.1")),
    Fault("SPF lets all send", "LC-EMAIL-004", NOW, record(MAIL, "TXT", "v=spf1 +all")),
    Fault("SPF says nothing", "LC-EMAIL-004", NOW, record(MAIL, "TXT", "v=spf1 mx ?all")),
    Fault("SPF asks eleven times", "LC-EMAIL-005", NOW, record(MAIL, "TXT", asking(11))),
    Fault("SPF asks nine times", "LC-EMAIL-005", TRAFFIC, record(MAIL, "TXT", asking(9))),
    Fault(
        "SPF asks in vain",
        "LC-EMAIL-006",
        TRAFFIC,
        record(MAIL, "TXT", "v=spf1 a:a.postmark.net a:b.postmark.net a:c.postmark.net -all"),
    ),
    Fault("a selector is missing", "LC-EMAIL-007", TRAFFIC, planned("selectors", '["pm", "pm2"]')),
    Fault("the key is revoked", "LC-EMAIL-008", NOW, record(KEY, "TXT", "v=DKIM1; p=")),
    Fault("the key is short", "LC-EMAIL-008", TRAFFIC, record(KEY, "TXT", dkim(1024))),
    Fault("the key is on trial", "LC-EMAIL-008", TRAFFIC, record(KEY, "TXT", f"{dkim()}; t=y")),
    Fault("no DMARC", "LC-EMAIL-009", TRAFFIC, record(DMARC, "TXT")),
    Fault(
        "DMARC is there twice",
        "LC-EMAIL-009",
        TRAFFIC,
        record(DMARC, "TXT", "v=DMARC1; p=reject", "v=DMARC1; p=none"),
    ),
    Fault(
        "DMARC is on trial",
        "LC-EMAIL-009",
        TRAFFIC,
        record(DMARC, "TXT", f"v=DMARC1; p=reject; t=y; {REPORTED}"),
    ),
    Fault(
        "DMARC watches",
        "LC-EMAIL-010",
        LATER,
        record(DMARC, "TXT", f"v=DMARC1; p=none; {REPORTED}"),
    ),
    Fault("DMARC does nothing", "LC-EMAIL-010", TRAFFIC, record(DMARC, "TXT", "v=DMARC1; p=none")),
    Fault(
        "reports go to a stranger",
        "LC-EMAIL-012",
        TRAFFIC,
        record(DMARC, "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@postmark.net"),
    ),
    Fault("answers go nowhere", "LC-EMAIL-013", TRAFFIC, record(MAIL, "MX")),
    Fault("the mail host is gone", "LC-EMAIL-014", TRAFFIC, record("mx.harbourside.co", "A")),
    Fault(
        "mail comes from elsewhere",
        "LC-EMAIL-001",
        NOW,
        variable("DEFAULT_FROM_EMAIL", "Harbourside <hello@harbourside.co>"),
    ),
    Fault(
        "the mail server's password is old",
        "LC-MAIL-101",
        NOW,
        variable("EMAIL_URL", "smtp+tls://harbourside:0th3r@smtp.harbourside.co:587"),
    ),
    Fault("mail bounces for ever", "LC-MAIL-005", TRAFFIC, planned("bounces", '""')),
]

PLANNING = [
    Fault("no backup of late", "LC-BACK-001", NOW, planned("backup", STALE)),
    Fault("no restore of late", "LC-BACK-002", TRAFFIC, planned("restore_drill", STALE)),
    Fault("all copies in one place", "LC-BACK-003", NOW, planned("off_platform", '""')),
    Fault("nobody is called", "LC-HAND-001", TRAFFIC, planned("on_call", '""')),
    Fault("nobody's account", "LC-HAND-002", TRAFFIC, planned("account", '""')),
    Fault("the domain ends soon", "LC-HAND-003", TRAFFIC, planned("renews", NEXT_WEEK)),
    Fault(
        "nobody asks for health",
        "LC-UP-001",
        TRAFFIC,
        plan("portal.harbourside.co/healthz", "status.harbourside.co/"),
    ),
    Fault("nobody was handed anything", "LC-HAND-004", TRAFFIC, file(PACK, "To be written.")),
    Fault("the pack is of another plan", "LC-HAND-005", LATER, file(PACK, FORMER_PACK)),
    Fault("nobody tried the pack", "LC-HAND-006", LATER, planned("handover", STALE)),
    Fault("holes are told nobody", "LC-HAND-007", LATER, planned("security", '"Ada Byron"')),
    Fault("a redirect is watched", "LC-UP-006", LATER, added("launch.toml", DETOUR)),
    Fault("health is asked each hour", "LC-UP-002", TRAFFIC, planned("seconds", "3600")),
    Fault("any answer is well", "LC-UP-003", TRAFFIC, planned("status", "0")),
    Fault("certificates are not watched", "LC-UP-004", TRAFFIC, planned("watches", '["domain"]')),
    Fault("alerts wake nobody", "LC-UP-005", TRAFFIC, planned("kind", '"email"', after="alerts")),
    Fault("a risk has run out", "LC-PLAN-011", TRAFFIC, accepting("LC-SET-009", "2026-01-02")),
    Fault("a risk is gone", "LC-PLAN-012", LATER, accepting("LC-SET-009", "2099-01-02")),
    Fault("a risk of nothing", "LC-PLAN-013", LATER, accepting("LC-SET-999", "2099-01-02")),
]

ENVIRONMENT = [
    Fault(
        "a key in a file",
        "LC-SECRET-001",
        NOW,
        file("config/stripe.py", f'KEY = "{AWS_KEY}"\n'),
    ),
    Fault("a key in the history", "LC-SECRET-002", NOW, history("keys.txt", f"key = {AWS_KEY}\n")),
    Fault("staging has the key", "LC-SECRET-003", NOW, shared_with_staging("SECRET_KEY")),
    Fault(
        "the code reads by itself",
        "LC-ENV-003",
        TRAFFIC,
        file("apps/core/region.py", 'import os\n\nREGION = os.environ["REGION"]\n'),
    ),
    Fault(
        "the example is old",
        "LC-ENV-004",
        LATER,
        change(".env.example", "LOG_LEVEL", "LOGGING_LEVEL"),
    ),
    Fault("a file of variables", "LC-ENV-008", NOW, file(".env.production", "LOG_LEVEL=INFO\n")),
    Fault(
        "neighbours read the variables",
        "LC-ENV-009",
        TRAFFIC,
        file(".env", "LOG_LEVEL=INFO\n", tracked=False),
    ),
    Fault("Git takes the variables", "LC-ENV-010", TRAFFIC, change(".gitignore", "/.env\n", "")),
]

WALLS = [
    Fault(
        "a route says nothing of access",
        "LC-ROUTE-001",
        NOW,
        added("config/urls.py", OPEN_ROUTE),
    ),
    Fault(
        "a route is open to all",
        "LC-ROUTE-002",
        NOW,
        added("config/urls.py", f"from apps.core.access import Plane, access\n{OPEN_TO_ALL}"),
    ),
    Fault(
        "clients have no wall",
        "LC-TENANT-001",
        NOW,
        sql(
            "ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE clients_client ENABLE ROW LEVEL SECURITY",
        ),
    ),
    Fault(
        "queries name no workspace",
        "LC-TENANT-004",
        NOW,
        setting('DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"'),
    ),
    Fault(
        "a neighbour's seat is open",
        "LC-TENANT-005",
        NOW,
        change(
            "apps/tenants/views/members.py",
            'request.tenant.memberships.select_related("user"), pk=pk',
            'Membership.objects.select_related("user"), pk=pk',
        ),
    ),
    Fault(
        "a list asks for each row",
        "LC-PERF-001",
        TRAFFIC,
        change("apps/clients/models.py", 'return self.select_related("owner")', "return self"),
    ),
    Fault(
        "a list has no pages",
        "LC-PERF-003",
        TRAFFIC,
        added("config/urls.py", ENDLESS),
    ),
    Fault("no policy of pages", "LC-SEC-010", NOW, setting("CONTENT_SECURITY_POLICY = {}")),
    Fault(
        "nothing guards pages",
        "LC-SEC-011",
        NOW,
        setting('MIDDLEWARE.remove("django.middleware.security.SecurityMiddleware")'),
    ),
    Fault("any origin may read", "LC-SEC-012", TRAFFIC, setting("CORS_ALLOW_ALL_ORIGINS = True")),
    Fault("attempts are not counted", "LC-LIMIT-001", NOW, setting("RATELIMIT_ENABLE = False")),
    Fault(
        "sign-ins are not limited",
        "LC-LIMIT-002",
        NOW,
        added("apps/core/limits.py", 'del LIMITS["account_login"]'),
    ),
    Fault(
        "sign-ups are not limited",
        "LC-LIMIT-003",
        TRAFFIC,
        added("apps/core/limits.py", 'del LIMITS["account_signup"]'),
    ),
    Fault(
        "a limit of nothing",
        "LC-LIMIT-004",
        TRAFFIC,
        added("apps/core/limits.py", 'LIMITS["nowhere"] = (PUBLIC,)'),
    ),
]

NINE = "[budgets]\nconcurrency = 9"
SLOWER = costing("list", p95_ms=601, before={"p95_ms": 590})
LEAN_LIST = "[budgets.journeys.list]\nqueries = 11"
QUARTER_AGO = f"{datetime.now(UTC) - timedelta(days=91):%Y-%m-%dT00:00:00Z}"

MIGRATIONS = [
    Fault("a migration waits", "LC-DATA-002", NOW, file(WAITING, MIGRATION)),
    Fault(
        "a model has changed",
        "LC-MIG-002",
        NOW,
        change(
            "apps/clients/models.py",
            "name = models.CharField(max_length=200)",
            "name = models.CharField(max_length=300)",
        ),
    ),
    Fault(
        "a migration has no way back",
        "LC-MIG-005",
        TRAFFIC,
        file(WAITING, MIGRATION.replace("[]  #", '[migrations.RunSQL("SELECT 1")]  #')),
    ),
    Fault("locks are waited for", "LC-MIG-006", TRAFFIC, setting("DATABASE_TIMEOUTS = {}")),
    Fault("no rollback of late", "LC-MIG-007", TRAFFIC, planned("rollback_drill", STALE)),
    Fault("no way back of late", "LC-MIG-008", TRAFFIC, planned("previous_release", STALE)),
]

QUEUE = [
    Fault("the worker hangs", "LC-OPS-002", TRAFFIC, frozen("worker", "worker-heartbeat")),
    Fault("the scheduler hangs", "LC-QUEUE-003", TRAFFIC, frozen("beat", "scheduler-heartbeat")),
    Fault("work was given up", "LC-QUEUE-002", TRAFFIC, sql(GIVEN_UP, "DELETE FROM jobs_job")),
    Fault("tasks may hang", "LC-QUEUE-004", TRAFFIC, setting("CELERY_TASK_SOFT_TIME_LIMIT = 0")),
    Fault(
        "tasks run twice",
        "LC-QUEUE-005",
        TRAFFIC,
        setting('CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = 60'),
    ),
    Fault("tasks are lost", "LC-QUEUE-006", TRAFFIC, setting("CELERY_TASK_ACKS_LATE = False")),
    Fault("the broker forgets", "LC-QUEUE-007", TRAFFIC, broker("maxmemory-policy", "allkeys-lru")),
    Fault("the scheduler is left out", "LC-HEALTH-004", TRAFFIC, change("Procfile", "beat:", "b:")),
    Fault("all is logged", "LC-LOG-004", TRAFFIC, setting('LOGGING["root"]["level"] = "DEBUG"')),
    Fault("the release is not named", "LC-OPS-003", LATER, variable("RELEASE", "")),
]

MEASURING = [
    Fault("a page is slow", "LC-PERF-101", TRAFFIC, SLOWER),
    Fault("a page asks too much", "LC-PERF-101", TRAFFIC, added("launch.toml", LEAN_LIST)),
    Fault("a page got worse", "LC-PERF-102", TRAFFIC, costing("list", before={"p95_ms": 100})),
    Fault("a request never ends", "LC-PERF-103", NOW, costing("list", slowest_ms=30_001)),
    Fault("nobody measured of late", "LC-PERF-104", LATER, measured(measured_at=QUARTER_AGO)),
    Fault("few were measured", "LC-PERF-105", LATER, added("launch.toml", NINE)),
    Fault("a journey broke", "LC-PERF-106", TRAFFIC, costing("list", errors=1)),
]

FAULTS: list[Fault] = [
    *SETTINGS,
    *TLS,
    *REDIRECTS,
    *HEADERS,
    *EDGE,
    *HEALTH,
    *LIMITS,
    *NAMING,
    *MAILING,
    *PLANNING,
    *ENVIRONMENT,
    *WALLS,
    *MIGRATIONS,
    *QUEUE,
    *MEASURING,
]
