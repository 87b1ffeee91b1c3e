"""Faults of settings, secrets, mail, database and operations, as the process itself sees them."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Message
from apps.launch.findings import Tier
from config.parsers import client_address
from tests.launch.fabricated import (
    KEY,
    PLAN,
    SETTINGS,
    in_staging,
    with_database,
    with_facts,
    with_product,
    with_settings,
)
from tests.launch.sound.dns import NAMES, told, zone

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
MAIL = "django.core.mail.backends"


def message(id: str, *, is_error: bool = False, text: str = "It is so. This is bad.") -> Facts:
    """The sound launch with one message of Django's."""
    said = Message(id=id, text=text, hint="Set it right.", is_error=is_error, silenced=False)
    return with_facts(django=(said,))


def on(platform: str, rule: str) -> Facts:
    """The sound launch on a platform, with this rule for clients' addresses."""
    return with_settings(PLATFORM=platform, CLIENT_ADDRESS_RULE=client_address(rule))


def at(host: str) -> Facts:
    """The sound launch under another name."""
    [monitor] = PLAN.monitors
    monitors = (replace(monitor, url=f"https://{host}/healthz"),)
    plan = replace(PLAN, site=replace(PLAN.site, canonical=host), monitors=monitors)
    dns = told(zone(host), names=(host, *NAMES))
    return replace(with_settings(SITE_URL=f"https://{host}"), plan=plan, dns=dns)


