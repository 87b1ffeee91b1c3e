"""Asking twice with a key: one job, whoever is first."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from apps.jobs.models import Job
from apps.jobs.registry import Lane
from apps.jobs.runner import Run, attempt
from apps.tenants.models import Tenant
from tests.jobs.conftest import on_record


def idle(run: Run) -> None:
    pass


def test_asking_again_gives_the_job_that_is_there(db: None, acme: Tenant) -> None:
    for tenant in (acme, None):
        first = Job.ask("tests.any", tenant=tenant, key="invoice 7", amount=1)
        again = Job.ask("tests.any", tenant=tenant, key="invoice 7", amount=2)
        assert (again.pk, again.arguments) == (first.pk, {"amount": 1})
    assert Job.objects.count() == 2


def test_a_key_is_a_tenants_and_a_kinds_own(acme: Tenant, globex: Tenant) -> None:
    asked = [
        Job.ask(kind, tenant=tenant, key="invoice 7").pk
        for tenant in (acme, globex, None)
        for kind in ("tests.one", "tests.two")
    ]
    assert len(set(asked)) == 6


def test_without_a_key_each_asking_is_a_job(db: None) -> None:
    assert Job.ask("tests.any").pk != Job.ask("tests.any").pk


def test_a_job_that_ended_still_answers_for_its_key(
    db: None, handled_by: Callable[..., str]
) -> None:
    kind = handled_by(idle)
    first = Job.ask(kind, key="once")
    attempt(first.pk)
    again = Job.ask(kind, key="once")
    assert (again.pk, again.state) == (first.pk, Job.State.SUCCEEDED)


def test_a_key_that_is_too_long_is_refused_in_words(db: None) -> None:
    with pytest.raises(ValueError, match="at most 200 characters, not 201"):
        Job.ask("tests.any", key="x" * 201)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_a_tenant", [True, False])
def test_of_many_who_ask_at_once_all_get_the_same_job(of_a_tenant: bool, acme: Tenant) -> None:
    start, got = threading.Barrier(6), []

    def ask() -> None:
        try:
            start.wait(5)
            tenant = acme if of_a_tenant else None
            got.append(Job.ask("tests.any", tenant=tenant, key="once").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(got), len(set(got)), Job.objects.count()) == (6, 1, 1)


def test_a_job_goes_into_the_lane_of_its_kind(db: None, handled_by: Callable[..., str]) -> None:
    assert Job.ask(handled_by(idle, lane=Lane.BULK)).lane == Lane.BULK
    assert Job.ask("mail.send").lane == Lane.URGENT
    assert Job.ask("transfers.export").lane == Lane.BULK
    assert on_record(Job.ask("tests.unknown")).lane == Lane.ORDINARY
