"""How a worker is told that a job waits, without ever holding up whoever asked for it."""

from typing import Any

import structlog
from kombu.exceptions import OperationalError
from kombu.pools import producers

from apps.core.cache import breaker_of

PATIENCE = 0.1  # seconds
log = structlog.get_logger("slipway.jobs")


def hurried(app: Any) -> Any:
    """The pool of those who send for `app` and give up soon.

    Sending reads from the broker twice, so its patience is spent twice: 0.2 s at the worst, within
    the 0.3 s that a request may wait for Redis.
    """
    timeouts = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
    return producers[app.connection(transport_options=timeouts)]


class Bell:
    """Rings the workers over the broker; while Redis is away it stays silent for a while.

    Whether Redis is away it shares with the cache (apps/core/cache.py), which is on the same
    server: so a request that uses both, or asks for a hundred jobs, waits once.
    """

    def ring(self, pk: int) -> bool:
        """Tell the workers of the job with this primary key; False if they could not be told."""
        from apps.jobs.tasks import run

        breaker = breaker_of(run.app.conf.broker_url)
        turn = breaker.turn()
        if turn is None:
            return False
        try:
            with hurried(run.app).acquire(block=True) as producer:
                run.apply_async(args=[pk], producer=producer, ignore_result=True)
        except (OperationalError, OSError) as error:
            breaker.failed(error)
            log.warning("broker.unreachable", reason=str(error), silent_seconds=breaker.PAUSE)
            return False
        breaker.answered(turn)
        return True


bell = Bell()
