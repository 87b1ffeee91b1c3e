"""Measures the journeys: lets a crowd walk each in turn, and sums up what it cost."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import ceil
from statistics import median_high
from time import monotonic
from urllib.parse import urlsplit

from apps.launch.facts.baseline import Journey
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.baseline import UNKNOWN
from apps.launch.harmless import harmless
from apps.launch.journeys import (
    JOURNEYS,
    LEFT_BEHIND,
    RECORD,
    REMOVAL,
    SIGN_OUT,
    Walk,
    opening,
    sending,
)
from apps.launch.pages import Page
from apps.launch.probes.walker import Astray, Limited, Trip, Walker

HOME = "/t/{slug}/"
SECOND_STEP = ("/2fa/", "/two-step/")
UNCONFIRMED = "/confirm-email/"
SHELVES = 100  # pages of made-up records that are looked through to delete them


class NotLetIn(Exception):
    """The product is not there, or does not let its measurer in; the words say what to do."""


Say = Callable[[str], None]  # hears how far it is


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much is measured: each journey `samples` times, but no longer than `seconds`."""

    samples: int
    seconds: float

    def of(self, walk: Walk) -> int:
        """How often a journey is walked."""
        return min(self.samples, walk.most or self.samples)


def release(walker: Walker) -> str:
    """Which release answers there. Raises NotLetIn where none does."""
    try:
        walker.take((opening("/healthz"),), walker.words, Trip())
        told = json.loads(walker.last.body if walker.last else "")
    except (Astray, Unasked, Limited) as error:
        raise NotLetIn(f"The product is not there: {error}.") from None
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("status") != "ok":
        raise NotLetIn("The product is not there: what answers at /healthz is something else.")
    return harmless(str(told.get("release", UNKNOWN)), 80)


def enter(walker: Walker) -> None:
    """Sign in and open the workspace. Raises NotLetIn."""
    sign_in = next(walk for walk in JOURNEYS if walk.enters)
    trip = walker.walk(sign_in, 0)
    landed = walker.last.leads_to if walker.last else ""
    if trip.limited:
        raise NotLetIn(f"The product takes no more sign-ins for now: {trip.limited}.")
    if trip.wrong and walker.last and walker.last.status == 200:
        raise NotLetIn("The product does not take this e-mail address with this password.")
    if trip.wrong:
        raise NotLetIn(f"The sign-in did not go well: {trip.wrong}.")
    path = urlsplit(landed).path
    if any(part in path for part in SECOND_STEP):
        raise NotLetIn(f"{TWO_STEPS} this account has it switched on.")
    if UNCONFIRMED in path:
        raise NotLetIn("The account's e-mail address is not confirmed: sign in by hand once.")
    look_around(walker)


TWO_STEPS = "launch_baseline has no second step to show, and"


def look_around(walker: Walker) -> None:
    """Open the workspace. Raises NotLetIn."""
    walk = Walk(name="", steps=(opening(HOME),))
    if not (wrong := walker.walk(walk, 0).wrong):
        return
    answer = walker.last
    if answer and answer.status == 404:
        slug = harmless(walker.words["slug"], 80)
        raise NotLetIn(f"There is no workspace {slug} that this account is a member of.")
    if answer and any(part in answer.leads_to for part in SECOND_STEP):
        raise NotLetIn(f"{TWO_STEPS} the workspace wants it of everybody.")
    raise NotLetIn(f"The workspace did not open: {wrong}.")


def measure(crowd: Sequence[Walker], amount: Amount, say: Say) -> dict[str, Journey]:
    """Let them all walk each journey; return what it cost, by name."""
    numbers, costs = count(1), {}
    for walk in JOURNEYS:
        if not walk.most:
            # A page that nobody has asked for yet costs each process once what no later one does.
            together(crowd, walk, deque(next(numbers) for _ in crowd), amount)
        todo = deque(next(numbers) for _ in range(amount.of(walk)))
        say(f"{walk.name}, {len(todo)} times")
        costs[walk.name] = summed(walk, together(crowd, walk, todo, amount))
    return costs


