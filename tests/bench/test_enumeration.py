"""Whether how long an answer takes tells if an address has an account: known and unknown, in turn.

Beside the medians it prints how often a stranger with one look would guess right by the time alone:
the share of pairs in which the known address was slower (0.5 is tossing a coin; statisticians know
it as the area under the ROC curve).
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from apps.accounts.models import User
from tests.conftest import PASSWORD, Browser

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
LOOKS = 100
KNOWN = "ada@example.com"
Ask = Callable[[Browser, str], Any]


def sign_in(browser: Browser, address: str) -> Any:
    return browser.post("/accounts/login/", {"login": address, "password": "not the password"})


def sign_up(browser: Browser, address: str) -> Any:
    fields = {"name": "Ada Lovelace", "email": address, "password1": PASSWORD}
    return browser.post("/accounts/signup/", fields)


def reset(browser: Browser, address: str) -> Any:
    return browser.post("/accounts/password/reset/", {"email": address})


def timed(ask: Ask, address: str) -> float:
    """One request of a stranger, whom no limit has seen before."""
    cache.clear()
    browser = Browser()
    begun = time.perf_counter()
    assert ask(browser, address).status_code in {200, 302}
    return time.perf_counter() - begun


def slower(these: list[float], those: list[float]) -> float:
    """In which share of all pairs one of `these` took longer than one of `those`."""
    return sum(this > that for this in these for that in those) / (len(these) * len(those))


def test_enumeration(make_user: Callable[..., User], capsys: pytest.CaptureFixture[str]) -> None:
    make_user(KNOWN, password=PASSWORD)
    lines = []
    for ask in (sign_in, sign_up, reset):
        times: dict[bool, list[float]] = {True: [], False: []}
        for number in range(-5, LOOKS):
            # Who comes first changes, and the first few are not counted.
            for known in (True, False) if number % 2 else (False, True):
                address = KNOWN if known else f"eve-{number + 5}@example.com"
                took = timed(ask, address)
                if number >= 0:
                    times[known].append(took)
        medians = {known: statistics.median(taken) * 1000 for known, taken in times.items()}
        lines.append(
            f"  {ask.__name__:<10}{medians[True]:8.2f} ms{medians[False]:8.2f} ms"
            f"{medians[True] / medians[False]:8.3f}{slower(times[True], times[False]):8.2f}"
        )
    with capsys.disabled():
        print(f"\nMedian of {LOOKS} requests: known, unknown, ratio, known was slower")
        print("\n".join(lines))