# One planted fault a line: the id that has to find it, its tier, the facts.
IN_A_FOLDER = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
FAULTS: list[tuple[str, Tier, Facts]] = [
    (
        "LC-SET-001",
        NOW,
        with_settings(ENVIRONMENT="staging", SHOWN_AS="Staging", MAIL_ALLOWLIST=["a@b.co"]),
    ),
    ("LC-SET-001", NOW, replace(with_facts(), expected="staging")),
    ("LC-SET-001", NOW, with_settings(ENVIRONMENT="development")),
    ("LC-SET-002", NOW, with_settings(DEBUG=True)),
    ("LC-SET-003", NOW, with_settings(ALLOWED_HOSTS=["*"])),
    ("LC-SET-003", NOW, with_settings(ALLOWED_HOSTS=["a.example.com", ".harbourside.co"])),
    ("LC-SET-004", NOW, with_settings(SECRET_KEY="")),
    ("LC-SET-004", NOW, with_settings(SECRET_KEY="changeme")),
    ("LC-SET-004", NOW, with_settings(SECRET_KEY=f"django-insecure-{KEY}")),
    ("LC-SET-004", NOW, with_settings(SECRET_KEY="ab" * 40)),
    ("LC-SET-004", NOW, with_settings(SECRET_KEY_FALLBACKS=[KEY, "x"])),
    ("LC-SET-005", NOW, with_settings(OPERATOR_TOKEN="")),
    ("LC-SET-005", NOW, with_settings(OPERATOR_TOKEN="32-random-characters-or-more")),
    ("LC-SET-006", TRAFFIC, with_settings(OPERATOR_TOKEN=KEY)),
    ("LC-SET-006", TRAFFIC, with_settings(DATABASES={"default": {"PASSWORD": "tw0"}})),
    ("LC-SET-007", NOW, with_settings(SITE_URL="http://portal.harbourside.co")),
    ("LC-SET-007", NOW, with_settings(SITE_URL="https://localhost")),
    ("LC-SET-007", NOW, with_settings(SITE_URL="https://app.example.com")),
    ("LC-SET-007", NOW, with_settings(SITE_URL="https://portal.example")),
    ("LC-SET-007", NOW, with_settings(SITE_URL="https://203.0.113.7")),
    ("LC-SET-007", NOW, with_settings(SITE_URL="https://portal")),
    ("LC-SET-008", TRAFFIC, with_settings(CACHES={"default": {"BACKEND": LOCMEM}})),
    (
        "LC-SET-008",
        TRAFFIC,
        with_settings(
            CACHES={"default": {"BACKEND": LOCMEM.replace("locmem.LocMem", "dummy.Dummy")}}
        ),
    ),
    (
        "LC-SET-008",
        TRAFFIC,
        with_settings(
            CACHES={
                **SETTINGS["CACHES"],
                "limits": {"BACKEND": LOCMEM.replace("locmem.LocMem", "filebased.FileBased")},
            }
        ),
    ),
    ("LC-SET-009", LATER, with_settings(NOINDEX=True)),
    ("LC-SET-010", LATER, with_product(name="Slipway")),
    ("LC-SET-011", TRAFFIC, in_staging(NOINDEX=False)),
    ("LC-SET-012", TRAFFIC, in_staging(SHOWN_AS="")),
    ("LC-SET-012", TRAFFIC, with_settings(SHOWN_AS="Staging")),
    ("LC-SET-010", LATER, with_product(legal_name="Slipway Example Ltd")),
    ("LC-SET-010", LATER, with_product(support_email="help@harbourside.example")),
    ("LC-SEC-001", NOW, with_settings(SECURE_HSTS_SECONDS=0)),
    ("LC-SEC-001", NOW, with_settings(SECURE_HSTS_SECONDS=1)),
    ("LC-SEC-001", NOW, with_settings(SECURE_HSTS_SECONDS=31_535_999)),
    ("LC-SEC-002", NOW, with_settings(SECURE_SSL_REDIRECT=False)),
    ("LC-SEC-003", NOW, with_settings(SESSION_COOKIE_SECURE=False)),
    ("LC-SEC-003", NOW, with_settings(SESSION_COOKIE_HTTPONLY=False)),
    ("LC-SEC-003", NOW, with_settings(SESSION_COOKIE_SAMESITE="None")),
    ("LC-SEC-003", NOW, with_settings(SESSION_COOKIE_SAMESITE=False)),
    ("LC-SEC-004", NOW, with_settings(CSRF_COOKIE_SECURE=False)),
    ("LC-SEC-004", NOW, with_settings(CSRF_COOKIE_HTTPONLY=False)),
    ("LC-SEC-004", NOW, with_settings(CSRF_COOKIE_SAMESITE=None)),
    ("LC-SEC-005", TRAFFIC, with_settings(SESSION_COOKIE_NAME="session")),
    ("LC-SEC-005", TRAFFIC, with_settings(SESSION_COOKIE_DOMAIN=".harbourside.co")),
    ("LC-SEC-005", TRAFFIC, with_settings(CSRF_COOKIE_PATH="/portal/")),
    ("LC-SEC-006", NOW, with_settings(CSRF_TRUSTED_ORIGINS=["https://*"])),
    ("LC-SEC-006", NOW, with_settings(CSRF_TRUSTED_ORIGINS=["https://*.harbourside.co"])),
    ("LC-SEC-006", NOW, with_settings(CSRF_TRUSTED_ORIGINS=["http://blog.harbourside.co"])),
    (
        "LC-SEC-007",
        NOW,
        with_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]),
    ),
    ("LC-SEC-008", NOW, with_facts(sign_in_required=False)),
    ("LC-SEC-009", TRAFFIC, with_settings(CLIENT_ADDRESS_RULE=client_address("socket"))),
    ("LC-SEC-009", NOW, on("heroku", "socket")),
    ("LC-SEC-009", NOW, on("heroku", "render")),
    ("LC-SEC-009", NOW, on("render", "heroku")),
    ("LC-SEC-009", NOW, on("render", "host")),
    *(
        ("LC-MAIL-001", NOW, with_settings(EMAIL_BACKEND=f"{MAIL}.{name}.EmailBackend"))
        for name in ("console", "dummy", "filebased", "locmem")
    ),
    (
        "LC-MAIL-001",
        NOW,
        with_settings(MAILERS={"default": {"BACKEND": f"{MAIL}.console.EmailBackend"}}),
    ),
    ("LC-MAIL-002", NOW, with_settings(SMTP={**SETTINGS["SMTP"], "host": "localhost"})),
    (
        "LC-MAIL-002",
        NOW,
        with_settings(SMTP={**SETTINGS["SMTP"], "host": "127.0.0.1", "use_tls": False}),
    ),
    ("LC-MAIL-003", NOW, with_settings(SMTP={**SETTINGS["SMTP"], "use_tls": False})),
    ("LC-MAIL-004", NOW, with_settings(DEFAULT_FROM_EMAIL="Harbourside <hello@mail.example>")),
    ("LC-MAIL-004", NOW, with_settings(DEFAULT_FROM_EMAIL="webmaster@localhost")),
    ("LC-MAIL-006", NOW, in_staging(MAIL_ALLOWLIST=None)),
    ("LC-MAIL-006", NOW, in_staging(MAIL_ALLOWLIST=[])),
    ("LC-MAIL-006", NOW, with_settings(MAIL_ALLOWLIST=["ada@harbourside.co"])),
    ("LC-MAIL-006", NOW, with_settings(MAIL_ALLOWLIST=[])),
    ("LC-DATA-001", NOW, with_database(is_superuser=True, tables_owned=30)),
    ("LC-DATA-001", NOW, with_database(bypasses_row_security=True)),
    ("LC-DATA-001", NOW, with_database(tables_owned=30)),
    ("LC-DATA-002", NOW, with_database(unapplied=("clients.0002_city",))),
    ("LC-DATA-003", TRAFFIC, with_database(encrypted=False)),
    ("LC-OPS-001", TRAFFIC, with_facts(errors_reported=False)),
    ("LC-OPS-002", TRAFFIC, with_facts(worker_seen=None)),
    ("LC-OPS-002", TRAFFIC, with_facts(worker_seen=61.0)),
    ("LC-OPS-003", LATER, with_settings(RELEASE="unknown")),
    (
        "LC-OPS-004",
        TRAFFIC,
        with_settings(
            PLATFORM="heroku",
            CLIENT_ADDRESS_RULE=client_address("heroku"),
            STORAGES=IN_A_FOLDER,
        ),
    ),
    (
        "LC-OPS-004",
        TRAFFIC,
        replace(
            with_settings(STORAGES=IN_A_FOLDER),
            plan=replace(PLAN, hosting=replace(PLAN.hosting, platform="render")),
        ),
    ),
    ("security.W019", NOW, message("security.W019")),
    ("fields.E300", NOW, message("fields.E300", is_error=True)),
    ("slipway.E001", NOW, message("slipway.E001", is_error=True)),
    ("security.W021", LATER, message("security.W021")),
    ("urls.W002", LATER, message("urls.W002")),
]

