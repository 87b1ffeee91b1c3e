"""Every environment variable, declared once; nothing else in the project reads ``os.environ``."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from config.parsers import (
    ADDRESS_RULES,
    REPORT_SECRETS,
    AddressRule,
    Smtp,
    age_recipients,
    allowlist,
    backup_url,
    choice,
    client_address,
    database_url,
    domains,
    files_url,
    header_or_none,
    hosts,
    local_origins,
    number,
    origins,
    pool_size,
    port,
    redis_url,
    secret,
    secrets,
    sender,
    sentry_dsn,
    site_url,
    smtp_url,
    text,
    token,
)

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("production", "staging", "development", "test")
AT_HOME = ("development", "test")
SOCIAL_PROVIDERS = ("google", "github", "microsoft")


class BadEnvironment(ImproperlyConfigured):
    """Variables are missing or malformed; the message names each, its purpose and an example."""


def folder(value: str) -> Path:
    """Take a folder; a relative one lies in the project, whatever folder a process starts in."""
    return BASE_DIR / value


def declare(
    purpose: str,
    *,
    example: str,
    parse: Callable[[str], Any] = text,
    default: Any = MISSING,
    is_secret: bool = False,
    environments: tuple[str, ...] = ENVIRONMENTS,
    elsewhere: Any = None,
    parse_at_home: Callable[[str], Any] | None = None,
    owner: str = "technical owner",
    source: str = "your decision",
    rotation: str = "",
) -> Any:
    """Declare one variable; without a default it has to be set in each of its environments.

    `elsewhere` is its value in the other environments where it is not set, and `parse_at_home`
    what reads it in development and in the suite. `owner` is who keeps it, `source` where its
    value comes from, and `rotation`, which every secret has, how it is changed.
    """
    details = {
        "owner": owner,
        "source": source,
        "rotation": rotation,
        "purpose": purpose,
        "example": example,
        "parse": parse,
        "parse_at_home": parse_at_home or parse,
        "secret": is_secret,
        "required": default is MISSING,
        "environments": environments,
    }
    if default is MISSING:
        default = elsewhere
    if isinstance(default, list):
        return field(default_factory=list, metadata=details, repr=not is_secret)
    return field(default=default, metadata=details, repr=not is_secret)


def client_id(provider: str, example: str) -> Any:
    """Declare by which name a provider of sign-in knows the product."""
    return declare(
        f"The product's client ID at {provider}; with its secret, "
        f"people can sign in with {provider}.",
        example=example,
        default="",
        source=provider,
    )


def client_secret(provider: str) -> Any:
    """Declare what a provider of sign-in gave along with the client ID."""
    return declare(
        f"The secret that {provider} gave along with {provider.upper()}_CLIENT_ID.",
        example="the-secret-shown-once",
        default="",
        is_secret=True,
        source=provider,
        rotation=f"Yearly. Add a second secret at {provider}, set it, restart, then delete the "
        "first there.",
    )


@dataclass(frozen=True, kw_only=True)
class Env:
    """The process's environment, parsed; a field's name is its variable's name."""

    DJANGO_SETTINGS_MODULE: str = declare(
        "Which settings run: config.settings.production, staging, development or test.",
        example="config.settings.production",
        parse=choice(*(f"config.settings.{name}" for name in ENVIRONMENTS)),
        default="config.settings.production",
    )
    ENV_FILE: str = declare(
        "A file of further variables, read in place of the project's `.env`; the environment wins.",
        example="/etc/portal/portal.env",
        default="",
    )
    SECRET_KEY: str = declare(
        "Signs sessions, links and codes. "
        "Make one with `python -c 'import secrets; print(secrets.token_urlsafe(64))'`.",
        example="64-random-bytes-as-text",
        parse=secret,
        is_secret=True,
        source="a random generator",
        rotation="Yearly, and at once if it is out. Move it to SECRET_KEY_FALLBACKS: "
        "nobody is signed out.",
    )
    SECRET_KEY_FALLBACKS: list[str] = declare(
        "Former keys, comma-separated, that still verify while a new one takes over.",
        example="the-former-key",
        parse=secrets,
        default=[],
        is_secret=True,
        source="the former SECRET_KEY",
        rotation="Take a key out after two weeks; if it was stolen, at once, which ends sessions.",
    )
    SITE_URL: str = declare(
        "The one public address; links in mail are built from it.",
        example="https://app.example.com",
        parse=site_url,
    )
    ALLOWED_HOSTS: list[str] = declare(
        "Further exact host names that lead to `SITE_URL`, comma-separated.",
        example="app.example.com,app.onrender.com",
        parse=hosts,
        default=[],
    )
    TRUSTED_ORIGINS: list[str] = declare(
        "Further exact origins that may send forms and read /api/ from a browser, comma-separated.",
        example="https://www.example.com",
        parse=origins,
        parse_at_home=local_origins,
        default=[],
    )
    CLIENT_ADDRESS_FROM: AddressRule = declare(
        "What stands in front of the web process, and so where a client's address is read. "
        "One of heroku, render, cloudflare, host, depth:N, header:NAME, socket: "
        "see docs/operations.md.",
        example="host",
        parse=client_address,
        environments=("production", "staging"),
        elsewhere=ADDRESS_RULES["socket"],
        source="the hosting platform",
    )
    DATABASE_URL: str = declare(
        "PostgreSQL as the runtime role, which owns no table.",
        example="postgresql://slipway_app:password@db.example.com/slipway",
        parse=database_url,
        is_secret=True,
        source="the database provider",
        rotation="Yearly. Make a second role, set its address, run `migrate`, which grants it "
        "what it needs, restart, then drop the first.",
    )
    DATABASE_OWNER_URL: str = declare(
        "The same database as the role that owns the tables; only migrations use it. "
        "Leave it out where the platform gives one role.",
        example="postgresql://slipway_owner:password@db.example.com/slipway",
        parse=database_url,
        default="",
        is_secret=True,
        source="the database provider",
        rotation="Yearly. Change the owner's password and the address together; only `migrate` "
        "uses it, so nothing stops.",
    )
    DATABASE_POOL: int | None = declare(
        "How many connections to the database the threads of a process share. "
        "Without it, each thread keeps one of its own.",
        example="3",
        parse=pool_size,
        default=None,
    )
    REDIS_URL: str = declare(
        "Redis or Valkey for queue, cache and limits.",
        example="rediss://:password@redis.example.com:6379/0",
        parse=redis_url,
        is_secret=True,
        source="the Redis provider",
        rotation="Yearly. Add a second user or password, set the address, restart, then close "
        "the first.",
    )
    EMAIL_URL: Smtp = declare(
        "The SMTP server that takes outgoing mail.",
        example="smtp+tls://user:password@smtp.example.com:587",
        parse=smtp_url,
        is_secret=True,
        owner="mail owner",
        source="the mail provider",
        rotation="Yearly. Add second credentials at the provider, set them, restart the worker, "
        "send_test_mail, then revoke the first.",
    )
    DEFAULT_FROM_EMAIL: str = declare(
        "The sender of the product's mail.",
        example="Slipway <hello@mail.example.com>",
        parse=sender,
        owner="mail owner",
    )
    MAIL_ALLOWLIST: list[str] = declare(
        "Who gets staging's mail, comma-separated: addresses, and domains as @example.com. "
        "Mail to anybody else is kept back.",
        example="ada@example.com,@qa.example.com",
        parse=allowlist,
        environments=("staging",),
        elsewhere=[],
        owner="mail owner",
    )
    MAIL_DOMAINS: list[str] = declare(
        "The domains that mail may be sent from, comma-separated; without it, the domain of "
        "DEFAULT_FROM_EMAIL alone. The mail provider has to know each.",
        example="mail.example.com,notices.example.com",
        parse=domains,
        default=[],
        owner="mail owner",
    )
    MAIL_PROVIDER: str = declare(
        f"Whose SMTP server EMAIL_URL is, so that its reports find their mail: one of "
        f"{', '.join(REPORT_SECRETS)}.",
        example="postmark",
        parse=choice(*REPORT_SECRETS),
        default="",
        owner="mail owner",
    )
    MAIL_WEBHOOK_SECRET: str = declare(
        "What proves that a report is the provider's; without it none is taken. Postmark, Brevo: "
        "user:password; Mailgun: the webhook signing key; Resend: the signing secret; SendGrid: "
        "the verification key; SES: the topic's ARN. See docs/mail.md.",
        example="reports:a-random-password-of-32-characters-or-more",
        default="",
        is_secret=True,
        owner="mail owner",
        source="the mail provider, or a random generator",
        rotation="Yearly. Set the new one here and at the provider, within the hours for which it "
        "tries again.",
    )
    FILES_ROOT: Path = declare(
        "Where exports and imports are kept: a folder that web and worker share. "
        "Nothing is written there once FILES_URL names a bucket.",
        example="/var/lib/slipway/files",
        parse=folder,
    )
    FILES_URL: str = declare(
        "The bucket for exports and imports, where web and worker share no folder, as on Heroku "
        "and Render: s3://bucket/prefix. See docs/operations.md.",
        example="s3://portal-files/production",
        parse=files_url,
        default="",
        source="the company that keeps the files",
    )
    FILES_ENDPOINT: str = declare(
        "The address of the S3-compatible store, where it is not Amazon's.",
        example="https://s3.eu-central-003.backblazeb2.com",
        parse=site_url,
        default="",
        source="the company that keeps the files",
    )
    FILES_REGION: str = declare(
        "The store's region.",
        example="eu-central-003",
        default="us-east-1",
        source="the company that keeps the files",
    )
    FILES_ACCESS_KEY: str = declare(
        "The store's access key, which may read, write, list and delete in that bucket alone.",
        example="the-key-id",
        default="",
        is_secret=True,
        source="the company that keeps the files",
        rotation="Yearly, together with FILES_SECRET_KEY.",
    )
    FILES_SECRET_KEY: str = declare(
        "The secret that belongs to FILES_ACCESS_KEY.",
        example="the-secret-shown-once",
        default="",
        is_secret=True,
        source="the company that keeps the files",
        rotation="Yearly. Make a second key, set both variables, download an export, then delete "
        "the first.",
    )
    OPERATOR_TOKEN: str = declare(
        "Opens the details of /readyz to whoever sends it as a bearer token.",
        example="32-random-characters-or-more",
        parse=token,
        is_secret=True,
        source="a random generator",
        rotation="Yearly, and when somebody who knows it leaves. Set the new one here and in "
        "the monitors; customers notice nothing.",
    )
    BACKUP_URL: str = declare(
        "Where backups are kept, off the platform: s3://bucket/prefix, or file:///folder, which "
        "is for a disk of another machine. See docs/backups.md.",
        example="s3://portal-backups/production",
        parse=backup_url,
        default="",
        source="the company that keeps the backups",
    )
    BACKUP_RECIPIENTS: list[str] = declare(
        "The public age keys that backups are encrypted to, comma-separated. "
        "Their private halves are kept elsewhere, never on the platform.",
        example="age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        parse=age_recipients,
        default=[],
        source="manage.py backup --new-key",
    )
    BACKUP_ENDPOINT: str = declare(
        "The address of the S3-compatible store, where it is not Amazon's.",
        example="https://s3.eu-central-003.backblazeb2.com",
        parse=site_url,
        default="",
        source="the company that keeps the backups",
    )
    BACKUP_REGION: str = declare(
        "The store's region.",
        example="eu-central-003",
        default="us-east-1",
        source="the company that keeps the backups",
    )
    BACKUP_ACCESS_KEY: str = declare(
        "The store's access key, which may read, write, list and delete in that bucket alone.",
        example="the-key-id",
        default="",
        is_secret=True,
        source="the company that keeps the backups",
        rotation="Yearly, together with BACKUP_SECRET_KEY.",
    )
    BACKUP_SECRET_KEY: str = declare(
        "The secret that belongs to BACKUP_ACCESS_KEY.",
        example="the-secret-shown-once",
        default="",
        is_secret=True,
        source="the company that keeps the backups",
        rotation="Yearly. Make a second key, set both variables, run `backup --list`, then delete "
        "the first.",
    )
    BACKUP_KEEP_DAILY: int = declare(
        "Of how many days the newest backup is kept.", example="7", parse=number, default=7
    )
    BACKUP_KEEP_WEEKLY: int = declare(
        "Of how many weeks the newest backup is kept.", example="5", parse=number, default=5
    )
    BACKUP_KEEP_MONTHLY: int = declare(
        "Of how many months the newest backup is kept.", example="12", parse=number, default=12
    )
    BACKUP_IDENTITY: str = declare(
        "The file with the private age key, for `restore` alone: set it where a restore runs, for "
        "as long as it runs.",
        example="/media/safe/portal-backup-key.txt",
        default="",
        source="manage.py backup --new-key",
    )
    SENTRY_DSN: str = declare(
        "Sends errors to Sentry when set.",
        example="https://key@o1.ingest.sentry.io/1",
        parse=sentry_dsn,
        default="",
        is_secret=True,
        source="Sentry, the project's client keys",
        rotation="When strangers send events. Add a second key, set it, restart, then disable "
        "the first.",
    )
    RELEASE: str = declare(
        "The commit that runs, shown by /healthz, logs and Sentry.",
        example="4f2c91a",
        default="",
        owner="deploy",
        source="git rev-parse --short HEAD",
    )
    RELEASE_HEADER: str = declare(
        "The header of each answer that no cache may share which names the release; "
        "none leaves it out.",
        example="X-Release",
        parse=header_or_none,
        default="X-Release",
        owner="deploy",
    )
    HEROKU_BUILD_COMMIT: str = declare(
        "The commit, as Heroku names it; used when RELEASE is not set.",
        example="4f2c91a",
        default="",
        owner="platform",
        source="Heroku: heroku labs:enable runtime-dyno-build-metadata",
    )
    HEROKU_SLUG_COMMIT: str = declare(
        "The commit, as Heroku named it before; used when HEROKU_BUILD_COMMIT is not set either.",
        example="4f2c91a",
        default="",
        owner="platform",
        source="Heroku: heroku labs:enable runtime-dyno-metadata",
    )
    RENDER_GIT_COMMIT: str = declare(
        "The commit, as Render names it; used when RELEASE is not set.",
        example="4f2c91a",
        default="",
        owner="platform",
        source="Render",
    )
    RELEASE_LOCK_TIMEOUT: int = declare(
        "Seconds that a migration waits for a table's lock before it gives way and tries again; "
        "every request to that table waits behind it.",
        example="5",
        parse=number,
        default=5,
        owner="deploy",
    )
    RELEASE_STATEMENT_TIMEOUT: int = declare(
        "Seconds that one statement of a migration may take.",
        example="900",
        parse=number,
        default=900,
        owner="deploy",
    )
    RELEASE_WAIT: int = declare(
        "Seconds that a release waits for another one that is under way.",
        example="600",
        parse=number,
        default=600,
        owner="deploy",
    )
    LOG_LEVEL: str = declare(
        "The least severe line that is logged.",
        example="INFO",
        parse=choice("DEBUG", "INFO", "WARNING", "ERROR"),
        default="INFO",
    )
    WEB_CONCURRENCY: int | None = declare(
        "How many gunicorn processes serve requests, four threads each. "
        "Without it, as many as fit the machine; Heroku sets it.",
        example="2",
        parse=number,
        default=None,
    )
    WORKER_CONCURRENCY: int | None = declare(
        "How many jobs a worker does at a time. Without it, as many as fit the machine.",
        example="2",
        parse=number,
        default=None,
    )
    JOBS_KEPT_DAYS: int = declare(
        "After how many days jobs that have ended are deleted. A key counts for as long.",
        example="30",
        parse=number,
        default=30,
    )
    DEAD_JOBS_KEPT_DAYS: int = declare(
        "After how many days dead letters are deleted: jobs that were given up.",
        example="180",
        parse=number,
        default=180,
    )
    PORT: int = declare(
        "The port that the web process listens on.",
        example="8000",
        parse=port,
        default=8000,
        owner="platform",
        source="the hosting platform",
    )
    WEB_SOCKET: str = declare(
        "A Unix socket that the web process listens on in place of PORT; deploy/ sets it on a "
        "machine of your own, where each release has one.",
        example="/srv/slipway/run/20261128T120000Z-4f2c91a.sock",
        default="",
        owner="deploy",
        source="deploy/deploy",
    )
    GOOGLE_CLIENT_ID: str = client_id("Google", "123456789-abc.apps.googleusercontent.com")
    GOOGLE_CLIENT_SECRET: str = client_secret("Google")
    GITHUB_CLIENT_ID: str = client_id("GitHub", "Ov23liAbCdEfGhIjKlMn")
    GITHUB_CLIENT_SECRET: str = client_secret("GitHub")
    MICROSOFT_CLIENT_ID: str = client_id("Microsoft", "11111111-2222-3333-4444-555555555555")
    MICROSOFT_CLIENT_SECRET: str = client_secret("Microsoft")
    DEV_MAIL_DIR: Path = declare(
        "The Maildir that /dev/mail/ shows.",
        example=".local/mail",
        parse=folder,
        environments=("development",),
        owner="developer",
        source="make run",
    )

    @property
    def environment(self) -> str:
        """The environment's name: production, staging, development or test."""
        return self.DJANGO_SETTINGS_MODULE.rpartition(".")[2]

    @property
    def platform(self) -> str:
        """Whose machines these are, as far as the platform's own variables tell; else blank."""
        if self.HEROKU_BUILD_COMMIT or self.HEROKU_SLUG_COMMIT:
            return "heroku"
        return "render" if self.RENDER_GIT_COMMIT else ""

    @property
    def release(self) -> str:
        """The running commit, or "unknown"."""
        told = (self.HEROKU_BUILD_COMMIT, self.HEROKU_SLUG_COMMIT, self.RENDER_GIT_COMMIT)
        return next(filter(None, (self.RELEASE, *told)), "unknown")


