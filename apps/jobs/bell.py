"""How a worker is told that a job waits, without ever holding up whoever asked for it."""

import time

import structlog
from kombu.exceptions import OperationalError
from kombu.pools import producers

log = structlog.get_logger("slipway.jobs")


class Bell:
    """Rings the workers over the broker; while the broker is away it stays silent for a while.

    Sending reads from the broker twice, so its patience is spent twice: 0.2 s at the worst, within
    the 0.3 s that a request may wait for Redis. Without the silence, a request that asks
    for a hundred jobs would wait a hundred times.
    """

    PATIENCE = 0.1  # seconds
    SILENCE = 5.0  # seconds

    def __init__(self) -> None:
        self.silent_until = 0.0

    def ring(self, pk: int) -> bool:
        """Tell the workers of the job with this primary key; False if they could not be told."""
        from apps.jobs.tasks import run

        if time.monotonic() < self.silent_until:
            return False
        timeouts = {"socket_connect_timeout": self.PATIENCE, "socket_timeout": self.PATIENCE}
        connection = run.app.connection(transport_options=timeouts)
        try:
            with producers[connection].acquire(block=True) as producer:
                run.apply_async(args=[pk], producer=producer, ignore_result=True)
        except (OperationalError, OSError) as error:
            self.silent_until = time.monotonic() + self.SILENCE
            log.warning("broker.unreachable", reason=str(error), silent_seconds=self.SILENCE)
            return False
        return True


bell = Bell()
