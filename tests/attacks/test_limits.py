"""Attacks on the limits: forged and rotating addresses, spellings, bursts, a Redis that dies."""

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.test import override_settings

from apps.core.identity import key_of, plain
from apps.core.limits import LIMITS, By
from dev.portal import Portal
from tests.attacks.visitor import PASSWORD, REFUSED, Visitor, addresses

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("attacks")]

HOUR = 3600
WRONG = "not the password"
PROCESSES = 2  # of gunicorn, as dev/portal.py starts it


def times(route: str, by: By) -> int:
    """How often an hour's limit of the table lets a route be tried."""
    (rate,) = {one.rate for one in LIMITS[route] if one.by is by and one.rate.endswith("/h")}
    return int(rate.removesuffix("/h"))


def sign_up(visitor: Visitor, number: int) -> int:
    """Try to sign up with an address of its own; return the status."""
    form = {"name": "Mallory", "email": f"mallory-{visitor.address}-{number}@example.com"}
    return visitor.post(
        "/accounts/signup/", {**form, "password1": "a-long-enough-secret"}
    ).status_code


def all_at_once(tries: Iterable[Callable[[], int]]) -> Counter[int]:
    """Do all of it on eight threads; count the answers by status."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(lambda one: one(), tries))


def has_room(value: str) -> bool:
    """Whether the hour in which a value is counted goes on for longer than an attack takes.

    django-ratelimit's hours begin at another second for each value, by its checksum.
    """
    return (zlib.crc32(value.encode()) - time.time()) % HOUR > 300


def quiet_address() -> str:
    """An address that nobody else has, and whose hour does not end while it is attacked from."""
    return next(address for address in addresses if has_room(address))


def account_key(portal: Portal, email: str) -> str:
    """Under what strangers' attempts on an account are counted."""
    with override_settings(SECRET_KEY=portal.environment()["SECRET_KEY"]):
        return f"{key_of(plain(email))} strangers"


def test_forged_addresses_are_no_way_round_the_limit(visitor: Callable[..., Visitor]) -> None:
    """The client claims another address each time, in each place that has ever been believed."""
    mallory = visitor(quiet_address())
    allowed = times("account_signup", By.ADDRESS)

    def attempt(number: int) -> int:
        forged = f"203.0.113.{number}"
        one = Visitor(mallory.portal, mallory.address, forged=forged)
        one.session.headers.update(
            {
                "X-Real-IP": forged,
                "CF-Connecting-IP": forged,
                "True-Client-IP": forged,
                "Forwarded": f"for={forged}",
                "X-Client-IP": forged,
            }
        )
        return sign_up(one, number)

    answers = all_at_once(lambda n=n: attempt(n) for n in range(3 * allowed))
    assert answers[REFUSED] == 2 * allowed
    assert answers[302] == allowed


def test_a_burst_lets_through_what_the_limit_says_and_not_one_more(
    visitor: Callable[..., Visitor],
) -> None:
    mallory = visitor(quiet_address())
    allowed, start = times("account_signup", By.ADDRESS), threading.Barrier(8)

    def attempt(number: int) -> int:
        one = Visitor(mallory.portal, mallory.address)
        one.get("/accounts/signup/")
        start.wait(60)  # so that the requests themselves come together
        return sign_up(one, number)

    answers = all_at_once(lambda n=n: attempt(n) for n in range(5 * 8))
    assert answers == {302: allowed, REFUSED: 40 - allowed}


def test_no_spelling_of_an_address_is_another_account(
    target: Portal, visitor: Callable[..., Visitor]
) -> None:
    names = (f"lena-{number}@slipway.example" for number in count())
    email = next(name for name in names if has_room(account_key(target, name)))
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in email.partition("@")[0])
    spellings = [
        email,
        email.upper(),
        f" {email} ",
        email.title(),
        f"{full_width}@slipway.example",
        f"{email}\u200b",
    ]
    allowed = times("account_reset_password", By.ACCOUNT)
    answers = Counter(
        visitor().post("/accounts/password/reset/", {"email": spelling}).status_code
        for spelling in spellings
    )
    assert answers[REFUSED] == len(spellings) - allowed


def test_rotating_addresses_do_not_open_an_account_nor_shut_its_owner_out(
    target: Portal,
    visitor: Callable[..., Visitor],
) -> None:
    """Guesses from ever new addresses end at the account's own limit; its owner does not notice."""
    people = [f"{name}@slipway.example" for name in ("jun", "lena", "mateo", "sam")]
    email = next(one for one in people if has_room(account_key(target, one)))
    owner = visitor()
    assert owner.sign_in(email).status_code == 302
    allowed = times("account_login", By.ACCOUNT)

    def guess() -> int:
        return Visitor(owner.portal, next(addresses)).sign_in(email, WRONG).status_code

    answers = all_at_once(guess for _ in range(allowed + 20))
    assert set(answers) == {200, REFUSED}
    assert answers[200] <= allowed
    elsewhere = Visitor(owner.portal, next(addresses))
    assert elsewhere.sign_in(email, PASSWORD).status_code == REFUSED
    same_place = Visitor(owner.portal, owner.address)
    assert same_place.sign_in(email, PASSWORD).status_code == 302
    owner.session.cookies.pop("__Host-session")
    owner.address = next(addresses)  # the same browser, on the road
    assert owner.sign_in(email, PASSWORD).status_code == 302


def test_while_redis_is_killed_in_a_burst_nobody_meets_an_error_and_the_limit_holds(
    lonely_target: Portal,
) -> None:
    address, answered = quiet_address(), threading.Semaphore(0)
    allowed = times("account_signup", By.ADDRESS)

    def attempt(number: int) -> int:
        status = sign_up(Visitor(lonely_target, address), number)
        answered.release()
        return status

    def kill() -> None:
        for _ in range(allowed // 2):
            assert answered.acquire(timeout=60)
        assert lonely_target.redis.process
        lonely_target.redis.process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    answers = all_at_once(lambda n=n: attempt(n) for n in range(60))
    killer.join()
    assert set(answers) == {302, REFUSED}
    # What Redis had counted is gone with it, and each process counts for itself from then on.
    assert allowed <= answers[302] <= (1 + PROCESSES) * allowed
    someone = Visitor(lonely_target, next(addresses))
    assert someone.sign_in("ada@slipway.example").status_code == 302
    assert someone.get("/t/northwind/clients/").status_code == 200
    assert "cache.down" in lonely_target.log()
