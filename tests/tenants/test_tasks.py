"""Tasks carry their tenant from whoever asks to whoever works, whichever way they are asked for."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from celery import chain, group, uuid
from celery.app.trace import trace_task_ret
from celery.exceptions import WorkerLostError
from celery.worker.request import Request
from django.db import transaction
from kombu.exceptions import OperationalError
from structlog.testing import capture_logs

from apps.jobs.tasks import sweep
from apps.tenants.models import Tenant
from apps.tenants.scope import NoTenant, outside, platform_scope, tenant_scope
from tests.tenants.worker import (
    add,
    add_after_a_fault,
    add_after_a_retry,
    add_and_fail,
    add_and_replace,
    add_both,
    add_next_door,
    app,
    look,
)
from tests.world.waiting import wait_until
from tests.world.worker import Worker, start_worker

__all__ = ["start_worker"]


@pytest.fixture(autouse=True)
def nowhere(arranging: None) -> Iterator[None]:
    """Begin outside of every scope, as a shell does."""
    with outside():
        yield


def messages() -> Iterator[Any]:
    """Take what waits in the queue, one by one."""
    with app.connection_for_read() as connection:
        queue = app.amqp.queues[app.conf.task_default_queue].bind(connection.default_channel)
        while (message := queue.get(no_ack=True)) is not None:
            yield message


def work() -> list[Any]:
    """Do what waits in the queue, and what that asks for, as a worker's child process would."""
    ended = []
    for message in messages():
        headers = {**message.headers, "delivery_info": message.delivery_info}
        envelope = (message.body, message.content_type, message.content_encoding)
        ended.append(trace_task_ret(message.headers["task"], uuid(), headers, *envelope, app=app))
    return ended


def clients(tenant: Tenant) -> list[str]:
    with transaction.atomic(), tenant_scope(tenant):
        return sorted(tenant.clients.values_list("name", flat=True))


def send_without(name: str, *args: Any, **headers: Any) -> None:
    """Publish as another program would, past our code."""
    message = app.amqp.as_task_v2(uuid(), name, args)
    with app.producer_or_acquire() as producer:
        app.amqp.send_task_message(producer, name, message, headers=headers)


ASKING: dict[str, Callable[[], Any]] = {
    "delay": lambda: add.delay("a"),
    "apply_async": lambda: add.apply_async(["a"], countdown=1),
    "by name": lambda: app.send_task("tests.add", ["a"]),
    "a name that nobody knows": lambda: app.send_task("tests.unknown"),
    "signature": lambda: add.s("a").delay(),
    "group": lambda: group(add.s("a"), add.s("b")).delay(),
    "chain": lambda: chain(add.s("a"), add_both.s("b")).delay(),
    "once it is committed": lambda: add.delay_on_commit("a"),
    "in this process": lambda: add.apply(["a"]),
    "as a function": lambda: add("a"),
}


@pytest.mark.parametrize("way", ASKING)
def test_a_task_asked_for_outside_every_tenant_is_refused_at_once(way: str, db: None) -> None:
    with pytest.raises(NoTenant, match=r"The task tests\.\w+ .* tenant_scope.* @platform_task"):
        ASKING[way]()
    assert not list(messages())


def test_the_scope_of_all_tenants_is_no_tenants(db: None) -> None:
    with platform_scope(reason="See what a task makes of it"), pytest.raises(NoTenant):
        add.delay("a")


CARRYING: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "delay": (lambda: add.delay("a"), ["a"]),
    "apply_async": (lambda: add.apply_async(["a"], headers={"colour": "red"}), ["a"]),
    "by name": (lambda: app.send_task("tests.add", ["a"]), ["a"]),
    "signature": (lambda: add.s("a").delay(), ["a"]),
    "in this process": (lambda: add.apply(["a"], throw=True), ["a"]),
    "as a function": (lambda: add("a"), ["a"]),
    "group": (lambda: group(add.s("a"), add.s("b")).delay(), ["a", "b"]),
    "chain": (lambda: chain(add.s("a"), add_both.s("b")).delay(), ["a", "a and b"]),
    "long chain": (
        lambda: chain(add.s("a"), add.si("b"), add.s(), add_both.s("c")).delay(),
        ["a", "b", "b", "b and c"],
    ),
    "chain into a group": (
        lambda: chain(add.s("a"), group(add_both.s("b"), add_both.s("c"))).delay(),
        ["a", "a and b", "a and c"],
    ),
    "chain after the platform's": (lambda: chain(look.si(), add.si("a")).delay(), ["a"]),
    "link": (lambda: add.apply_async(["a"], link=add_both.s("b")), ["a", "a and b"]),
    "linked signature": (lambda: add.s("a").on_error(add.si("b")).delay(), ["a"]),
    "link after a failure": (
        lambda: add_and_fail.apply_async(["a"], link_error=add.si("b")),
        ["b"],
    ),
    "map": (lambda: add.map(["a", "b"]).delay(), ["a", "b"]),
    "starmap": (lambda: add.starmap([["a"], ["b"]]).delay(), ["a", "b"]),
    "chunks": (lambda: add.chunks([("a",), ("b",), ("c",)], 2).delay(), ["a", "b", "c"]),
    "retry": (lambda: add_after_a_retry.delay("a"), ["a, attempt 1"]),
    "retry by itself": (lambda: add_after_a_fault.delay("a"), ["a, attempt 1"]),
    "retry in this process": (lambda: add_after_a_retry.apply(["a"]), ["a, attempt 1"]),
    "replaced": (lambda: add_and_replace.delay("a"), ["a, replaced"]),
    "failed": (lambda: add_and_fail.delay("a"), []),
}


