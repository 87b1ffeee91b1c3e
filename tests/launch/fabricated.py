"""Facts of a launch that has nothing wrong, and of the same launch with one thing changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.launch.facts import Database, Facts
from apps.launch.facts.backups import Backups
from apps.launch.facts.dns import Question
from apps.launch.facts.handover import Handover
from apps.launch.facts.settings import Settings
from config.parsers import ADDRESS_RULES
from config.product import Product
from tests.launch.sound import queue
from tests.launch.sound.baseline import BASELINE
from tests.launch.sound.dns import told
from tests.launch.sound.logs import LOGS
from tests.launch.sound.migrations import MIGRATIONS
from tests.launch.sound.plan import NOW, PLAN
from tests.launch.sound.project import PROJECT
from tests.launch.sound.records import RECORDS
from tests.launch.sound.rehearsal import REHEARSAL
from tests.launch.sound.surface import BROWSERS, SURFACE
from tests.launch.sound.tls import TLS
from tests.launch.sound.web import WEB

PRODUCT = Product(
    name="Harbourside",
    tagline="Where your clients find you",
    description="Clients, notes and files in one place.",
    legal_name="Harbourside Software Ltd",
    support_email="help@harbourside.co",
    hue=252,
    accent="#0061be",
)
DATABASE = Database(
    host="db.harbourside.co",
    role="harbourside_app",
    is_superuser=False,
    bypasses_row_security=False,
    tables_owned=0,
    encrypted=True,
    unapplied=(),
    applied_apps=frozenset({"clients", "tenants"}),
)
KEY = "Zq8-vT3kLmN5pRs7wXy9aBcDeFgHiJ2oUuVvQ1zE4rT6yK0lP3sA"
SETTINGS: dict[str, Any] = {
    "ENVIRONMENT": "production",
    "RELEASE": "4f2c91a",
    "PLATFORM": "",
    "SITE_HOST": "portal.harbourside.co",
    "SITE_URL": "https://portal.harbourside.co",
    "DEBUG": False,
    "NOINDEX": False,
    "SHOWN_AS": "",
    "MAIL_ALLOWLIST": None,
    "ALLOWED_HOSTS": ["portal.harbourside.co", "harbourside.onrender.com"],
    "CSRF_TRUSTED_ORIGINS": ["https://portal.harbourside.co"],
    "CLIENT_ADDRESS_RULE": ADDRESS_RULES["host"],
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": [KEY[::-1]],
    "OPERATOR_TOKEN": "kP4sD8fG2hJ6kL0qWeRtYuIoP9aS3dF7",
    **BROWSERS,
    **queue.SETTINGS,
    "DATABASE_TIMEOUTS": {"statement_timeout": "30s", "lock_timeout": "5s"},
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_NAME": "__Host-session",
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "CSRF_COOKIE_PATH": "/",
    "CSRF_COOKIE_DOMAIN": None,
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_HTTPONLY": True,
    "CSRF_COOKIE_SAMESITE": "Lax",
    "PASSWORD_HASHERS": [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    ],
    "DATABASES": {"default": {"PASSWORD": "0ne"}},
    "DATABASE_OWNER_URL": "postgresql://owner:tw0@db.harbourside.co/harbourside",
    "CELERY_BROKER_URL": "rediss://:thr33@redis.harbourside.co:6379/0",
    "STORAGES": {"default": {"BACKEND": "apps.transfers.storage.BucketStorage"}},
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "EMAIL_BACKEND": "apps.mail.backend.QueuedBackend",
    "DEFAULT_FROM_EMAIL": "Harbourside <hello@mail.harbourside.co>",
    "MAIL_DOMAINS": ["mail.harbourside.co"],
    "SMTP": {
        "host": "smtp.harbourside.co",
        "password": "f0ur",
        "use_tls": True,
        "use_ssl": False,
    },
}
SOUND = Facts(
    now=NOW,
    settings=Settings(SETTINGS),
    product=PRODUCT,
    plan=PLAN,
    django=(),
    database=DATABASE,
    worker_seen=4.2,
    errors_reported=True,
    sign_in_required=True,
    project=PROJECT,
    surface=SURFACE,
    migrations=MIGRATIONS,
    queue=queue.QUEUE,
    health=queue.HEALTH,
    records=RECORDS,
    rehearsal=REHEARSAL,
    handover=Handover(made_from="2033d375bf14", current="2033d375bf14"),
    logs=LOGS,
    baseline=BASELINE,
    backups=Backups(newest=None, drill=None, elsewhere=""),
    dns=told(),
    tls=TLS,
    web=WEB,
)


def with_settings(**changes: Any) -> Facts:
    """The sound launch with these settings."""
    return replace(SOUND, settings=Settings({**SETTINGS, **changes}))


def in_staging(**changes: Any) -> Facts:
    """A sound staging, judged as one, with these settings."""
    own = {
        "ENVIRONMENT": "staging",
        "SITE_URL": "https://staging.harbourside.co",
        "SECURE_HSTS_SECONDS": 3600,
        "NOINDEX": True,
        "SHOWN_AS": "Staging",
        "MAIL_ALLOWLIST": ["ada@harbourside.co"],
    }
    return replace(with_settings(**{**own, **changes}), expected="staging")


def with_database(**changes: Any) -> Facts:
    """The sound launch with these answers of the database."""
    return replace(SOUND, database=replace(DATABASE, **changes))


def with_facts(**changes: Any) -> Facts:
    """The sound launch with these facts."""
    return replace(SOUND, **changes)


def with_plan(**changes: Any) -> Facts:
    """The sound launch with these parts of its plan."""
    return replace(SOUND, plan=replace(PLAN, **changes))


def with_product(**changes: Any) -> Facts:
    """The sound launch of this product."""
    return replace(SOUND, product=replace(PRODUCT, **changes))


def with_records(
    changes: Mapping[Question, list[str]],
    *,
    ttls: Mapping[Question, int] | None = None,
    **facts: Any,
) -> Facts:
    """The sound launch with these records in DNS, in place of those of the same name and type."""
    return replace(SOUND, dns=told(changes, ttls=ttls), **facts)
