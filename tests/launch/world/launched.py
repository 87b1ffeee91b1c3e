"""Harbourside, launched: its portal behind its edge, its names, its mail provider, its Sentry."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

from redis import Redis

from dev.portal import Portal
from dev.valkey import free_port
from tests.launch.world.fork import Fork
from tests.launch.world.zones import NAMES, zones
from tests.world.nameserver import NameServer
from tests.world.nginx import Nginx
from tests.world.relay import Relay
from tests.world.sentry import Receiver
from tests.world.tls import Authority, Issued

CANONICAL, ALIASES, STATUS = NAMES[0], NAMES[1:4], NAMES[4]
SMTP = "smtp.harbourside.co"
MAIL_PASSWORD = "M4il-w0rd"
HERE = Path(__file__).parent
LONGEST = 60  # seconds that a run may take before it counts as hung


class Known(Enum):
    """What launch_check is not to ask again, since the sound launch has told it."""

    NOTHING = auto()
    NETWORK = auto()
    HERE = auto()  # what is not asked over the network
    BUT_PAGES = auto()  # all but certificates, pages and the mail server
    BUT_NAMES = auto()  # all that does not rest on what name servers answer
    BUT_FILES = auto()  # all that rests neither on that nor on files that are no code


@dataclass(frozen=True)
class Run:
    """One run of launch_check: how it ended and what it printed."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        """What --json printed. Raises AssertionError with standard error if it is no JSON."""
        try:
            report: dict[str, Any] = json.loads(self.out)
        except ValueError:
            raise AssertionError(f"exit {self.code}\n{self.out}\n{self.err}") from None
        return report

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What does not pass and is not accepted, ranked."""
        return [
            found
            for found in self.report["findings"]
            if found["status"] != "pass" and not found["accepted"]
        ]

    @property
    def words(self) -> str:
        """The findings in a line each, for whoever reads why a test failed."""
        return "\n".join(
            f"{found['id']} {found['tier']} {found['status']}: {found['evidence']}"
            for found in self.findings
        )


class Launched(Portal):
    """The portal of the fork: nobody's data in it, an edge in front that has the certificate."""

    def __init__(self, *, variables: Mapping[str, str], **others: Any) -> None:
        super().__init__(variables=variables, **others)
        self.url = f"http://127.0.0.1:{self.port}"

    def fill(self) -> None:
        """Make tables and static files, both at once."""
        self.environment()  # makes the key, which they share
        with ThreadPoolExecutor(2) as together:
            for done in [
                together.submit(self.manage, "migrate", "--verbosity", "0"),
                together.submit(self.manage, "collectstatic", "--noinput", "--verbosity", "0"),
            ]:
                done.result()

    def environment(self, settings: str = "production") -> dict[str, str]:
        return {
            **super().environment(settings),
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{self.port} --threads 8",
            **self.variables,
            **(self.of_staging if settings == "staging" else {}),
        }

    @cached_property
    def of_staging(self) -> dict[str, str]:
        """What is staging's own; nobody starts it."""
        password = secrets.token_urlsafe(24)
        return {
            "SITE_URL": "https://staging.harbourside.co",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "OPERATOR_TOKEN": secrets.token_urlsafe(32),
            "DATABASE_URL": f"postgresql://app:{password}@db.staging.harbourside.co/portal",
            "DATABASE_OWNER_URL": f"postgresql://o:{password}@db.staging.harbourside.co/portal",
            "REDIS_URL": f"rediss://:{secrets.token_urlsafe(24)}@redis.staging.harbourside.co/0",
        }


