"""A complete environment for each of the environments, and a process that runs in it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# What a founder's production would be given, but for the servers. No name in it is asked for.
COMPLETE = {
    "SECRET_KEY": "Zq8-vT3kLmN5pRs7wXy9aBcDeFgHiJ2oUuVvQ1zE4rT6yK0lP3sA",
    "SITE_URL": "https://portal.harbourside.co",
    "ALLOWED_HOSTS": "harbourside.onrender.com",
    "CLIENT_ADDRESS_FROM": "render",
    "DATABASE_URL": "postgresql://harbourside_app:r4nd0m@db.harbourside.co/harbourside",
    "REDIS_URL": "rediss://:0th3r@redis.harbourside.co:6379/0",
    "EMAIL_URL": "smtp+tls://postbox:M4il-w0rd@smtp.harbourside.co:587",
    "DEFAULT_FROM_EMAIL": "Harbourside <hello@mail.harbourside.co>",
    "MAIL_ALLOWLIST": "ada@harbourside.co,@qa.harbourside.co",
    "FILES_ROOT": "/var/lib/harbourside/files",
    "OPERATOR_TOKEN": "kP4sD8fG2hJ6kL0qWeRtYuIoP9aS3dF7",
    "SENTRY_DSN": "http://key@127.0.0.1:1/1",
    "RELEASE": "4f2c91a",
    "DEV_MAIL_DIR": "/var/lib/harbourside/mail",
}


def python(
    *arguments: str, variables: Mapping[str, str], timeout: int = 60
) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder with these variables and none of this process's own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=ROOT,
        # A person's own .env is not asked.
        env={**kept, "ENV_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
