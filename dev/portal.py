"""A whole portal as production runs it, on loopback: the Procfile's own lines behind TLS.

Browser tests, screenshots and measurements use it; it brings a database of its own, a real SMTP
server that keeps what it takes, and a certificate of an authority of its own.
"""

import os
import secrets
import shlex
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from dev.databases import drop
from dev.processes import Processes
from dev.valkey import Valkey, free_port

ROOT = Path(__file__).resolve().parent.parent
# A second name, in a domain that browsers know to speak HTTPS alone; it leads nowhere by itself.
OTHER_NAME = "portal.example.dev"
BOOT_SECONDS = 60
STOP_SECONDS = 30


class Mailbox:
    """What the SMTP server took in, the oldest first."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.arrived = threading.Event()

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=modern)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.arrived.set()
        return "250 Taken"

    def wait_for(self, address: str, subject: str, *, seconds: float = 20) -> EmailMessage:
        """The newest mail to `address` whose subject contains `subject`, once it is there.

        Raises AssertionError if none comes.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.arrived.clear()
            for message in reversed(self.messages):
                if address in message["To"] and subject in message["Subject"]:
                    return message
            self.arrived.wait(0.5)
        raise AssertionError(f"No mail about {subject!r} came for {address}")


class Portal:
    """The processes of the Procfile under production settings, from start to stop."""

    def __init__(
        self,
        *,
        servers: Mapping[str, str],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        root: Path = ROOT,
        settings: str = "production",
    ) -> None:
        """Take the address of PostgreSQL, and a folder for logs, files and keys.

        It has a Redis of its own, or else another portal's worker would hear of its jobs.

        `variables` are what differs from the environment that it makes by itself, `root` is the
        checkout that runs, and `settings` are those of its processes.
        """
        self.servers, self.folder, self.variables = servers, folder, variables or {}
        self.root, self.settings = root, settings
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.mailbox = Mailbox()
        self.smtp = Controller(self.mailbox, hostname="127.0.0.1", port=free_port())
        self.redis = Valkey(home=folder, log=folder / "valkey.log", throwaway=True)
        self.database = f"portal_{secrets.token_hex(4)}"
        self.processes: Processes | None = None
        self.authority = trustme.CA()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_certificate()
        self.smtp.start()
        try:
            self.redis.start()
            with self._owner() as connection:
                connection.execute(f'CREATE DATABASE "{self.database}"'.encode())
            self.fill()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def fill(self) -> None:
        """Make the tables, the static files and the people of a demonstration."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("seed", settings="development")

    def environment(self, settings: str = "production") -> dict[str, str]:
        """The variables of a process under the named settings."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        owner = self.servers.get("DATABASE_OWNER_URL")
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DJANGO_SETTINGS_MODULE": f"config.settings.{settings}",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": secret_key(self.folder),
            "SITE_URL": self.url,
            "CLIENT_ADDRESS_FROM": "socket",
            "DATABASE_URL": with_database(self.servers["DATABASE_URL"], self.database),
            **({"DATABASE_OWNER_URL": with_database(owner, self.database)} if owner else {}),
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp.port}",
            "DEFAULT_FROM_EMAIL": "Slipway <hello@slipway.example>",
            "FILES_ROOT": str(self.folder / "files"),
            "OPERATOR_TOKEN": "operator-token-of-a-loopback-portal",
            "DEV_MAIL_DIR": str(self.folder / "mail"),
            "MAIL_ALLOWLIST": "@slipway.example",
            "RELEASE": "loopback",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            # Without a proxy in front, a connection that a browser opens in advance keeps a thread
            # waiting for its first request, and four would soon be used up.
            "GUNICORN_CMD_ARGS": shlex.join(
                ["--certfile", str(certificate), "--keyfile", str(key), "--threads", "16"]
            ),
            **self.variables,
        }

    def manage(self, *words: str, settings: str = "production") -> str:
        """Run a management command; return what it printed. Raises RuntimeError if it failed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.root,
            env=self.environment(settings),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {shlex.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def stop(self) -> None:
        """End the processes, Redis, the mail server and the database."""
        if self.processes:
            self.processes.stop(STOP_SECONDS)
        self.redis.stop()
        self.smtp.stop()
        with self._owner() as connection:
            drop(connection, self.database)

    def log(self) -> str:
        """What the processes have printed so far, each line under its process's name."""
        return (self.folder / "processes.log").read_text(errors="replace")

    def _start(self) -> None:
        self.processes = Processes(
            self.root / "Procfile",
            env=self.environment(self.settings),
            folder=self.root,
            log=self.folder / "processes.log",
        )
        self.processes.commands.pop("release", None)
        self.processes.start()
        self._wait_until_ready(self.processes)

    def _wait_until_ready(self, processes: Processes) -> None:
        """Ask /readyz until all of it is well. Raises RuntimeError with what a process said."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        end, answer = time.monotonic() + BOOT_SECONDS, "nothing"
        while time.monotonic() < end:
            if name := processes.ended():
                raise RuntimeError(f"{name} ended:\n{processes.obituary(name)}")
            try:
                # The address is our own, on loopback.
                with urllib.request.urlopen(f"{self.url}/readyz", context=context, timeout=5):  # noqa: S310
                    return
            except urllib.error.HTTPError as error:
                answer = error.read().decode(errors="replace")
            except OSError as error:
                answer = str(error)
            time.sleep(0.2)
        raise RuntimeError(f"Not ready after {BOOT_SECONDS} s; /readyz said {answer}")

    def _write_certificate(self) -> None:
        issued = self.authority.issue_cert("localhost", "127.0.0.1", OTHER_NAME)
        issued.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        chain = self.folder / "certificate.pem"
        chain.unlink(missing_ok=True)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(chain), append=True)

    def _owner(self) -> "psycopg.Connection[Any]":
        """A connection of the owner's to the server."""
        url = self.servers.get("DATABASE_OWNER_URL") or self.servers["DATABASE_URL"]
        return psycopg.connect(url, autocommit=True)


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def secret_key(folder: Path) -> str:
    """The portal's own key, made once."""
    kept = folder / "secret_key"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(64))
    return kept.read_text()
