"""The rate limits against whoever tries: variants, rotation, bursts, and a Redis that is gone."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpResponse

from apps.accounts.models import User
from apps.core.cache import Breaker
from apps.core.identity import fingerprint, plain
from apps.core.limits import LIMITS, Limit
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.accounts.conftest import quick_passwords
from tests.conftest import Browser
from tests.core.attempts import (
    ADA,
    ELSEWHERE,
    HOME,
    RESET,
    SIGN_IN,
    STRANGERS,
    WRONG,
    attempt,
    sign_in,
)
from tests.world.clock import Clock
from tests.world.redis import Redis, count_askings, running_redis

__all__ = ["quick_passwords"]

SPELLINGS = {
    "in capitals": "ADA@EXAMPLE.COM",
    "with spaces around": "  ada@example.com\t",
    "with a space that does not break": "ada@example.com\u00a0",
    "with nothing in between": "a\u200bda@example.com",
    "in full width": "\uff41\uff44\uff41\uff20\uff45\uff58ample\uff0ecom",
    "in capitals of full width": "\uff21\uff24\uff21@example.com",
    "in letters of mathematics": "\U0001d41a\U0001d41d\U0001d41a@example.com",
    "in capitals of mathematics": "\U0001d400\U0001d403\U0001d400@example.com",
}


@pytest.fixture
def redis(settings: Any) -> Iterator[Redis]:
    """A Redis of this test's own, which the limits count in."""
    with running_redis() as server:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        yield server


# By address, by account and by both


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_another_spelling_is_the_same_account(spelling: str, db: None) -> None:
    for _ in range(5):
        assert sign_in().status_code == 200
    assert sign_in(email=spelling).status_code == 429
    assert sign_in(email="ida@example.com").status_code == 200


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        *((spelling, ADA) for spelling in SPELLINGS.values()),
        ("ada@example.com\u0000", ADA),
        ("\u212aay@example.com", "kay@example.com"),  # the sign of the kelvin
        ("\u017fam@example.com", "sam@example.com"),  # the long s
        ("\u0131da@example.com", "ida@example.com"),  # the i without its dot
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
    ],
)
def test_what_may_be_taken_for_an_address_is_spelled_like_it(spelling: str, same: str) -> None:
    assert plain(spelling) == plain(same)
    assert plain(plain(spelling)) == plain(spelling)
    assert fingerprint(spelling) == fingerprint(same)


def test_rotating_addresses_run_into_the_accounts_limit(db: None) -> None:
    through = [attempt(at=address) is None for address in STRANGERS]
    assert through == [True] * 50 + [False] * 10
    assert sign_in(at=ELSEWHERE).status_code == 429
    assert sign_in(email="ida@example.com", at=ELSEWHERE).status_code == 200


def test_rotating_addresses_send_no_more_than_three_mails_to_an_account(
    make_user: Callable[..., User], mailbox: Any, do_jobs: Callable[[], int]
) -> None:
    make_user(ADA)
    answers = [
        Browser().post(RESET, {"email": spelling}, REMOTE_ADDR=f"10.0.0.{number}").status_code
        for number, spelling in enumerate([ADA, "ADA@example.com", " ada@Example.com", ADA, ADA])
    ]
    assert answers == [302, 302, 302, 429, 429]
    do_jobs()
    assert len(mailbox.messages) == 3


def test_rotating_accounts_run_into_the_addresss_limit(db: None) -> None:
    through = [attempt(f"a{number}@example.com") is None for number in range(22)]
    assert through == [True] * 20 + [False] * 2
    assert sign_in(email="b@example.com").status_code == 429
    assert sign_in(email="b@example.com", at=ELSEWHERE).status_code == 200


def test_one_line_of_ipv6_is_one_address(db: None) -> None:
    near = [f"2001:db8:0:7::{number:x}" for number in range(1, 6)]
    for address in near:
        sign_in(at=address)
    assert sign_in(at="2001:db8:0:7:ffff::1").status_code == 429
    assert sign_in(at="2001:db8:0:8::1").status_code == 200


def test_a_field_given_twice_counts_as_the_form_reads_it(db: None) -> None:
    for _ in range(5):
        Browser().post(SIGN_IN, {"login": ["x@example.com", ADA], "password": WRONG})
    assert sign_in(at="127.0.0.1").status_code == 429
    assert sign_in(email="x@example.com", at="127.0.0.1").status_code == 200


def test_a_json_body_counts_for_the_account_that_it_names(db: None) -> None:
    for _ in range(5):
        attempt(body='{"login": " ADA@example.com"}')
    assert attempt(body='{"login": "ada@example.com"}') is not None
    assert sign_in().status_code == 429
    assert attempt(body='{"login": "ida@example.com"}') is None


@pytest.mark.parametrize(
    "body", ['{"login": ', "[]", '{"login": ["ada"]}', '"ada"', "[" * 100_000, "\xff", "{}"]
)
def test_a_json_body_that_names_nobody_is_limited_by_address_alone(body: str) -> None:
    through = [attempt(body=body) is None for _ in range(21)]
    assert through == [True] * 20 + [False]
    assert attempt(body=body, at=ELSEWHERE) is None


