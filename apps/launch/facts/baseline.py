"""Facts of what the journeys cost, and what they cost before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What one journey cost.

    Of a page's journey each request is a sample, of a job's each run from the form to the result.
    `slowest_ms` is the slowest single request, `queries` the most of one (None where the server
    did not tell), `kilobytes` the largest answer. `errors` counts answers that were not the
    expected ones; `ended` says why there are fewer samples than were meant, or "".
    """

    kind: str  # html, api or job
    samples: int
    p50_ms: float
    p95_ms: float
    slowest_ms: float
    errors: int
    queries: int | None
    kilobytes: float
    ended: str = ""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One run of launch_baseline; the journeys by name."""

    measured_at: datetime
    release: str
    concurrency: int
    journeys: Mapping[str, Journey]


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The stored measurement and the one of the release before; None where there is none."""

    current: Measurement | None = None
    previous: Measurement | None = None
