"""The environment: every variable is parsed, and whatever is wrong is named, all of it at once."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, parsers
from config.env import BASE_DIR, BadEnvironment, Env, read
from config.parsers import AddressRule, Smtp
from config.social import social_providers
from tests.config.processes import COMPLETE

REQUIRED = [one for one in fields(Env) if one.metadata["required"]]
SECRETS = [one for one in fields(Env) if one.metadata["secret"]]
LONG = "Zq8-vT3kLmN5pRs7wXy9aBcDeFgHiJ2oUuVvQ1zE4rT6yK0lP3sA"


def refusal(**changes: str) -> str:
    """What is said of a complete environment once these variables are changed."""
    with pytest.raises(BadEnvironment) as caught:
        read({**COMPLETE, **changes})
    return str(caught.value)


def test_a_complete_environment_is_read() -> None:
    read_env = read(COMPLETE)
    assert read_env.environment == "production"
    assert read_env.SITE_URL == "https://portal.harbourside.co"
    assert read_env.LOG_LEVEL == "INFO"


def test_all_missing_variables_are_named_at_once_with_purpose_and_example() -> None:
    with pytest.raises(BadEnvironment) as caught:
        read({})
    said = str(caught.value)
    in_production = [one for one in REQUIRED if "production" in one.metadata["environments"]]
    assert len(in_production) > 5
    for one in in_production:
        assert f"{one.name} is not set" in said
        assert one.metadata["purpose"] in said
        assert f"Example: {one.name}={one.metadata['example']}" in said


def test_missing_and_malformed_variables_are_named_together() -> None:
    said = refusal(SITE_URL="", PORT="eighty", LOG_LEVEL="LOUD")
    assert "SITE_URL is not set" in said
    assert "PORT must be a whole number" in said
    assert "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR" in said


def test_a_variable_is_required_in_its_environments_alone() -> None:
    without = {name: value for name, value in COMPLETE.items() if name != "DEV_MAIL_DIR"}
    assert read(without).DEV_MAIL_DIR is None
    with pytest.raises(BadEnvironment, match="not ready for development") as caught:
        read({**without, "DJANGO_SETTINGS_MODULE": "config.settings.development"})
    assert "DEV_MAIL_DIR is not set" in str(caught.value)


def test_a_settings_module_that_is_not_ours_does_not_hide_what_else_is_missing() -> None:
    with pytest.raises(BadEnvironment) as caught:
        read({"DJANGO_SETTINGS_MODULE": "config.settings.base"})
    assert "DJANGO_SETTINGS_MODULE must be one of" in str(caught.value)
    assert "SECRET_KEY is not set" in str(caught.value)


def test_blanks_count_as_unset() -> None:
    assert "SECRET_KEY is not set" in refusal(SECRET_KEY="   ")
    assert read({**COMPLETE, "LOG_LEVEL": " "}).LOG_LEVEL == "INFO"


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
GOOD: list[tuple[str, str, Any]] = [
    ("BACKUP_URL", "s3://portal-backups/production/", "s3://portal-backups/production"),
    ("BACKUP_URL", "file:///mnt/backups", "file:///mnt/backups"),
    ("FILES_URL", "s3://portal-files/production/", "s3://portal-files/production"),
    ("BACKUP_RECIPIENTS", f"{RECIPIENT}, {RECIPIENT}", [RECIPIENT, RECIPIENT]),
    ("SECRET_KEY_FALLBACKS", f"{LONG}, {LONG[::-1]},", [LONG, LONG[::-1]]),
    ("SITE_URL", "https://App.Example.com/", "https://app.example.com"),
    ("SITE_URL", "https://app.example.com:443", "https://app.example.com"),
    ("SITE_URL", "https://app.example.com:8443", "https://app.example.com:8443"),
    ("SITE_URL", "http://localhost:8000", "http://localhost:8000"),
    ("SITE_URL", "http://127.0.0.1", "http://127.0.0.1"),
    ("SITE_URL", "http://[::1]:8000", "http://[::1]:8000"),
    ("ALLOWED_HOSTS", "a.example.com, b.example.com,", ["a.example.com", "b.example.com"]),
    ("ALLOWED_HOSTS", "10.0.0.7,[::1]", ["10.0.0.7", "[::1]"]),
    (
        "TRUSTED_ORIGINS",
        "https://App.example.com/, https://a.example.com:8443,",
        ["https://app.example.com", "https://a.example.com:8443"],
    ),
    ("CLIENT_ADDRESS_FROM", "heroku", AddressRule("heroku", "X-Forwarded-For", 1)),
    ("CLIENT_ADDRESS_FROM", "depth:3", AddressRule("depth:3", "X-Forwarded-For", 3)),
    ("CLIENT_ADDRESS_FROM", "header:X-Real-IP", AddressRule("header:X-Real-IP", "X-Real-IP")),
    ("CLIENT_ADDRESS_FROM", "socket", AddressRule("socket")),
    ("DATABASE_URL", "postgres://u@h/d", "postgres://u@h/d"),
    ("DATABASE_URL", "postgresql://u@%2Fvar%2Frun/d", "postgresql://u@%2Fvar%2Frun/d"),
    ("DATABASE_URL", "postgresql:///d?sslmode=require", "postgresql:///d?sslmode=require"),
    ("DATABASE_POOL", "2", 2),
    ("REDIS_URL", "redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
    (
        "EMAIL_URL",
        "smtp+tls://me%40here:p%2Fw@mail.example.com",
        Smtp("mail.example.com", 587, "me@here", "p/w", use_tls=True, use_ssl=False),
    ),
    (
        "EMAIL_URL",
        "smtps://mail.example.com",
        Smtp("mail.example.com", 465, "", "", use_tls=False, use_ssl=True),
    ),
    (
        "EMAIL_URL",
        "smtp://localhost:1025",
        Smtp("localhost", 1025, "", "", use_tls=False, use_ssl=False),
    ),
    ("DEFAULT_FROM_EMAIL", "hello@example.com", "hello@example.com"),
    ("DEFAULT_FROM_EMAIL", '"A, B" <a@b.example>', '"A, B" <a@b.example>'),
    ("MAIL_ALLOWLIST", "Ada@Example.com, @QA.example.com", ["ada@example.com", "@qa.example.com"]),
    ("MAIL_DOMAINS", "Mail.Example.com, b.example,", ["mail.example.com", "b.example"]),
    ("MAIL_PROVIDER", "ses", "ses"),
    ("FILES_ROOT", "/srv/files", Path("/srv/files")),
    ("FILES_ROOT", "files", BASE_DIR / "files"),
    ("SENTRY_DSN", "https://k@o1.ingest.example.com/7", "https://k@o1.ingest.example.com/7"),
    ("LOG_LEVEL", "WARNING", "WARNING"),
    ("WEB_CONCURRENCY", "4", 4),
    ("RELEASE_HEADER", "X-Version", "X-Version"),
    ("RELEASE_HEADER", "none", ""),
    ("RELEASE_LOCK_TIMEOUT", "2", 2),
    ("RELEASE_STATEMENT_TIMEOUT", "3600", 3600),
    ("RELEASE_WAIT", "60", 60),
    ("WORKER_CONCURRENCY", "3", 3),
    ("JOBS_KEPT_DAYS", "7", 7),
    ("DEAD_JOBS_KEPT_DAYS", "365", 365),
    ("PORT", "65535", 65535),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_a_good_value_is_parsed(name: str, value: str, expected: Any) -> None:
    keys = {"FILES_ACCESS_KEY": "key", "FILES_SECRET_KEY": "secret"}  # which FILES_URL asks for
    assert getattr(read({**COMPLETE, **keys, name: value}), name) == expected


BAD = [
    ("BACKUP_URL", "s3:///prefix", "must be s3://bucket/prefix"),
    ("BACKUP_URL", "/mnt/backups", "must be s3://bucket/prefix"),
    ("BACKUP_URL", "file://mnt/backups", "must be s3://bucket/prefix"),
    ("BACKUP_URL", "s3://key:secret@bucket", "takes bucket and prefix alone"),
    ("BACKUP_URL", "s3://bucket?endpoint=a", "takes bucket and prefix alone"),
    ("BACKUP_RECIPIENTS", "age1short", "must be public age keys"),
    ("BACKUP_RECIPIENTS", "AGE-SECRET-KEY-1QQQ", "has a private key"),
    ("BACKUP_ENDPOINT", "http://s3.example.com", "must start with https://"),
    ("FILES_URL", "s3:///prefix", "must be s3://bucket/prefix"),
    ("FILES_URL", "file:///srv/files", "a folder is what FILES_ROOT names"),
    ("FILES_URL", "s3://key:secret@bucket", "the key is FILES_ACCESS_KEY"),
    ("FILES_ENDPOINT", "http://s3.example.com", "must start with https://"),
    ("BACKUP_KEEP_DAILY", "0", "at least 1"),
    ("BACKUP_KEEP_WEEKLY", "few", "at least 1"),
    ("BACKUP_KEEP_MONTHLY", "-1", "at least 1"),
    ("DJANGO_SETTINGS_MODULE", "config.settings.local", "must be one of"),
    ("SECRET_KEY", "short", "at least 50 random characters"),
    ("SECRET_KEY", "ab" * 40, "at least 50 random characters"),
    ("SECRET_KEY", f"django-insecure-{LONG}", "is an example"),
    ("SECRET_KEY", f"Change-me-{LONG}", "is an example"),
    ("SECRET_KEY_FALLBACKS", f"{LONG},short", "at least 50 random characters"),
    ("SITE_URL", "app.example.com", "must be an origin"),
    ("SITE_URL", "https://", "must be an origin"),
    ("SITE_URL", "https://app.example.com/portal", "with no path"),
    ("SITE_URL", "https://app.example.com/?a=1", "must be an origin"),
    ("SITE_URL", "https://me:pw@app.example.com", "must be an origin"),
    ("SITE_URL", "https://*.example.com", "must be an origin"),
    ("SITE_URL", "https://app.example.com:port", "is not an address"),
    ("SITE_URL", "http://app.example.com", "must start with https://"),
    ("SITE_URL", "ftp://app.example.com", "must start with https://"),
    ("ALLOWED_HOSTS", "*", "is not an exact host name"),
    ("ALLOWED_HOSTS", "a.example.com,.example.com", ".example.com is not an exact"),
    ("ALLOWED_HOSTS", "*.example.com", "is not an exact host name"),
    ("ALLOWED_HOSTS", "https://a.example.com", "is not an exact host name"),
    ("ALLOWED_HOSTS", "a.example.com:8000", "is not an exact host name"),
    ("TRUSTED_ORIGINS", "*", "must be an origin"),
    ("TRUSTED_ORIGINS", "null", "must be an origin"),
    ("TRUSTED_ORIGINS", "https://*.example.com", "must be an origin"),
    ("TRUSTED_ORIGINS", "https://a.example.com,https://b.example.com/app", "with no path"),
    ("TRUSTED_ORIGINS", "http://a.example.com", "must start with https://"),
    ("TRUSTED_ORIGINS", "http://localhost:5173", "must start with https://"),
    ("CLIENT_ADDRESS_FROM", "Heroku", "must be one of heroku, render, cloudflare, host, socket"),
    ("CLIENT_ADDRESS_FROM", "depth:0", "depth:1 to depth:9"),
    ("CLIENT_ADDRESS_FROM", "depth:10", "depth:1 to depth:9"),
    ("CLIENT_ADDRESS_FROM", "depth:", "depth:1 to depth:9"),
    ("CLIENT_ADDRESS_FROM", "header:X_Real_IP", "header:NAME"),
    ("CLIENT_ADDRESS_FROM", "header:", "header:NAME"),
    ("CLIENT_ADDRESS_FROM", "2", "must be one of"),
    ("DATABASE_URL", "mysql://u@h/d", "must start with postgresql://"),
    ("DATABASE_URL", "sqlite:///db.sqlite3", "must start with postgresql://"),
    ("DATABASE_URL", "postgresql://u@h", "must end with the database's name"),
    ("DATABASE_OWNER_URL", "sqlite:///db", "must start with postgresql://"),
    ("DATABASE_POOL", "many", "must be a whole number"),
    ("DATABASE_POOL", "1", "must be at least 2"),
    ("REDIS_URL", "http://h:6379", "must start with redis:// or rediss://"),
    ("REDIS_URL", "redis:///0", "name a host"),
    ("EMAIL_URL", "https://api.example.com", "must start with smtp+tls:// or smtps://"),
    ("EMAIL_URL", "smtps://", "name a host"),
    ("EMAIL_URL", "smtp://u:p@mail.example.com", "would send passwords in clear"),
    ("EMAIL_URL", "smtps://mail.example.com?ssl=1", "takes nothing after the port"),
    ("DEFAULT_FROM_EMAIL", "Slipway", "must be an address"),
    ("DEFAULT_FROM_EMAIL", "Slipway <hello@>", "must be an address"),
    ("DEFAULT_FROM_EMAIL", "a@b.example\r\nBcc: c@d.example", "must be"),
    ("MAIL_ALLOWLIST", ",", "names nobody"),
    ("MAIL_ALLOWLIST", "*", "neither an address nor a domain"),
    ("MAIL_ALLOWLIST", "*@example.com", "neither an address nor a domain"),
    ("MAIL_ALLOWLIST", "@", "neither an address nor a domain"),
    ("MAIL_ALLOWLIST", "ada@example.com,example.com", "a domain is written @example.com"),
    ("MAIL_ALLOWLIST", "Ada <ada@example.com>", "neither an address nor a domain"),
    ("MAIL_DOMAINS", "*.example.com", "which is no domain"),
    ("MAIL_DOMAINS", "ada@example.com", "which is no domain"),
    ("MAIL_DOMAINS", "example", "which is no domain"),
    ("MAIL_PROVIDER", "pigeon", "must be one of"),
    ("OPERATOR_TOKEN", "short", "at least 32 random characters"),
    ("OPERATOR_TOKEN", "x" * 40, "at least 32 random characters"),
    ("SENTRY_DSN", "https://o1.ingest.example.com/7", "must be the DSN"),
    ("SENTRY_DSN", "http://k@o1.ingest.example.com/7", "must be the DSN"),
    ("SENTRY_DSN", "https://k@o1.ingest.example.com/", "must be the DSN"),
    ("LOG_LEVEL", "info", "must be one of"),
    ("RELEASE_HEADER", "X Release", "must be a header's name"),
    ("RELEASE_HEADER", "X-Release: a", "must be a header's name"),
    ("RELEASE_LOCK_TIMEOUT", "5s", "must be a whole number"),
    ("RELEASE_STATEMENT_TIMEOUT", "0", "at least 1"),
    ("RELEASE_WAIT", "0", "at least 1"),
    ("WEB_CONCURRENCY", "0", "at least 1"),
    ("WEB_CONCURRENCY", "-2", "must be a whole number"),
    ("WEB_CONCURRENCY", "²", "must be a whole number"),
    ("WORKER_CONCURRENCY", "0", "at least 1"),
    ("JOBS_KEPT_DAYS", "0", "at least 1"),
    ("DEAD_JOBS_KEPT_DAYS", "0", "at least 1"),
    ("PORT", "65536", "must be a port"),
]


@pytest.mark.parametrize(("name", "value", "reason"), BAD)
def test_a_bad_value_is_refused_with_a_reason(name: str, value: str, reason: str) -> None:
    said = refusal(**{name: value})
    assert f"  {name} " in said
    assert reason in said


@pytest.mark.parametrize("name", ["development", "test"])
def test_at_home_loopback_may_be_a_trusted_origin_and_no_proxy_is_in_front(name: str) -> None:
    at_home = {**COMPLETE, "DJANGO_SETTINGS_MODULE": f"config.settings.{name}"}
    found = read({**at_home, "TRUSTED_ORIGINS": "http://localhost:5173", "CLIENT_ADDRESS_FROM": ""})
    assert found.TRUSTED_ORIGINS == ["http://localhost:5173"]
    assert str(found.CLIENT_ADDRESS_FROM) == "socket"
    with pytest.raises(BadEnvironment, match="TRUSTED_ORIGINS must start with https://"):
        read({**at_home, "TRUSTED_ORIGINS": "http://www.example.com"})


@pytest.mark.parametrize("name", ["production", "staging"])
def test_where_customers_are_it_has_to_be_said_what_is_in_front(name: str) -> None:
    said = refusal(DJANGO_SETTINGS_MODULE=f"config.settings.{name}", CLIENT_ADDRESS_FROM="")
    assert "CLIENT_ADDRESS_FROM is not set" in said
    assert "Example: CLIENT_ADDRESS_FROM=host" in said


def test_each_parser_has_good_and_bad_values_here() -> None:
    parsed = {one.name for one in fields(Env) if one.metadata["parse"] is not parsers.text}
    tried = {name for name, *_ in BAD}
    assert parsed - tried == {"FILES_ROOT", "DEV_MAIL_DIR"}, "any text is a folder's name"
    good = {one.metadata["parse"] for one in fields(Env) if one.name in {name for name, *_ in GOOD}}
    alike = {parsers.secret, parsers.token}  # read from COMPLETE by every test here
    choices = {one.metadata["parse"] for one in fields(Env) if one.name.startswith("DJANGO_")}
    wanted = {one.metadata["parse"] for one in fields(Env)} - alike - choices - {parsers.text}
    assert wanted <= good


# A password that was not percent-encoded breaks an address in many ways; urllib quotes parts of
# what it could not read, and the boot log is read by more people than the secret is for.
CANARY = "c4n4ry"
BROKEN_ADDRESSES = [
    "SCHEME://user:c4n4ry/x@host.example.com/db",
    "SCHEME://user:c4n4ry#x@host.example.com/db",
    "SCHEME://user:x@host.example.com:c4n4ry/db",
    "SCHEME://user:x@[c4n4ry]/db",
    "SCHEME://user:c4n4ry@ho\u2100st/db",
    "SCHEMEx://user:c4n4ry@host.example.com/db",
    "c4n4ry",
]
BROKEN_WORDS = ["c4n4ry", "c4n4ry" * 20, f"change-c4n4ry-{LONG}"]


@pytest.mark.parametrize(
    ("one", "broken"),
    [
        (one, broken)
        for one in SECRETS
        for broken in (BROKEN_ADDRESSES if "://" in one.metadata["example"] else BROKEN_WORDS)
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_secret_is_never_part_of_the_message(one: Any, broken: str) -> None:
    scheme = one.metadata["example"].partition("://")[0]
    assert CANARY not in refusal(**{one.name: broken.replace("SCHEME", scheme)})


def test_a_secret_is_not_part_of_what_the_environment_prints_of_itself() -> None:
    values = {
        **COMPLETE,
        "SECRET_KEY_FALLBACKS": LONG[::-1],
        "BACKUP_ACCESS_KEY": "k3y-at-the-store",
        "BACKUP_SECRET_KEY": "s3cr3t-of-the-store",
        "MAIL_PROVIDER": "mailgun",
        "MAIL_WEBHOOK_SECRET": LONG[::-1],
        "FILES_URL": "s3://portal-files",
        "FILES_ACCESS_KEY": "k3y-of-the-files",
        "FILES_SECRET_KEY": "s3cr3t-of-the-files",
        "DATABASE_OWNER_URL": "postgresql://owner:0wn3r@db.harbourside.co/harbourside",
    }
    for provider in env.SOCIAL_PROVIDERS:
        values[f"{provider.upper()}_CLIENT_ID"] = f"our-id-at-{provider}"
        values[f"{provider.upper()}_CLIENT_SECRET"] = f"s3cr3t-of-{provider}"
    printed = repr(read(values))
    assert "https://portal.harbourside.co" in printed
    for one in SECRETS:
        assert values[one.name] not in printed
    for password in ("r4nd0m", "0wn3r", "0th3r", "M4il-w0rd"):
        assert password not in printed


def test_a_bucket_for_files_asks_for_a_key() -> None:
    said = refusal(FILES_URL="s3://portal-files")
    assert "FILES_ACCESS_KEY is not set, but FILES_URL is: a bucket asks for a key" in said


@pytest.mark.parametrize("provider", ["GOOGLE", "GITHUB", "MICROSOFT"])
@pytest.mark.parametrize(("there", "missing"), [("ID", "SECRET"), ("SECRET", "ID")])
def test_half_of_a_providers_keys_is_refused_and_the_other_half_named(
    provider: str, there: str, missing: str
) -> None:
    there, missing = f"{provider}_CLIENT_{there}", f"{provider}_CLIENT_{missing}"
    said = refusal(**{there: "c4n4ry"})
    assert f"{missing} is not set, but {there} is: set both or neither" in said
    assert "c4n4ry" not in said


FITTING = {
    "postmark": "reports:a-password-of-thirty-two-characters",
    "brevo": "reports:a-password-of-thirty-two-characters",
    "mailgun": "0123456789abcdef0123456789abcdef",
    "resend": f"whsec_{'MfKQ' * 8}",
    "sendgrid": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 88,
    "ses": "arn:aws:sns:eu-west-1:123456789012:mail-reports",
}


@pytest.mark.parametrize("provider", FITTING)
def test_what_proves_a_report_has_the_form_that_its_provider_gives_it(provider: str) -> None:
    there = {"MAIL_PROVIDER": provider, "MAIL_WEBHOOK_SECRET": FITTING[provider]}
    taken = read({**COMPLETE, **there}).MAIL_WEBHOOK_SECRET
    assert taken == FITTING[provider]
    for other in {*FITTING.values(), "c4n4ry", "user:c4n4ry"}.difference([FITTING[provider]]):
        if provider == "mailgun" and len(other) >= 32:
            continue  # its key has no form of its own
        said = refusal(**{**there, "MAIL_WEBHOOK_SECRET": other})
        assert "MAIL_WEBHOOK_SECRET must be " in said
        assert f", for {provider}" in said
        assert other not in said


def test_what_proves_a_report_is_refused_where_nobody_says_whose_it_is() -> None:
    assert "MAIL_PROVIDER is not set" in refusal(MAIL_WEBHOOK_SECRET=FITTING["mailgun"])


def test_providers_are_offered_by_their_keys() -> None:
    variables = {"GITHUB_CLIENT_ID": "our-id", "GITHUB_CLIENT_SECRET": "s3cr3t"}
    offered = social_providers(read({**COMPLETE, **variables}))
    assert offered["github"]["APP"] == {"client_id": "our-id", "secret": "s3cr3t"}
    assert [*offered] == ["github"]
    assert social_providers(read(COMPLETE)) == {}


def test_the_examples_that_are_secrets_are_refused_as_values() -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "OPERATOR_TOKEN"):
        example = Env.__dataclass_fields__[name].metadata["example"]
        assert name in refusal(**{name: example})


def test_the_examples_that_are_no_secrets_are_good_values() -> None:
    examples = {
        one.name: one.metadata["example"]
        for one in fields(Env)
        if one.name not in {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "OPERATOR_TOKEN"}
    }
    read({**COMPLETE, **examples})


@pytest.mark.parametrize(
    ("variables", "release"),
    [
        ({}, "unknown"),
        ({"HEROKU_SLUG_COMMIT": "h3r0ku"}, "h3r0ku"),
        ({"HEROKU_BUILD_COMMIT": "bu11d", "HEROKU_SLUG_COMMIT": "h3r0ku"}, "bu11d"),
        ({"RENDER_GIT_COMMIT": "r3nd3r"}, "r3nd3r"),
        ({"RELEASE": "mine", "RENDER_GIT_COMMIT": "r3nd3r"}, "mine"),
    ],
)
def test_the_release_is_ours_or_the_platforms(variables: dict[str, str], release: str) -> None:
    assert read({**COMPLETE, "RELEASE": "", **variables}).release == release


class TestEnvFile:
    """The .env file, of a folder that stands in for the project's."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(env, "BASE_DIR", tmp_path)
        for one in fields(Env):
            monkeypatch.delenv(one.name, raising=False)
        lines = [f"{name}='{value}'" for name, value in COMPLETE.items()]
        (tmp_path / ".env").write_text("\n".join(lines) + "\n")
        return tmp_path

    def test_it_is_read(self) -> None:
        assert COMPLETE["SITE_URL"] == env.load().SITE_URL

    def test_the_real_environment_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SITE_URL", "https://real.harbourside.co")
        assert env.load().SITE_URL == "https://real.harbourside.co"
        assert COMPLETE["RELEASE"] == env.load().RELEASE

    def test_it_may_name_the_settings(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert env.settings_module() == "config.settings.production"
        with (project / ".env").open("a") as file:
            file.write("DJANGO_SETTINGS_MODULE=config.settings.development\n")
        assert env.settings_module() == "config.settings.development"
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.staging")
        assert env.settings_module() == "config.settings.staging"

    def test_the_suite_ignores_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.test")
        with pytest.raises(BadEnvironment, match="SITE_URL is not set"):
            env.load()

    def test_another_file_may_be_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "other.env").write_text("RELEASE=other\n")
        monkeypatch.setenv("ENV_FILE", str(tmp_path / "other.env"))
        assert env.from_file() == {"RELEASE": "other"}
        monkeypatch.setenv("ENV_FILE", os.devnull)
        assert env.from_file() == {}

    def test_a_named_file_that_is_not_there_stops_the_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ENV_FILE", str(tmp_path / "mistyped.env"))
        with pytest.raises(
            ImproperlyConfigured, match=r"ENV_FILE: there is no file .*mistyped\.env"
        ):
            env.load()

    def test_a_dollar_sign_in_a_password_stays(self, project: Path) -> None:
        (project / ".env").write_text("SECRET_KEY='a${HOME}b'\n")
        assert env.from_file()["SECRET_KEY"] == "a${HOME}b"

    def test_without_it_production_is_what_runs(self, project: Path) -> None:
        (project / ".env").unlink()
        assert env.from_file() == {}
        assert env.settings_module() == "config.settings.production"


def test_every_variable_says_who_keeps_it_and_where_it_comes_from() -> None:
    for one in fields(Env):
        assert one.metadata["owner"], one.name
        assert one.metadata["source"], one.name


def test_every_secret_and_nothing_else_says_how_it_is_changed() -> None:
    assert {one.name for one in fields(Env) if one.metadata["rotation"]} == {
        one.name for one in SECRETS
    }
