"""What is read out of migrations: the harm of each operation, and that ours do none."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from apps.launch.facts import known
from apps.launch.facts.migrations import Harm
from apps.launch.gathering import gather
from apps.launch.gathering.migrations import harms, hazards, unwritten


def test_the_product_as_shipped_has_nothing_to_tell(db: None) -> None:
    found = known(gather().migrations)
    assert (found.conflicts, found.unwritten, known(found.hazards)) == ((), (), ())


def test_a_fresh_database_has_no_tables_to_harm() -> None:
    assert hazards(MigrationLoader(None), {"clients", "tenants"}, set()) == ()


def test_a_later_migration_of_ours_that_waits_does_no_harm() -> None:
    assert hazards(MigrationLoader(None), {"tenants"}, {("tenants", "0001_initial")}) == ()


def test_a_model_without_its_migration_is_told(db: None) -> None:
    loader = MigrationLoader(None)
    del loader.graph.nodes[("tenants", "0002_tenant_requires_mfa")]
    loader.graph.node_map.pop(("tenants", "0002_tenant_requires_mfa"))
    said = list(unwritten(loader, {"tenants"}))
    assert any("requires_mfa" in each for each in said)


TEXT = models.CharField(max_length=300)


@pytest.mark.parametrize(
    ("operation", "harm"),
    [
        (migrations.DeleteModel("note"), Harm.TAKES),
        (migrations.RemoveField("client", "city"), Harm.TAKES),
        (migrations.RenameField("client", "city", "town"), Harm.TAKES),
        (migrations.AlterModelTable("client", "customers"), Harm.TAKES),
        (migrations.AddField("client", "age", models.IntegerField(default=1)), Harm.NEEDS),
        (migrations.AddField("client", "age", models.IntegerField(db_default=1)), None),
        (migrations.AddField("client", "age", models.IntegerField(null=True)), None),
        (
            migrations.AddField("client", "age", models.IntegerField(null=True, db_index=True)),
            Harm.LOCKS,
        ),
        (migrations.AlterField("client", "phone", models.IntegerField()), Harm.LOCKS),
        (migrations.AlterField("client", "last_contact_on", models.DateField()), Harm.LOCKS),
        (migrations.AlterField("client", "phone", TEXT), None),
        (
            migrations.AddIndex("client", models.Index(fields=["phone"], name="by_phone")),
            Harm.LOCKS,
        ),
        (AddIndexConcurrently("client", models.Index(fields=["phone"], name="by_phone")), None),
        (migrations.RunSQL("SELECT 1"), Harm.STAYS),
        (migrations.RunSQL("SELECT 1", "SELECT 1"), None),
        (migrations.RunPython(migrations.RunPython.noop), Harm.STAYS),
        (
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RunSQL("SELECT 1")]
            ),
            Harm.STAYS,
        ),
    ],
)
def test_each_operation_does_its_harm(operation: Any, harm: Harm | None) -> None:
    migration = migrations.Migration("0002_next", "clients")
    migration.operations = [operation]
    found = [each for _, each in harms(migration, ProjectState.from_apps(apps))]
    assert found == ([harm] if harm else [])


def test_a_model_that_the_same_migration_makes_has_nothing_to_lose() -> None:
    migration = migrations.Migration("0002_next", "clients")
    migration.operations = [
        migrations.CreateModel("Visit", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("visit", "age", models.IntegerField(default=1)),
    ]
    assert list(harms(migration, ProjectState.from_apps(apps))) == []