class World:
    """All of it, inside a `with` block."""

    def __init__(self, *, servers: Mapping[str, str], folder: Path) -> None:
        """Take the address of PostgreSQL, and a folder for everything."""
        self.folder = folder
        self.fork = Fork(folder / "harbourside")
        # Whom its CAA records allow.
        self.authority = Authority("Let's Encrypt")
        self.ca = self.authority.write(folder / "ca.pem")
        self.sentry = Receiver()
        self.dns = NameServer(zones())
        self.relay = Relay(
            context=self.authority.issue(SMTP).context(),
            user="harbourside",
            password=MAIL_PASSWORD,
        )
        self.portal = Launched(
            servers=servers,
            folder=folder / "portal",
            root=self.fork.folder,
            variables={
                "SITE_URL": f"https://{CANONICAL}",
                "ALLOWED_HOSTS": ",".join(NAMES[1:4]),
                "CLIENT_ADDRESS_FROM": "host",
                "DEFAULT_FROM_EMAIL": "Harbourside <hello@mail.harbourside.co>",
                "OPERATOR_TOKEN": "kP4sD8fG2hJ6kL0qWeRtYuIoP9aS3dF7",
                "SENTRY_DSN": self.sentry.dsn,
            },
        )
        self.http, self.https = free_port(), free_port()
        self.edge = Nginx("", folder=folder / "edge", port=self.https)
        self.changed: dict[str, str] = {}
        self.network = folder / "network"  # what it told before anything was broken
        self.pages = folder / "pages"  # of that, certificates and pages, and who was asked
        self.texts = folder / "texts"  # what was found in each text that was searched for secrets
        self._warm: dict[bool, subprocess.Popen[str]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.fork.make()
            stack.enter_context(self.sentry)
            stack.enter_context(self.dns)
            self.relay.start()
            stack.callback(self.relay.stop)
            stack.enter_context(self.portal)
            self.note_staging()
            self.portal.manage("handover")
            self.fork.commit("Note what staging is, and hand over")
            self.edge.folder.mkdir()
            self.show_certificate(self.authority.issue(*NAMES))
            self.edge.configuration = self.configuration()
            stack.enter_context(self.edge)
            self.check(known=Known.HERE)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cool()
        self._stack.close()

    def note_staging(self, **given: str) -> None:
        """Let staging tell its fingerprints; what is given is not its own."""
        own = self.portal.of_staging
        self.portal.of_staging = {**own, **given}
        self.fork.note_staging(self.portal.manage("fingerprints", settings="staging"))
        self.portal.of_staging = own

    def configuration(self) -> str:
        """nginx.conf with this world's ports and names."""
        text = (HERE / "nginx.conf").read_text()
        words = {
            "FOLDER": self.edge.folder,
            "HTTP": self.http,
            "HTTPS": self.https,
            "WEB": self.portal.port,
            "NAMES": " ".join(NAMES),
            "CANONICAL": CANONICAL,
            "ALIASES": " ".join(ALIASES),
            "STATUS": STATUS,
        }
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        return text

    def show_certificate(self, issued: Issued) -> None:
        """Write the certificate that the edge shows from its next start on."""
        self.certificate = issued
        (self.edge.folder / "certificate.pem").write_bytes(issued.pem())

    def variables(self) -> dict[str, str]:
        """The environment in which a founder runs launch_check here."""
        return {
            **self.portal.environment(),
            "EMAIL_URL": f"smtp+tls://{self.relay.user}:{self.relay.password}@{SMTP}:587",
            **self.changed,
        }

    def live(self, **others: int) -> list[str]:
        """The arguments that lead launch_check to this world, or to `others` by these ports."""
        own = {
            "dns": self.dns.address[1],
            "http": self.http,
            "https": self.https,
            "smtp": self.relay.port,
        }
        to = {**own, **others}
        return [
            *("--live", f"https://{CANONICAL}"),
            *("--dns", f"127.0.0.1:{to['dns']}"),
            *("--connect-to", f":443:127.0.0.1:{to['https']}"),
            *("--connect-to", f":80:127.0.0.1:{to['http']}"),
            *("--connect-to", f"{SMTP}:587:127.0.0.1:{to['smtp']}"),
            *("--ca-file", str(self.ca)),
        ]

    def check(self, *arguments: str, known: Known = Known.NOTHING) -> Run:
        """Run launch_check on the fork, in a process that has its libraries already.

        What is `known` of the sound launch is not asked again.
        """
        self.forget_limits()
        out, err = self.folder / "out", self.folder / "err"
        here = known not in {Known.NOTHING, Known.NETWORK}
        begins = here and not self.network.exists()
        files = {
            ("keep_network", self.network): begins,
            ("keep_pages", self.pages): begins,
            ("keep_texts", self.texts): begins,
            ("know_network", self.network): known is Known.NETWORK,
            ("know_texts", self.texts): known is Known.NETWORK,
            ("know_names", self.network): known is Known.BUT_PAGES,
            ("know_pages", self.pages): known in {Known.BUT_NAMES, Known.BUT_FILES},
            ("ask_files", self.fork.folder): known is Known.BUT_FILES,
        }
        request = {
            "arguments": ["launch_check", *(arguments or ["--json", *self.live()])],
            "variables": self.variables(),
            "out": str(out),
            "err": str(err),
            "before": [[what, str(file)] for (what, file), wanted in files.items() if wanted],
        }
        done = json.loads(self._ask(json.dumps(request), here=here))
        return Run(done["code"], out.read_text(), err.read_text(), done["seconds"])

    def fresh_check(self, *arguments: str) -> Run:
        """The same as a founder's shell does it: a process of its own, from nothing."""
        self.forget_limits()
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "manage.py", "launch_check", *(arguments or self.live())],
            cwd=self.fork.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def forget_limits(self) -> None:
        """Let it be as if nobody had tried anything lately: each run tries until it is refused."""
        with Redis.from_url(self.portal.redis.url) as redis:
            if tried := list(redis.scan_iter("slipway:*:rl:*")):
                redis.delete(*tried)

    def _ask(self, line: str, *, here: bool) -> str:
        if here not in self._warm:
            self._warm[here] = warm = subprocess.Popen(
                [sys.executable, str(HERE / "warm.py"), *(["here"] if here else [])],
                cwd=self.fork.folder,
                env=self.variables(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert warm.stdout
            assert warm.stdout.readline() == "ready\n"
        warm = self._warm[here]
        assert warm.stdin
        assert warm.stdout
        hung = Timer(LONGEST, warm.terminate)
        hung.start()
        print(line, file=warm.stdin, flush=True)
        answer = warm.stdout.readline()
        hung.cancel()
        return answer

    def _cool(self) -> None:
        for warm in self._warm.values():
            warm.communicate()
        self._warm.clear()