def test_a_window_ends(db: None, clock: Clock) -> None:
    for _ in range(5):
        sign_in()
    refused = sign_in()
    assert 1 <= int(refused["Retry-After"]) <= 300
    clock.put_forward(seconds=int(refused["Retry-After"]) + 1)
    assert sign_in().status_code == 200


def test_only_what_the_table_says_is_counted(db: None) -> None:
    for _ in range(6):
        sign_in()
    assert Browser().get(SIGN_IN, REMOTE_ADDR=HOME).status_code == 200


# Workspaces


def invite(browser: Browser, tenant: Tenant) -> int:
    status: int = browser.post(f"/t/{tenant.slug}/invitations/new/", {"emails": ""}).status_code
    return status


def test_a_workspaces_members_share_its_limit(
    acme: Tenant,
    globex: Tenant,
    as_role: Callable[[Role], Browser],
    sign_in: Callable[[User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (_, by_workspace) = LIMITS["invitation_create"]
    three = Limit("3/d", by_workspace.by, pool=by_workspace.pool)
    monkeypatch.setitem(LIMITS, "invitation_create", (three,))
    owner, admin = as_role(Role.OWNER), as_role(Role.ADMIN)
    answers = [invite(browser, acme) for browser in (owner, admin, owner, admin)]
    assert answers == [200, 200, 200, 429]
    neighbour = sign_in(globex.memberships.get().user)
    assert invite(neighbour, globex) == 200


def test_inviting_and_inviting_again_count_together(
    acme: Tenant, as_role: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    two = (Limit("2/h", LIMITS["invitation_create"][0].by, pool="inviting"),)
    for route in ("invitation_create", "invitation_resend"):
        monkeypatch.setitem(LIMITS, route, two)
    owner = as_role(Role.OWNER)
    assert [invite(owner, acme), invite(owner, acme)] == [200, 200]
    assert owner.post(f"/t/{acme.slug}/invitations/1/resend/").status_code == 429


def test_who_may_not_do_it_does_not_use_up_what_the_others_share(
    acme: Tenant, as_role: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_workspace = LIMITS["invitation_create"][1]
    monkeypatch.setitem(LIMITS, "invitation_create", (Limit("1/d", by_workspace.by),))
    viewer = as_role(Role.VIEWER)
    assert [invite(viewer, acme) for _ in range(3)] == [403] * 3
    assert invite(as_role(Role.OWNER), acme) == 200


def test_an_outsider_does_not_use_up_a_workspaces_limit(
    acme: Tenant,
    globex: Tenant,
    as_role: Callable[[Role], Browser],
    sign_in: Callable[[User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_workspace = LIMITS["invitation_create"][1]
    monkeypatch.setitem(LIMITS, "invitation_create", (Limit("1/d", by_workspace.by),))
    outsider = sign_in(globex.memberships.get().user)
    assert [invite(outsider, acme) for _ in range(3)] == [404] * 3
    assert invite(as_role(Role.OWNER), acme) == 200


# Bursts, and a Redis that is gone


def at_once(count: int, work: Callable[[int], HttpResponse | None]) -> list[HttpResponse | None]:
    """What `count` threads get that begin together; each has an answer and not an exception."""
    answers: list[HttpResponse | None] = []
    ready = threading.Barrier(count)

    def one(number: int) -> None:
        ready.wait()
        answers.append(work(number))

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


def test_of_a_burst_no_more_than_the_limit_gets_through() -> None:
    answers = at_once(40, lambda number: attempt())
    assert answers.count(None) == 5
    assert {answer.status_code for answer in answers if answer} == {429}


def test_of_a_burst_from_many_addresses_no_more_than_the_accounts_limit_gets_through() -> None:
    answers = at_once(70, lambda number: attempt(at=f"10.0.0.{number}"))
    assert answers.count(None) == 50


def test_redis_killed_in_a_burst_neither_opens_the_limits_nor_closes_them(redis: Redis) -> None:
    def work(number: int) -> HttpResponse | None:
        if number == 20:
            redis.stop()
        return attempt()

    through = at_once(40, work).count(None)
    assert 5 <= through <= 10, "Redis' five, and the process' own five"


def test_without_redis_the_limits_go_on(redis: Redis, db: None) -> None:
    redis.stop()
    answers = [sign_in().status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2


def test_a_hung_redis_delays_one_request_and_no_other(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempt() is None
    askings = count_askings(monkeypatch)
    with redis.hung():
        answers = [attempt() for _ in range(7)]
    assert [answer is None for answer in answers] == [True] * 5 + [False] * 2
    assert len(askings) == 1


def test_redis_lost_between_two_questions_does_not_refuse_the_attempt(redis: Redis) -> None:
    assert attempt() is None
    inner = caches["default"].redis  # type: ignore[attr-defined]  # ours
    ask = inner.add

    def answer_and_die(*args: Any, **kwargs: Any) -> bool:
        answer: bool = ask(*args, **kwargs)
        redis.stop()
        return answer

    inner.add = answer_and_die
    assert attempt() is None


def test_back_on_redis_the_count_goes_on_where_it_was(redis: Redis) -> None:
    for _ in range(4):
        attempt()
    with redis.hung():
        assert attempt() is None
    caches["default"].breaker.ask_again_at -= Breaker.PAUSE  # type: ignore[attr-defined]  # ours
    assert attempt() is None
    assert attempt() is not None
