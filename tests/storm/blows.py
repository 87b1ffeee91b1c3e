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
import psycopg
from redis import Redis

from tests.storm.machine import AtWork, Machine, Part

# kill -9, by what is killed; thirty in all. The second ends the worker's first process alone, the
# third a pool process, if there is one in the middle of a job.
KILLS = {"worker": 9, "worker's first process": 4, "pool process": 7, "scheduler": 4, "broker": 6}
# A pool process that is stopped in the middle of a job goes on once another has done it.
OTHERS = {"broker flushed": 2, "broker hung": 1, "database crashed": 1, "pool process stopped": 3}
HUNG = 4.0  # seconds
LONGEST_STOP = 30.0
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
        self.overtaken = 0
        self._stopped: dict[int, threading.Thread] = {}

    @property
    def kills(self) -> int:
        return sum(self.struck[what] for what in KILLS)

    def blow(self) -> None:
        """Strike all blows; return once what was stopped goes on."""
        for blow in self.plan:
            self.wait_for(blow.at)
            self.strike(blow.what)
        for thread in [*self._stopped.values()]:
            thread.join()

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
            "pool process": self.kill_a_pool_process,
            "scheduler": self.machine.parts["beat"].kill,
            "broker": self.machine.servers.kill_broker,
            "broker flushed": self.flush,
            "broker hung": self.hang,
            "database crashed": self.machine.servers.cluster.crash,
            "pool process stopped": self.stop_a_pool_process,
        }[what]()
        self.struck[what] += 1

    def a_worker(self) -> Part:
        """One of the workers, but if possible not one whose process is stopped and shall go on."""
        workers = self.machine.workers
        spared = [each for each in workers if not self.has_stopped(each)]
        return self.chance.choice(spared or workers)

    def has_stopped(self, worker: Part) -> bool:
        return any(child.pid in self._stopped for child in worker.children())

    def kill_a_pool_process(self) -> None:
        """One that is in the middle of a job; if there is none in a while, any that there is."""
        busy = [each.process for each in self.busy()]
        while not busy:
            children = [child for worker in self.machine.workers for child in worker.children()]
            busy = [child for child in children if child.pid not in self._stopped]
        with suppress(psutil.NoSuchProcess):
            self.chance.choice(busy).kill()

    def busy(self) -> list[AtWork]:
        """Those that are in the middle of a job, as soon as there are any, within a while."""
        pause, deadline = threading.Event(), time.monotonic() + IMPATIENCE
        while time.monotonic() < deadline:
            found = [one for one in self.machine.at_work() if one.process.pid not in self._stopped]
            if found:
                return found
            pause.wait(LOOK)
        return []

    def stop_a_pool_process(self) -> None:
        """Let one stand still in the middle of a job, until that is done without it."""
        if busy := self.busy():
            chosen = self.chance.choice(busy)
            with suppress(psutil.NoSuchProcess):
                chosen.process.suspend()
            thread = threading.Thread(target=self.let_go_on, args=[chosen], daemon=True)
            self._stopped[chosen.process.pid] = thread
            thread.start()

    def let_go_on(self, chosen: AtWork) -> None:
        pause, deadline = threading.Event(), time.monotonic() + LONGEST_STOP
        overtaken = False
        while not overtaken and time.monotonic() < deadline:
            pause.wait(0.2)
            # The database may be away just now.
            with suppress(psycopg.OperationalError):
                overtaken = self.machine.is_overtaken(chosen)
        self.overtaken += overtaken
        with suppress(psutil.NoSuchProcess):
            chosen.process.resume()
        del self._stopped[chosen.process.pid]

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