def together(crowd: Sequence[Walker], walk: Walk, todo: "deque[int]", amount: Amount) -> list[Trip]:
    """Walk one journey until nothing is left to do, time is up, or a limit is met."""
    end = monotonic() + amount.seconds
    stop = crowd[0].stop

    def work(walker: Walker) -> list[Trip]:
        trips: list[Trip] = []
        while todo and monotonic() < end and not stop.is_set():
            try:
                number = todo.popleft()
            except IndexError:  # somebody else was quicker
                break
            trips.append(walker.walk(walk, number))
            if trips[-1].limited:
                todo.clear()
        return trips

    with ThreadPoolExecutor(len(crowd)) as threads:
        try:
            return [trip for trips in list(threads.map(work, crowd)) for trip in trips]
        except KeyboardInterrupt:
            stop.set()  # or else leaving the block would wait for all of it
            raise


def summed(walk: Walk, trips: Iterable[Trip]) -> Journey:
    """What a journey cost, by those who walked it whole; the slowest request is of all."""
    trips = list(trips)
    whole = [trip for trip in trips if not (trip.wrong or trip.limited)]
    costs = [cost for trip in whole for cost in trip.costs]
    times = sorted([trip.ms for trip in whole] if walk.kind == "job" else [one.ms for one in costs])
    told = [one.queries for one in costs if one.queries is not None]
    broken = [trip.wrong or trip.limited for trip in trips if trip.wrong or trip.limited]
    return Journey(
        kind=walk.kind,
        samples=len(times),
        # Of a form and its sending, one each, the higher of the two in the middle is a sending.
        p50_ms=round(median_high(times), 1) if times else 0.0,
        p95_ms=percentile(times, 0.95),
        slowest_ms=round(max((one.ms for trip in trips for one in trip.costs), default=0.0), 1),
        errors=sum(bool(trip.wrong) for trip in trips),
        queries=max(told, default=None),
        kilobytes=round(max((one.bytes for one in costs), default=0) / 1000, 1),
        ended=harmless(broken[0], 300) if broken else "",
    )


def percentile(times: Sequence[float], part: float) -> float:
    """The nearest rank: the smallest of the sorted times that `part` of them do not exceed."""
    return round(times[ceil(part * len(times)) - 1], 1) if times else 0.0


def leave(host: Walker, crowd: Sequence[Walker]) -> str:
    """Delete the made-up records and sign out; return why some of it stays, or ""."""
    problems = []
    for tidy in (partial(delete_records, host), partial(sign_out, [host, *crowd])):
        try:
            tidy()
        except (Astray, Unasked, Limited) as error:
            problems.append(harmless(str(error), 300))
    return "; ".join(problems)


def delete_records(walker: Walker) -> None:
    """Delete all that bears the mark. Raises Astray, Unasked and Limited."""
    walker.visitor.cookies = walker.session
    is_record = re.compile(RECORD.format_map(walker.words)).fullmatch
    for _ in range(SHELVES):
        walker.take((opening(LEFT_BEHIND),), walker.words, Trip())
        assert walker.last
        paths = [urlsplit(link).path for link in Page(walker.last.url, walker.last.body).links]
        if not (records := {path for path in paths if is_record(path)}):
            return
        for path in records:
            removal = f"{path}{REMOVAL}"
            walker.take((opening(removal), sending(removal)), walker.words, Trip())


def sign_out(crowd: Sequence[Walker]) -> None:
    """End each session that was begun. Raises Astray, Unasked and Limited."""
    for session in [session for walker in crowd for session in walker.begun]:
        crowd[0].visitor.cookies = session
        crowd[0].take((opening(SIGN_OUT), sending(SIGN_OUT)), crowd[0].words, Trip())
