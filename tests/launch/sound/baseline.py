"""The measurements of a launch that has nothing wrong."""

from dataclasses import replace
from datetime import timedelta

from apps.launch.facts.baseline import Baseline, Journey, Measurement
from apps.launch.journeys import JOURNEYS
from tests.launch.sound.plan import NOW

PAGE = Journey(
    kind="html",
    samples=80,
    p50_ms=90.0,
    p95_ms=210.0,
    slowest_ms=260.0,
    errors=0,
    queries=12,
    kilobytes=30.0,
)
JOB = replace(PAGE, kind="job", samples=3, p50_ms=1500.0, p95_ms=2100.0)
CURRENT = Measurement(
    measured_at=NOW - timedelta(days=3),
    release="4f2c91a",
    concurrency=8,
    journeys={one.name: JOB if one.kind == "job" else PAGE for one in JOURNEYS},
)
BEFORE = replace(CURRENT, measured_at=NOW - timedelta(days=30), release="90ab12c")
BASELINE = Baseline(current=CURRENT, previous=BEFORE)
