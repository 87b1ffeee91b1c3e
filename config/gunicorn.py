"""How gunicorn serves: as many processes as fit the machine, and the project's own log lines."""

from pathlib import Path
from typing import Any

import structlog
from gunicorn import glogging

from apps.core.logs import configure, logging_config
from config import machine
from config.env import load

ENV = load()
configure(logging_config(level=ENV.LOG_LEVEL, pretty=False, release=ENV.release))


class Logger(glogging.Logger):
    """Hands gunicorn's words to the project's log, which also has a line for each request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


bind = f"unix:{ENV.WEB_SOCKET}" if ENV.WEB_SOCKET else f"0.0.0.0:{ENV.PORT}"
workers = ENV.WEB_CONCURRENCY or machine.processes(machine.this_machine())
worker_class = "gthread"
threads = machine.threads(workers)
# Whoever comes while all threads are busy, or while a worker is replaced, waits here and is not
# refused. The kernel may hold fewer (net.core.somaxconn).
backlog = 2048
keepalive = 5
# It ends a worker that hangs as a whole; a thread that hangs is ended by the time-outs of the
# database, Redis and the mail server.
timeout = 20
# After TERM, what has begun is finished: longer than DATABASE_TIMEOUTS let a statement run, and
# shorter than the 30 seconds after which the platforms kill.
graceful_timeout = 20
# What leaks, leaks for a thousand requests; the jitter keeps the workers from leaving together.
max_requests = 1000
max_requests_jitter = 100
preload_app = True
# A worker's sign of life is a file's time, and a slow disk must not look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (not a temporary file of ours)
control_socket_disable = True
# Nobody's headers set the scheme, the path or the script's name: Django itself reads the ones that
# count, and only if CLIENT_ADDRESS_FROM declares a proxy. The first line alone would not do, since
# to gunicorn every peer on a Unix socket is a proxy to trust; Heroku also sets it to "*" outside.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# X_Forwarded_For would reach Django under the same name as X-Forwarded-For.
header_map = "drop"
logger_class = Logger


def on_starting(server: Any) -> None:
    """Say once, as the web process starts, where it reads a client's address."""
    rule = ENV.CLIENT_ADDRESS_FROM
    structlog.get_logger("slipway.client_address").info(
        "client_address.rule", rule=rule.name, header=rule.header or None, depth=rule.depth or None
    )
