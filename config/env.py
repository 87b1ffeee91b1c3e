"""Every environment variable, declared once; nothing else in the project reads ``os.environ``."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("production", "staging", "development", "test")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class BadEnvironment(ImproperlyConfigured):
    """Variables are missing or malformed; the message names each, its purpose and an example."""


@dataclass(frozen=True)
class Smtp:
    """Where mail is handed over, in the words of Django's SMTP backend."""

    host: str
    port: int
    username: str
    password: str
    use_tls: bool
    use_ssl: bool


def text(value: str) -> str:
    return value


def number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(value)


def words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return parse


def secret(value: str) -> str:
    """Refuse what can be guessed: fewer than 50 characters, few different ones, or an example."""
    if len(value) < 50 or len(set(value)) < 10:
        raise ValueError("must be at least 50 random characters")
    if value.startswith(("django-insecure-", "example", "change")):
        raise ValueError("is an example; make one of your own")
    return value


def secrets(value: str) -> list[str]:
    return [secret(word) for word in words(value)]


def token(value: str) -> str:
    if len(value) < 32:
        raise ValueError("must be at least 32 random characters")
    return value


def site_url(value: str) -> str:
    """Take an origin such as ``https://app.example.com``; plain HTTP is for loopback alone."""
    url = urlsplit(value)
    if not url.hostname or url.path.strip("/") or url.query or "*" in url.hostname:
        raise ValueError("must be an origin, such as https://app.example.com, with no path")
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise ValueError("must start with https://")
    return value.rstrip("/")


def hosts(value: str) -> list[str]:
    """Take exact host names: a wildcard would let anyone's name into links in mail."""
    names = words(value)
    for name in names:
        if "*" in name or name.startswith(".") or "/" in name:
            raise ValueError(f"{name} is not an exact host name")
    return names


def database_url(value: str) -> str:
    if urlsplit(value).scheme not in {"postgres", "postgresql"}:
        raise ValueError("must start with postgresql://")
    return value


def redis_url(value: str) -> str:
    if urlsplit(value).scheme not in {"redis", "rediss"}:
        raise ValueError("must start with redis:// or rediss://")
    return value


def smtp_url(value: str) -> Smtp:
    """Take smtp+tls:// (STARTTLS) or smtps:// (TLS); plain smtp:// is for loopback alone."""
    url = urlsplit(value)
    if url.scheme not in {"smtp", "smtp+tls", "smtps"} or not url.hostname:
        raise ValueError("must start with smtp+tls:// or smtps:// and name a host")
    if url.scheme == "smtp" and url.hostname not in LOOPBACK:
        raise ValueError("would send passwords in clear; use smtp+tls:// or smtps://")
    if parse_qs(url.query):
        raise ValueError("takes no options after ?")
    return Smtp(
        host=url.hostname,
        port=url.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[url.scheme],
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        use_tls=url.scheme == "smtp+tls",
        use_ssl=url.scheme == "smtps",
    )


def declare(
    purpose: str,
    *,
    example: str,
    parse: Callable[[str], Any] = text,
    default: Any = MISSING,
    is_secret: bool = False,
    environments: tuple[str, ...] = ENVIRONMENTS,
) -> Any:
    """Declare one variable; without a default it has to be set in each of its environments."""
    details = {
        "purpose": purpose,
        "example": example,
        "parse": parse,
        "secret": is_secret,
        "required": default is MISSING,
        "environments": environments,
    }
    if default is MISSING:
        default = None
    if isinstance(default, list):
        return field(default_factory=list, metadata=details)
    return field(default=default, metadata=details)


