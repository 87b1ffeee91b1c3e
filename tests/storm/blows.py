"""What hits the machine, and when: at random, and the same again for the same seed.

A blow comes when so many jobs are done, and not at a time: so all of them hit work, on a quick
machine as on a slow one.
"""

import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import psutil
from redis import Redis

from tests.storm.apps import LEASE, PATIENCE
from tests.storm.machine import Machine, Part

# kill -9, by what is killed; thirty in all. The second ends the worker's first process alone, the
# third a pool process, if there is one in the middle of a job.
KILLS = {"worker": 9, "worker's first process": 4, "pool process": 7, "scheduler": 4, "broker": 6}
# A pool process that is stopped and goes on when its lease has run out and another has its job.
OTHERS = {"broker flushed": 2, "broker hung": 1, "database crashed": 1, "pool process stopped": 3}
HUNG = 4.0  # seconds
STOPPED = (LEASE + 2 * PATIENCE).total_seconds()
# When nothing is done for so many seconds, such as with all workers starting, the next one comes.
IMPATIENCE = 6.0
LOOK = 0.05  # seconds between two looks at how many are done


@dataclass(frozen=True)
class Blow:
    """What happens, and how many jobs are done when it does."""

    what: str
    at: int


def planned(seed: int, *, jobs: int) -> list[Blow]:
    """All blows of a storm, in the order and at the moments of a seed."""
    chance = random.Random(seed)
    kinds = [what for what, times in (KILLS | OTHERS).items() for _ in range(times)]
    chance.shuffle(kinds)
    moments = sorted(chance.randrange(int(0.95 * jobs)) for _ in kinds)
    return [Blow(what, at) for what, at in zip(kinds, moments, strict=True)]


class Storm:
    """Strikes a machine by a plan; `struck` counts what was hit, by kind."""

    def __init__(self, machine: Machine, seed: int, *, jobs: int) -> None:
        self.machine = machine
        self.plan = planned(seed, jobs=jobs)
        self.chance = random.Random(seed)
        self.struck: Counter[str] = Counter()
        self._timers: list[threading.Timer] = []

    @property
    def kills(self) -> int:
        return sum(self.struck[what] for what in KILLS)

    def blow(self) -> None:
        """Strike all blows; return once what was stopped goes on."""
        for blow in self.plan:
            self.wait_for(blow.at)
            self.strike(blow.what)
        for timer in self._timers:
            timer.join()

    def wait_for(self, jobs: int) -> None:
        """Return when so many jobs are done, or when nothing more is done for a while."""
        pause, seen, since = threading.Event(), 0, time.monotonic()
        while (done := self.machine.done()) < jobs and time.monotonic() < since + IMPATIENCE:
            if done > seen:
                seen, since = done, time.monotonic()
            pause.wait(LOOK)

    def strike(self, what: str) -> None:
        {
            "worker": lambda: self.a_worker().kill(),
            "worker's first process": lambda: self.a_worker().kill_first(),
            "pool process": lambda: self.kill(self.a_pool_process()),
            "scheduler": self.machine.parts["beat"].kill,
            "broker": self.machine.servers.kill_broker,
            "broker flushed": self.flush,
            "broker hung": self.hang,
            "database crashed": self.machine.servers.cluster.crash,
            "pool process stopped": lambda: self.stop_for_a_while(self.a_pool_process()),
        }[what]()
        self.struck[what] += 1

    def a_worker(self) -> Part:
        return self.chance.choice(self.machine.workers)

    def a_pool_process(self) -> psutil.Process:
        """One that is in the middle of a job; without one within a second, any that there is."""
        deadline = time.monotonic() + 1
        while not (busy := self.machine.at_work()) and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        while not busy:
            busy = [child for worker in self.machine.workers for child in worker.children()]
        return self.chance.choice(busy)

    def kill(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            process.kill()

    def stop_for_a_while(self, process: psutil.Process) -> None:
        """Let a process stand still, and go on when its lease has run out and others were told."""
        with suppress(psutil.NoSuchProcess):
            process.suspend()
        timer = threading.Timer(STOPPED, self.let_go_on, [process])
        self._timers.append(timer)
        timer.start()

    def let_go_on(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            process.resume()

    def flush(self) -> None:
        with Redis.from_url(self.machine.servers.valkey.url) as client:
            client.flushall()

    def hang(self) -> None:
        """Let the broker take connections and answer nothing for a while."""
        broker = self.machine.servers.valkey.process
        assert broker
        broker.send_signal(signal.SIGSTOP)
        threading.Event().wait(HUNG)
        broker.send_signal(signal.SIGCONT)
