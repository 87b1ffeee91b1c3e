"""How large the machine is, and so how many processes serve and work on it."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MIB = 1024**2
PER_PROCESS = 256 * MIB
MOST = 12
THREADS = 4


@dataclass(frozen=True)
class Machine:
    """What a process may use of it: memory in bytes, and CPUs, of which there may be half a one."""

    memory: int
    cpus: float


def processes(machine: Machine) -> int:
    """How many processes of web, or of the worker, fit: the least of three, and at least one.

    - One for each 256 MiB: docs/benchmarks.md has what one takes, and Heroku reckons the same.
    - One for each CPU and one more, which works while another waits or is replaced. Python runs one
      thread at a time in each, so that more of them than that only wait for each other.
    - Twelve: each of web's has four threads with a connection to the database each, and PostgreSQL
      takes a hundred by default. Whoever has more sets WEB_CONCURRENCY, and DATABASE_POOL.

    So 512 MiB get two, whatever the CPUs, and two cores with 4 GiB get three. Web has four threads
    in each, and eight where there is one process alone, or else four slow visitors were the limit.
    """
    return max(1, min(machine.memory // PER_PROCESS, math.ceil(machine.cpus) + 1, MOST))


def threads(processes: int) -> int:
    """How many requests one of so many web processes answers at a time."""
    return THREADS if processes > 1 else 2 * THREADS


def this_machine(root: Path = Path("/")) -> Machine:
    """The machine, or what the container that this runs in may use of it.

    `root` is where /proc and /sys are. Linux alone says what a container may use (cgroups, version
    2, and version 1 as on Heroku); elsewhere it is the whole machine.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    may_use = getattr(os, "sched_getaffinity", None)
    cpus = float(len(may_use(0)) if may_use else os.cpu_count() or 1)
    return Machine(min([memory, *memory_limits(root)]), min([cpus, *cpu_limits(root)]))


def memory_limits(root: Path) -> Iterator[int]:
    """Each limit on memory that holds here; where there is none, a file says "max" or the like."""
    for folder in groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            if found := numbers(folder / name):
                yield found[0]


def cpu_limits(root: Path) -> Iterator[float]:
    """Each limit on CPUs that holds here: how much of a period may be used."""
    for folder in groups(root, "cpu"):
        found = numbers(folder / "cpu.max")
        found = found or [
            *numbers(folder / "cpu.cfs_quota_us"),
            *numbers(folder / "cpu.cfs_period_us"),
        ]
        if len(found) == 2:
            yield found[0] / found[1]


def groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups that this process is in, the outer ones too."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    top = root / "sys/fs/cgroup"
    for line in [*lines, "0::/"]:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        inner = PurePosixPath(path.lstrip("/"))
        for each in (inner, *inner.parents):
            yield (top / controllers / each) if controllers else (top / each)
    yield top / controller


def numbers(path: Path) -> list[int]:
    """The positive numbers in a file; none if it is not there or says anything else."""
    try:
        words = path.read_text().split()
    except OSError:
        return []
    return [int(word) for word in words] if all(map(str.isdigit, words)) else []
