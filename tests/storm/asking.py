"""Who asks for jobs and mail while the storm blows: by HTTP, and again until it is granted."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psycopg
import urllib3
from urllib3.exceptions import HTTPError

from tests.storm.machine import Machine
from tests.storm.measuring import WAITED, WAITED_IN_ALL
from tests.world.crowd import Person

JOBS, MAILS, JOBS_OF_A_REQUEST = 2000, 200, 4
LONG = 80  # of the jobs
POISONS = ("raises", "kills")  # one of each for each workspace
ASKERS = 4
AGAIN_AFTER = 0.3  # seconds
# Whoever asks stays so many jobs ahead of those that are done, so that asking lasts as long as the
# storm; after so many seconds it asks, whatever is done.
AHEAD, AT_MOST = 250, 2.0
HOST = "testserver"
SESSION, CSRF = "__Host-session", "__Host-csrf"


@dataclass(frozen=True)
class Wish:
    """What a request asks for."""

    person: Person
    path: str
    form: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What a request got: its status, or 0 for none, and how many seconds it took.

    `waited` is what of it the broker took, and `waited_in_all` the same with the time for which the
    machine gave the thread no processor.
    """

    status: int
    took: float
    waited: float = 0.0
    waited_in_all: float = 0.0


@dataclass
class Asked:
    """What was granted, and every answer on the way there."""

    kinds: dict[int, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def wishes(people: list[Person], seed: int) -> list[Wish]:
    """All that is asked for, spread over the workspaces and shuffled."""
    chance = random.Random(seed)
    kinds = ["long"] * LONG + [*POISONS] * len(people)
    kinds += ["short"] * (JOBS - len(kinds))
    chance.shuffle(kinds)
    words = [f"{number}:{kind}" for number, kind in enumerate(kinds)]
    batches = [words[at : at + JOBS_OF_A_REQUEST] for at in range(0, JOBS, JOBS_OF_A_REQUEST)]
    found = [
        Wish(people[turn % len(people)], "jobs", {"jobs": " ".join(batch)})
        for turn, batch in enumerate(batches)
    ]
    found += [
        Wish(people[turn % len(people)], "mail", {"to": f"reader-{turn}@example.com"})
        for turn in range(MAILS)
    ]
    chance.shuffle(found)
    return sorted(found, key=is_harmless)  # all the attempts of the others take a while


def is_harmless(wish: Wish) -> bool:
    return not any(poison in wish.form.get("jobs", "") for poison in POISONS)


class Askers:
    """Threads that ask for everything, little by little."""

    def __init__(self, machine: Machine, seed: int) -> None:
        self.machine = machine
        self.url = f"http://127.0.0.1:{machine.web_port}"
        self.asked = Asked()
        self._left: Iterator[Wish] = iter(wishes(machine.people, seed))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(ASKERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait until everything is granted. Raises AssertionError if it is not."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), f"Not all was granted: {self.asked.answers[-5:]}"

    def _ask(self) -> None:
        pause = threading.Event()
        with urllib3.PoolManager() as pool:
            while True:
                with self._lock:
                    wish = next(self._left, None)
                if wish is None:
                    return
                self._wait_for_the_others()
                while not self._is_granted(pool, wish):
                    pause.wait(AGAIN_AFTER)

    def _wait_for_the_others(self) -> None:
        """Return once not too much is asked for that is not done."""
        pause, deadline = threading.Event(), time.monotonic() + AT_MOST
        while time.monotonic() < deadline:
            # The database may be away just now.
            with suppress(psycopg.OperationalError):
                if len(self.asked.kinds) < self.machine.done() + AHEAD:
                    return
            pause.wait(0.2)

    def _is_granted(self, pool: urllib3.PoolManager, wish: Wish) -> bool:
        """Ask once; note the answer, and what it grants."""
        begun = time.perf_counter()
        try:
            response = pool.request(
                "POST",
                f"{self.url}/t/{wish.person.slug}/storm/{wish.path}/",
                body=urlencode({"csrfmiddlewaretoken": wish.person.csrf, **wish.form}),
                headers=headers_of(wish.person),
                retries=False,
                timeout=30,
            )
        except HTTPError:
            answer = Answer(0, time.perf_counter() - begun)
        else:
            answer = Answer(
                response.status,
                time.perf_counter() - begun,
                float(response.headers.get(WAITED, 0)),
                float(response.headers.get(WAITED_IN_ALL, 0)),
            )
        with self._lock:
            self.asked.answers.append(answer)
            if answer.status == 201:
                self._note(wish)
        return answer.status == 201

    def _note(self, wish: Wish) -> None:
        if wish.path == "mail":
            self.asked.addresses.append(wish.form["to"])
        for word in wish.form.get("jobs", "").split():
            number, kind = word.split(":")
            self.asked.kinds[int(number)] = kind


def headers_of(person: Person) -> dict[str, str]:
    """The headers of a signed-in person's browser, as the proxy before the product passes them."""
    return {
        "Host": HOST,
        "Origin": f"https://{HOST}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.7",
        "Cookie": f"{SESSION}={person.session}; {CSRF}={person.csrf}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
