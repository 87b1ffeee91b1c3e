"""Fingerprints of secrets and servers: two environments are compared, and nothing is shown.

A fingerprint is 64 bits of scrypt (RFC 7914), with a random salt that is recorded beside it, so
that nobody reverses it or finds it in a table. A slow hash does not protect what is easily guessed,
so such a value gets none; a server's name is no secret.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from apps.launch.checks.words import is_loopback

SALT = "salt"  # stands among an environment's fingerprints
# What a person makes up has less than this; platforms and generators give more.
LEAST_LENGTH, LEAST_DIFFERENT = 16, 8
PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}


def new_salt() -> str:
    return secrets.token_hex(16)


def fingerprint(value: str, salt: str) -> str:
    """The fingerprint of a value: 16 hex digits after a word that the search for secrets knows.

    It takes some 50 ms on purpose.
    """
    made = hashlib.scrypt(value.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=8)
    return f"scrypt:{made.hex()}"


def fingerprints(given: Mapping[str, str], salt: str) -> dict[str, str]:
    """The fingerprints of an environment, from its variables' texts."""
    secrets = {name: value for name, value in secrets_of(given) if not is_guessable(value)}
    servers = dict(servers_of(given))
    return {name: fingerprint(value, salt) for name, value in {**secrets, **servers}.items()}


def guessable(given: Mapping[str, str]) -> list[str]:
    """The secrets that are too short or too plain to get a fingerprint."""
    return [name for name, value in secrets_of(given) if is_guessable(value)]


def is_guessable(value: str) -> bool:
    return len(value) < LEAST_LENGTH or len(set(value)) < LEAST_DIFFERENT


def secrets_of(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each secret by its variable: keys and tokens whole, of an address its password.

    SENTRY_DSN is left out, since environments may well report to one project.
    """
    for name in ("SECRET_KEY", "OPERATOR_TOKEN"):
        if name in given:
            yield name, given[name]
    formers = [word.strip() for word in given.get("SECRET_KEY_FALLBACKS", "").split(",")]
    for number, former in enumerate(filter(None, formers), start=1):
        yield f"SECRET_KEY_FALLBACKS {number}", former
    for name, value in given.items():
        if name.endswith("_CLIENT_SECRET"):
            yield name, value
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"):
        if password := urlsplit(given.get(name, "")).password:
            yield name, unquote(password)


def servers_of(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each database by host, port and name; what is on this machine is the same on no other."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        url = urlsplit(given.get(name, ""))
        if not is_loopback(url.hostname or ""):
            port = url.port or PORTS.get(url.scheme, 0)
            yield f"{name} server", f"{url.hostname}:{port}/{url.path.strip('/') or '0'}"


def as_toml(environment: str, prints: Mapping[str, str], salt: str) -> str:
    """The table of launch.toml that records an environment."""
    lines = [f"[fingerprints.{environment}]", f'{SALT} = "{salt}"']
    lines += [f'"{name}" = "{each}"' for name, each in sorted(prints.items())]
    return "\n".join(lines)