@dataclass(frozen=True, kw_only=True)
class Env:
    """The process's environment, parsed; a field's name is its variable's name."""

    DJANGO_SETTINGS_MODULE: str = declare(
        "Which settings run: config.settings.production, staging, development or test.",
        example="config.settings.production",
        parse=choice(*(f"config.settings.{name}" for name in ENVIRONMENTS)),
        default="config.settings.production",
    )
    SECRET_KEY: str = declare(
        "Signs sessions, links and codes. Make one with: "
        "python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        example="64-random-bytes-as-text",
        parse=secret,
        is_secret=True,
    )
    SECRET_KEY_FALLBACKS: list[str] = declare(
        "Former keys, comma-separated, that still verify while a new one takes over.",
        example="the-former-key",
        parse=secrets,
        default=[],
        is_secret=True,
    )
    SITE_URL: str = declare(
        "The one public address; links in mail are built from it.",
        example="https://app.example.com",
        parse=site_url,
    )
    ALLOWED_HOSTS: list[str] = declare(
        "Further exact host names that may be asked for, comma-separated.",
        example="app.example.com,app.onrender.com",
        parse=hosts,
        default=[],
    )
    DATABASE_URL: str = declare(
        "PostgreSQL as the runtime role, which owns no table.",
        example="postgresql://slipway_app:password@db.example.com/slipway",
        parse=database_url,
        is_secret=True,
    )
    DATABASE_OWNER_URL: str = declare(
        "The same database as the role that owns the tables; only migrations use it. "
        "Leave it out where the platform gives one role.",
        example="postgresql://slipway_owner:password@db.example.com/slipway",
        parse=database_url,
        default="",
        is_secret=True,
    )
    REDIS_URL: str = declare(
        "Redis or Valkey for queue, cache and limits.",
        example="rediss://:password@redis.example.com:6379/0",
        parse=redis_url,
        is_secret=True,
    )
    EMAIL_URL: Smtp = declare(
        "The SMTP server that takes outgoing mail.",
        example="smtp+tls://user:password@smtp.example.com:587",
        parse=smtp_url,
        is_secret=True,
    )
    DEFAULT_FROM_EMAIL: str = declare(
        "The sender of the product's mail.",
        example="Slipway <hello@mail.example.com>",
    )
    FILES_ROOT: Path = declare(
        "Where exports and imports are kept: a folder that web and worker share.",
        example="/var/lib/slipway/files",
        parse=Path,
    )
    OPERATOR_TOKEN: str = declare(
        "Opens the details of /readyz to whoever sends it as a bearer token.",
        example="32-random-characters-or-more",
        parse=token,
        is_secret=True,
    )
    SENTRY_DSN: str = declare(
        "Sends errors to Sentry when set.",
        example="https://key@o1.ingest.sentry.io/1",
        default="",
        is_secret=True,
    )
    RELEASE: str = declare(
        "The commit that runs, shown by /healthz, logs and Sentry.",
        example="4f2c91a",
        default="",
    )
    HEROKU_SLUG_COMMIT: str = declare(
        "The commit, as Heroku names it; used when RELEASE is not set.",
        example="4f2c91a",
        default="",
    )
    RENDER_GIT_COMMIT: str = declare(
        "The commit, as Render names it; used when RELEASE is not set.",
        example="4f2c91a",
        default="",
    )
    LOG_LEVEL: str = declare(
        "The least severe line that is logged.",
        example="INFO",
        parse=choice("DEBUG", "INFO", "WARNING", "ERROR"),
        default="INFO",
    )
    WEB_CONCURRENCY: int = declare(
        "How many gunicorn worker processes serve requests, four threads each.",
        example="2",
        parse=number,
        default=2,
    )
    PORT: int = declare(
        "The port that the web process listens on.",
        example="8000",
        parse=number,
        default=8000,
    )
    DEV_MAIL_DIR: Path = declare(
        "The Maildir that /dev/mail/ shows.",
        example=".local/mail",
        parse=Path,
        environments=("development",),
    )

    @property
    def environment(self) -> str:
        """The environment's name: production, staging, development or test."""
        return self.DJANGO_SETTINGS_MODULE.rpartition(".")[2]

    @property
    def release(self) -> str:
        """The running commit, or "unknown"."""
        return self.RELEASE or self.HEROKU_SLUG_COMMIT or self.RENDER_GIT_COMMIT or "unknown"


def read(source: Mapping[str, str]) -> Env:
    """Parse the variables of `source`.

    Raises BadEnvironment, which names every missing or malformed variable at once; a secret's
    value is never part of the message.
    """
    module = source.get("DJANGO_SETTINGS_MODULE") or "config.settings.production"
    environment = module.rpartition(".")[2]
    values: dict[str, Any] = {}
    problems: list[str] = []
    for declared in fields(Env):
        about, raw = declared.metadata, source.get(declared.name, "").strip()
        if raw:
            try:
                values[declared.name] = about["parse"](raw)
                continue
            except ValueError as error:
                reason = str(error)
        elif about["required"] and environment in about["environments"]:
            reason = "is not set"
        else:
            continue
        problems.append(
            f"  {declared.name} {reason}\n"
            f"      {about['purpose']}\n"
            f"      Example: {declared.name}={about['example']}"
        )
    if problems:
        raise BadEnvironment(
            f"The environment is not ready for {environment}:\n" + "\n".join(problems)
        )
    return Env(**values)


def from_file() -> dict[str, str]:
    """The variables of the project's `.env` file; the suite must not depend on a person's own."""
    if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings.test":
        return {}
    return {name: value or "" for name, value in dotenv_values(BASE_DIR / ".env").items()}


def load() -> Env:
    """Parse the process's environment on top of the `.env` file, if there is one."""
    return read({**from_file(), **os.environ})


def settings_module() -> str:
    """The settings that commands run with: production's, unless the environment says otherwise."""
    named = os.environ.get("DJANGO_SETTINGS_MODULE") or from_file().get("DJANGO_SETTINGS_MODULE")
    return named or "config.settings.production"