# What is well although a hasty check would think otherwise.
HARMLESS: list[tuple[str, Facts]] = [
    ("a socket needs no TLS", with_database(encrypted=False, host="/var/run/postgresql")),
    ("loopback needs no TLS", with_database(encrypted=False, host="::1")),
    ("the bare domain is a public name", at("harbourside.co")),
    ("a name may contain a reserved one", at("myexample.com")),
    ("the platform's own rule fits", on("render", "render")),
    ("a CDN may stand before the platform", on("heroku", "cloudflare")),
    ("and so may one proxy more", on("heroku", "depth:2")),
    ("processes of one machine share its folders", with_settings(STORAGES=IN_A_FOLDER)),
    ("staging is judged by its own rules", in_staging()),
    ("a worker may be quiet for a minute", with_facts(worker_seen=60.0)),
    ("a strict cookie is stricter", with_settings(SESSION_COOKIE_SAMESITE="Strict")),
    (
        "TLS from the first byte is TLS",
        with_settings(SMTP={**SETTINGS["SMTP"], "use_tls": False, "use_ssl": True}),
    ),
    (
        "another of the product's origins may send forms",
        with_settings(CSRF_TRUSTED_ORIGINS=["https://a.harbourside.co", "https://harbourside.co"]),
    ),
    (
        "passwords that nobody set are not alike",
        with_settings(
            DATABASES={"default": {"PASSWORD": ""}},
            CELERY_BROKER_URL="redis://10.0.0.7:6379/0",
            SMTP={**SETTINGS["SMTP"], "password": ""},
        ),
    ),
    (
        "a mailer without a back end of its own is Django's SMTP",
        with_settings(MAILERS={"default": {"BACKEND": SETTINGS["EMAIL_BACKEND"]}, "smtp": {}}),
    ),
]

# What cannot be had, and which checks then do not know.
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    (
        "database",
        {"LC-DATA-001", "LC-DATA-002", "LC-DATA-003"},
    ),
    ("worker_seen", {"LC-OPS-002"}),
    ("django", {"django"}),
]
