"""How gunicorn serves: a few processes of four threads each, and the project's own log lines."""

from pathlib import Path
from typing import Any

from gunicorn import glogging

from apps.core.logs import configure, logging_config
from config.env import load

ENV = load()
configure(logging_config(level=ENV.LOG_LEVEL, pretty=False, release=ENV.release))


class Logger(glogging.Logger):
    """Hands gunicorn's words to the project's log, which also has a line for each request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


bind = f"0.0.0.0:{ENV.PORT}"
workers = ENV.WEB_CONCURRENCY
worker_class = "gthread"
threads = 4
keepalive = 5
# It ends a worker that hangs as a whole; a thread that hangs is ended by the time-outs of the
# database, Redis and the mail server. Platforms kill 30 seconds after TERM.
timeout = 20
graceful_timeout = 20
# What leaks, leaks for a thousand requests; the jitter keeps the workers from leaving together.
max_requests = 1000
max_requests_jitter = 100
preload_app = True
# A worker's sign of life is a file's time, and a slow disk must not look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (not a temporary file of ours)
control_socket_disable = True
# Nobody's headers set the scheme, the path or the script's name: Django itself reads the one that
# counts, X-Forwarded-Proto, which is the platform's to set.
forwarded_allow_ips = ""
logger_class = Logger
