"""One import in a process of its own, as a worker does it: prints its seconds and peak memory."""

import json
import sys
import time
from pathlib import Path

import django


def peak_mib() -> float:
    """The most memory that this process ever had resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1024


def main(pk: int) -> None:
    django.setup()
    from apps.jobs.models import Job
    from apps.jobs.registry import discover
    from apps.jobs.runner import attempt

    discover()
    idle, begun = peak_mib(), time.perf_counter()
    attempt(pk)
    seconds = time.perf_counter() - begun
    job = Job.objects.get(pk=pk)
    peak = peak_mib()
    found = {
        "state": job.state,
        "seconds": seconds,
        "peak": peak,
        "more": peak - idle,
        "why": job.traceback,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