@dataclass(frozen=True, kw_only=True)
class Operator:
    """What `deploy/` reads on the machine of whoever ships; the product itself reads none of it."""

    GITHUB_TOKEN: str = declare(
        "Asks GitHub whether CI has passed the commit that is to be shipped; it needs to read "
        "checks and statuses.",
        example="github_pat_11ABC",
        default="",
        is_secret=True,
        source="GitHub, developer settings; in GitHub Actions it is there",
        rotation="When it ends, and when its owner leaves. Make another, then delete the first.",
    )
    GITHUB_ACTOR: str = declare(
        "Who ships, where GitHub Actions does it; else git's user.name is recorded.",
        example="ada",
        default="",
        owner="platform",
        source="GitHub Actions",
    )
    HEROKU_API_KEY: str = declare(
        "Ships to Heroku.",
        example="HRKU-12345678",
        default="",
        is_secret=True,
        source="Heroku: heroku authorizations:create",
        rotation="Yearly, and when its owner leaves. Create another, set it where you ship from, "
        "then revoke the first.",
    )
    HEROKU_API_URL: str = declare(
        "Where Heroku's API is, where that is another place than usual.",
        example="https://api.heroku.com",
        default="https://api.heroku.com",
        owner="platform",
        source="Heroku",
    )
    RENDER_API_KEY: str = declare(
        "Ships to Render.",
        example="rnd_abc",
        default="",
        is_secret=True,
        source="Render, account settings",
        rotation="Yearly, and when its owner leaves. Create another, set it where you ship from, "
        "then revoke the first.",
    )
    RENDER_API_URL: str = declare(
        "Where Render's API is, where that is another place than usual.",
        example="https://api.render.com/v1",
        default="https://api.render.com/v1",
        owner="platform",
        source="Render",
    )
    SMOKE_EMAIL: str = declare(
        "The account that deploy/smoke signs in with, after each deploy and from the scheduler.",
        example="smoke@example.com",
        default="",
        source="an account of the product that you made for it",
    )
    SMOKE_PASSWORD: str = declare(
        "The password of SMOKE_EMAIL.",
        example="a-long-random-one",
        default="",
        is_secret=True,
        source="a random generator",
        rotation="Yearly. Change it on the account's page, then where you ship from.",
    )