@pytest.mark.parametrize("way", CARRYING)
def test_a_task_runs_in_the_tenant_that_asked_and_in_a_transaction(
    way: str, acme: Tenant, globex: Tenant
) -> None:
    ask, made = CARRYING[way]
    with tenant_scope(acme):
        ask()
    with tenant_scope(globex):
        add.delay("theirs")
    work()
    assert clients(acme) == made
    assert clients(globex) == ["theirs"]


def test_a_task_called_as_a_function_runs_where_it_is_called(acme: Tenant, globex: Tenant) -> None:
    with tenant_scope(acme):
        add_next_door.delay("a", globex.slug)
    work()
    assert (clients(acme), clients(globex)) == (["a"], ["a"])


def test_all_that_is_to_follow_names_the_tenant_in_the_message(acme: Tenant) -> None:
    """A chord needs a result back end, which there is not, so its message alone is looked at."""
    with tenant_scope(acme):
        add.apply_async(["a"], chord=add_both.s("b"), link=[add.si("c"), add.si("d")])
    (message,) = messages()
    _, _, embedded = message.payload
    following = [embedded["chord"], *embedded["callbacks"]]
    assert [each["options"]["headers"]["tenant"] for each in following] == [acme.pk] * 3


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_belongs_to_the_tenant_that_asked(
    acme: Tenant, globex: Tenant
) -> None:
    with tenant_scope(globex), transaction.atomic():
        with tenant_scope(acme):
            add.delay_on_commit("a")
            add.apply_async_on_commit(["b"])
        assert not list(messages())
    work()
    assert (clients(acme), clients(globex)) == (["a", "b"], [])


WRONG = {
    "no tenant": ({}, "names no tenant"),
    "a tenant that is gone": ({"tenant": 9_000_000}, "names tenant 9000000, which is gone"),
    "no number": ({"tenant": "acme"}, "names tenant acme, which is gone"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_without_a_tenant_is_rejected_with_an_error_in_the_log(
    wrong: str, acme: Tenant
) -> None:
    headers, reason = WRONG[wrong]
    send_without("tests.add", "a", **headers)
    with capture_logs() as logs:
        ((failed, told, _),) = work()
    assert failed
    assert reason in str(told)
    (line,) = (line for line in logs if line["event"] == "task.refused")
    assert (line["log_level"], line["task"]) == ("error", "tests.add")
    assert reason in line["reason"]
    assert clients(acme) == []


def test_a_message_of_many_without_a_tenant_comes_to_nothing(acme: Tenant) -> None:
    add.map(["a", "b"]).delay()
    ((failed, told, _),) = work()
    assert failed
    assert "tests.add was asked for outside every tenant" in str(told)
    assert clients(acme) == []


@pytest.mark.django_db(transaction=True)
def test_the_platforms_task_asks_for_no_tenant_and_runs_in_none(acme: Tenant) -> None:
    assert look()
    look.delay()
    with tenant_scope(acme):
        look.delay()
    app.send_task("jobs.sweep")
    sweep.delay()
    app.tasks["celery.backend_cleanup"].delay()
    assert [(failed, told) for failed, told, _ in work()][:2] == [(0, "True")] * 2


def test_a_task_whose_worker_was_killed_is_sent_again_for_its_tenant(acme: Tenant) -> None:
    with tenant_scope(acme):
        add.apply_async(["a"], link_error=add.si("b"))
    (message,) = messages()
    request = Request(message, app=app, task=app.tasks["tests.add"])
    lost = WorkerLostError("killed")
    try:
        raise lost
    except WorkerLostError:
        assert request._retry_worker_lost(lost, ExceptionInfo())
    request.task.backend.mark_as_failure(request.id, lost, request=request._context)
    work()
    assert clients(acme) == ["a", "b"]


@pytest.fixture
def hung_broker() -> Iterator[None]:
    """A broker that takes connections and never says a word."""
    before = app.conf.broker_url
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        app.conf.broker_url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        yield
    app.conf.broker_url = before


@pytest.mark.parametrize("way", ["delay", "by name", "group"])
def test_asking_gives_up_soon_while_the_broker_is_silent(
    way: str, acme: Tenant, hung_broker: None
) -> None:
    begun = time.perf_counter()
    with tenant_scope(acme), pytest.raises(OperationalError):
        ASKING[way]()
    # 0.2 s, and what a busy machine adds; by Celery's own time-outs it would be two seconds.
    assert time.perf_counter() - begun < 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_process_does_for_each_tenant_what_it_asked_and_nothing_for_nobody(
    acme: Tenant, globex: Tenant, start_worker: Callable[..., Worker]
) -> None:
    worker = start_worker(app="tests.tenants.worker")
    send_without("tests.add", "of nobody")
    for tenant in (acme, globex):
        with tenant_scope(tenant):
            chain(add.s(tenant.name), add_both.s("more")).delay()
            add_after_a_retry.delay(tenant.name)
            app.send_task("tests.add", ["last"])
    expected = {
        tenant: [f"{tenant}", f"{tenant} and more", f"{tenant}, attempt 1", "last"]
        for tenant in (acme, globex)
    }
    wait_until(
        lambda: all(clients(tenant) == made for tenant, made in expected.items()),
        f"Acme has {clients(acme)}, Globex has {clients(globex)}",
    )
    wait_until(lambda: "task.refused" in "".join(worker.lines), "No line tells of the refusal")
