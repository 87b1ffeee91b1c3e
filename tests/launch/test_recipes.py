"""The recipes of docs/migrations.md: each runs on PostgreSQL, there and back, and is safe."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.contrib.postgres import operations as postgres
from django.contrib.postgres.functions import RandomUUID
from django.db import connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from apps.clients.models import Client
from apps.core.owner import as_owner
from apps.launch.facts.migrations import RULES, Harm
from apps.launch.gathering.linted import SAME, asked, heard
from apps.launch.gathering.migrations import harmful
from apps.tenants.models import Tenant
from apps.tenants.scope import outside, platform_scope
from tests.config.processes import ROOT

PAGE = (ROOT / "docs/migrations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
BLOCKS = [
    (f"{rule} {number}", block)
    for rule, text in SECTIONS.items()
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.S | re.M), 1)
]
NAMES = {
    "migrations": migrations,
    "models": models,
    "platform_scope": platform_scope,
    "RandomUUID": RandomUUID,
    **{name: value for name, value in vars(postgres).items() if isinstance(value, type)},
}


def written(block: str) -> list[migrations.Migration]:
    """The migrations of a block of code, in their order."""
    space: dict[str, Any] = dict(NAMES)
    exec(block, space)
    return [
        value(f"0002_{name.lower()}", "clients")
        for name, value in space.items()
        if isinstance(value, type) and issubclass(value, migrations.Migration)
    ]


def test_every_rule_has_a_recipe_and_every_recipe_a_rule() -> None:
    assert list(SECTIONS) != []
    assert set(SECTIONS) == set(RULES)


@contextmanager
def as_migrate_does(block: str) -> Iterator[ProjectState]:
    """Work as the owner; what happens in transactions alone is taken back at the end."""
    keep = "atomic = False" in block
    with as_owner(), nullcontext() if keep else transaction.atomic():
        yield MigrationExecutor(connection).loader.project_state()
        if not keep:
            transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("block", [code for _, code in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_a_recipe_runs_there_and_back_and_is_judged_safe(block: str, acme: Tenant) -> None:
    with transaction.atomic():
        Client.objects.create(tenant=acme, name="Ada", last_contact_on="2026-01-02")
    with as_migrate_does(block) as found:
        state, done = found, []
        for each in written(block):
            assert [step for step in harmful(each, state.clone()) if not step.accepted] == []
            before = state.clone()
            with heard() as sql, connection.schema_editor(atomic=each.atomic) as editor:
                state = each.apply(state, editor)
            meant = set(getattr(each, "accepted", {}))
            assert [
                one for one in asked(sql, atomic=each.atomic) if not SAME[one.rule] & meant
            ] == []
            done.append((each, before))
        assert done
        for each, before in reversed(done):
            if "one-way" not in getattr(each, "accepted", {}):
                with connection.schema_editor(atomic=each.atomic) as editor:
                    each.unapply(before, editor)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
            assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_the_recipe_that_moves_rows_moves_those_of_every_workspace(
    acme: Tenant, globex: Tenant
) -> None:
    with transaction.atomic():
        for tenant in (acme, globex):
            Client.objects.create(tenant=tenant, name="Ada")
    (block,) = [code for name, code in BLOCKS if name == "backfill 1"]
    with as_migrate_does(block) as state, outside():
        (migration,) = written(block)
        with connection.schema_editor(atomic=False) as editor:
            migration.apply(state, editor)
    with transaction.atomic():
        cities = [one.city for tenant in (acme, globex) for one in tenant.clients.all()]
    assert cities == ["unknown"] * 2


def test_each_harm_has_a_check_that_tells_of_it() -> None:
    assert {rule.check for rule in RULES.values()} == {f"LC-MIG-00{n}" for n in (3, 4, 5)}
    assert {rule.harm for rule in RULES.values()} == set(Harm)