def operator() -> Operator:
    """Take what the machine of whoever ships has set; what is needed says who needs it."""
    declared = {one.name for one in fields(Operator)}
    return Operator(**{name: text.strip() for name, text in os.environ.items() if name in declared})


def read(source: Mapping[str, str]) -> Env:
    """Parse the variables of `source`.

    Raises BadEnvironment, which names every missing or malformed variable at once; a secret's
    value is never part of the message.
    """
    environment = source.get("DJANGO_SETTINGS_MODULE", "").rpartition(".")[2]
    if environment not in ENVIRONMENTS:
        environment = "production"
    parser = "parse_at_home" if environment in AT_HOME else "parse"
    values: dict[str, Any] = {}
    problems: list[str] = []
    for declared in fields(Env):
        about, raw = declared.metadata, source.get(declared.name, "").strip()
        if raw:
            try:
                values[declared.name] = about[parser](raw)
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
    problems += [*halves(values), *unfit_for_the_provider(values)]
    if problems:
        raise BadEnvironment(
            f"The environment is not ready for {environment}:\n" + "\n".join(problems)
        )
    return Env(**values)


def halves(values: Mapping[str, Any]) -> list[str]:
    """What to say of each key, a provider's or a store's, of which only one half is set."""
    said = []
    pairs = [
        [f"{provider.upper()}_CLIENT_{half}" for half in ("ID", "SECRET")]
        for provider in SOCIAL_PROVIDERS
    ]
    pairs += [
        ["BACKUP_ACCESS_KEY", "BACKUP_SECRET_KEY"],
        ["FILES_ACCESS_KEY", "FILES_SECRET_KEY"],
    ]
    for pair in pairs:
        missing = [name for name in pair if not values.get(name)]
        if len(missing) == 1:
            [there] = {*pair} - {*missing}
            said.append(f"  {missing[0]} is not set, but {there} is: set both or neither")
    if values.get("FILES_URL") and not values.get("FILES_ACCESS_KEY"):
        # Without one the store's client would ask the machine's cloud for a key, and wait for it.
        said.append("  FILES_ACCESS_KEY is not set, but FILES_URL is: a bucket asks for a key")
    return said


