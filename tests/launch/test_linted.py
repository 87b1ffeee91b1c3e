"""squawk as a second opinion: what it is asked, and what of its answer counts."""

import pytest
from django.db.migrations import Migration

from apps.launch.facts.migrations import RULES, Harm, Migrations, Step
from apps.launch.gathering.linted import SAME, Run, asked, linted, of_one, runs
from apps.launch.gathering.migrations import migrations

NAME = "harbour.0002_next"
NOTHING = Migrations(steps=(), conflicts=(), unmade=())

BAD = [
    ('ALTER TABLE "boat" DROP COLUMN "name" CASCADE', "ban-drop-column"),
    ('ALTER TABLE "boat" RENAME COLUMN "name" TO "title"', "renaming-column"),
    ('ALTER TABLE "boat" RENAME TO "ship"', "renaming-table"),
    ('DROP TABLE "boat" CASCADE', "ban-drop-table"),
    ('ALTER TABLE "boat" ALTER COLUMN "berth" TYPE bigint', "changing-column-type"),
    ('ALTER TABLE "boat" ALTER COLUMN "berth" DROP DEFAULT', "ban-drop-default"),
    ('CREATE INDEX "i" ON "boat" ("name")', "require-concurrent-index-creation"),
    ('DROP INDEX "i"', "require-concurrent-index-deletion"),
    ('ALTER TABLE "boat" ADD CONSTRAINT "p" CHECK ("berth" > 0)', "constraint-missing-not-valid"),
    ('ALTER TABLE "boat" ADD CONSTRAINT "u" UNIQUE ("berth")', "disallowed-unique-constraint"),
    (
        'ALTER TABLE "boat" ADD COLUMN "k" uuid DEFAULT gen_random_uuid()',
        "adding-field-with-default",
    ),
]
GOOD = [
    'ALTER TABLE "boat" ADD COLUMN "city" text NULL',
    'ALTER TABLE "boat" ADD COLUMN "crew" integer DEFAULT 1 NOT NULL',
    'ALTER TABLE "boat" ALTER COLUMN "berth" DROP NOT NULL',
    'ALTER TABLE "boat" DROP CONSTRAINT "p"',
    'ALTER TABLE "boat" ADD COLUMN "tug" bigint NULL REFERENCES "boat" ("id")',
    'ALTER TABLE "boat" ADD CONSTRAINT "p" CHECK ("berth" > 0) NOT VALID',
]


def found(statement: str, facts: Migrations = NOTHING, **attributes: object) -> list[Step]:
    migration = Migration("0002_next", "harbour")
    for name, value in attributes.items():
        setattr(migration, name, value)
    return list(of_one(NAME, Run(migration, [statement]), facts, {"harbour_port"}))


@pytest.mark.parametrize(("statement", "rule"), BAD, ids=[rule for _, rule in BAD])
def test_squawk_finds_what_hurts_in_the_sql_itself(statement: str, rule: str) -> None:
    said = asked(["SELECT 1", statement], atomic=True)
    assert (rule, statement) in [(one.rule, one.statement.rstrip(";")) for one in said]
    assert rule in SAME


@pytest.mark.parametrize("statement", GOOD)
def test_squawk_is_heard_neither_on_style_nor_on_what_it_cannot_know(statement: str) -> None:
    assert asked([statement], atomic=True) == []


def test_what_our_rules_have_found_is_said_once() -> None:
    statement = BAD[0][0]
    (step,) = found(statement)
    assert (step.rule, step.operation) == ("sql", f"{statement};")
    assert "ban-drop-column" in step.what
    ours = Step(migration=NAME, what="drops it", rule="drop-column", harm=Harm.BREAKS)
    assert found(statement, Migrations(steps=(ours,), conflicts=(), unmade=())) == []


def test_tables_that_are_made_now_have_no_rows_to_hurt() -> None:
    assert found('CREATE INDEX "i" ON "harbour_port" ("name")') == []


def test_a_default_that_django_takes_back_was_never_the_former_releases() -> None:
    add = 'ALTER TABLE "boat" ADD COLUMN "city" text DEFAULT \'\' NULL'
    drop = 'ALTER TABLE "boat" ALTER COLUMN "city" DROP DEFAULT'
    assert asked([add, drop], atomic=True) == []
    assert [one.rule for one in asked([drop], atomic=True)] == ["ban-drop-default"]


def test_what_is_meant_is_accepted_by_the_name_of_sql() -> None:
    (step,) = found(BAD[0][0], accepted={"sql": "nobody has read it since March"})
    assert step.accepted == "nobody has read it since March"


def test_every_rule_that_both_know_is_one_of_ours() -> None:
    assert set().union(*SAME.values()) <= RULES.keys()


@pytest.mark.django_db(transaction=True)
def test_squawk_finds_nothing_in_our_own_migrations_that_our_rules_do_not() -> None:
    ours = migrations()
    names = {name for name, _ in ours.files}
    ran = runs()
    assert names <= ran.keys()
    assert any(
        'CREATE TABLE "clients_client"' in sql for sql in ran["clients.0001_initial"].statements
    )
    found = linted(ours, names, together=False)
    assert [step for step in found if not step.accepted] == []
