"""LC-DATA: whether the database is ready, and gives the product no more than it needs."""

from apps.launch.checks.words import is_loopback, listed
from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check


@check(
    "LC-DATA-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The product's database role owns nothing and bypasses nothing",
)
def role(facts: Facts) -> Outcome:
    database = known(facts.database)
    powers = [
        *(["is a superuser"] if database.is_superuser else []),
        *(["bypasses row-level security"] if database.bypasses_row_security else []),
        *(
            [f"owns {database.tables_owned} tables"]
            if database.tables_owned and not database.is_superuser
            else []
        ),
    ]
    if not powers:
        return Passed(database.role)
    return Failed(
        title="The product's database role can do too much",
        evidence=f"{database.role} {listed(powers)}",
        why="The database's walls do not hold, nor does the audit trail.",
        fix="DATABASE_URL with a role that owns no table: docs/operations.md",
    )


@check(
    "LC-DATA-002",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Every migration is applied",
)
def migrations(facts: Facts) -> Outcome:
    waiting = known(facts.database).unapplied
    if not waiting:
        return Passed("none waits")
    return Failed(
        title="The database is behind the code",
        evidence=f"{len(waiting)} not applied, the first is {waiting[0]}",
        why="Pages that need the missing tables or columns end in an error.",
        fix="python manage.py migrate",
    )


@check(
    "LC-DATA-003",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Rows travel from the database over TLS",
)
def encryption(facts: Facts) -> Outcome:
    database = known(facts.database)
    if database.encrypted or is_loopback(database.host):
        return Passed("TLS" if database.encrypted else "the database is on this machine")
    return Failed(
        title="Rows travel from the database in clear",
        evidence=f"the connection to {database.host} uses no TLS",
        why="Whoever listens reads what your customers keep with you.",
        fix="add ?sslmode=require to DATABASE_URL",
    )