def unfit_for_the_provider(values: Mapping[str, Any]) -> list[str]:
    """What to say of a MAIL_WEBHOOK_SECRET that cannot be MAIL_PROVIDER's; it is not quoted."""
    provider, key = values.get("MAIL_PROVIDER"), values.get("MAIL_WEBHOOK_SECRET")
    if not key:
        return []
    if not provider:
        return ["  MAIL_PROVIDER is not set, but MAIL_WEBHOOK_SECRET is: say whose it is"]
    form, words = REPORT_SECRETS[provider]
    return [] if form.fullmatch(key) else [f"  MAIL_WEBHOOK_SECRET must be {words}, for {provider}"]


def given() -> dict[str, str]:
    """The texts of the declared variables as the process was given them, secrets among them."""
    source = {**from_file(), **os.environ}
    texts = {one.name: source.get(one.name, "").strip() for one in fields(Env)}
    return {name: text for name, text in texts.items() if text}


def from_file() -> dict[str, str]:
    """The variables of the project's `.env` file; the suite must not depend on a person's own.

    Raises ImproperlyConfigured where ENV_FILE names a file that is not there.
    """
    if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings.test":
        return {}
    named = os.environ.get("ENV_FILE", "").strip()
    if named and not Path(named).exists():
        raise ImproperlyConfigured(f"ENV_FILE: there is no file {named}")
    # Without interpolation, since a password may contain ${.
    values = dotenv_values(named or BASE_DIR / ".env", interpolate=False)
    return {name: value or "" for name, value in values.items()}


def load() -> Env:
    """Parse the process's environment on top of the `.env` file, if there is one."""
    return read({**from_file(), **os.environ})


def settings_module() -> str:
    """The settings that commands run with: production's, unless the environment says otherwise."""
    named = os.environ.get("DJANGO_SETTINGS_MODULE") or from_file().get("DJANGO_SETTINGS_MODULE")
    return named or "config.settings.production"


def no_color() -> bool:
    """Whether whoever sits at the terminal wants no colour (no-color.org); no setting of ours."""
    return bool(os.environ.get("NO_COLOR"))


def baseline_password() -> str:
    """The password that launch_baseline signs in with; no setting of the product's."""
    return os.environ.get("SLIPWAY_BASELINE_PASSWORD", "")
