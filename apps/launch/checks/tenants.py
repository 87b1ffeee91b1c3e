"""LC-TENANT: whether the walls between workspaces stand, in the code and in the database."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.surface import TenantTable
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

ENGINE = "apps.tenants.postgresql"


def tables(facts: Facts) -> tuple[TenantTable, ...]:
    return known(known(facts.surface).tables)


@check(
    "LC-TENANT-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Row-level security holds the product on every workspace's table",
    covers=["slipway.E004"],
)
def row_security(facts: Facts) -> Outcome:
    # That the product runs as the owner is LC-DATA-001's to tell.
    told = not isinstance(facts.database, Unasked) and facts.database.tables_owned
    wrong = [
        f"{table.name} ({reason})"
        for table in tables(facts)
        for reason in (
            "is off"
            if not table.row_security
            else "has no policy"
            if not table.policed
            else "does not hold the table's owner"
            if table.owned and not (table.forced or told)
            else "",
        )
        if reason
    ]
    if not wrong:
        return Passed(f"{len(tables(facts))} tables")
    return Failed(
        title="Row-level security does not hold the product",
        evidence=listed(wrong),
        why="A query that is wrong shows one customer another's rows.",
        fix="python manage.py migrate",
    )


@check(
    "LC-TENANT-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No row can point into another workspace",
)
def same_tenant_keys(facts: Facts) -> Outcome:
    loose = [f"{table.name}.{column}" for table in tables(facts) for column in table.loose]
    if not loose:
        return Passed(f"{len(tables(facts))} tables")
    return Failed(
        title="A row can point into another workspace",
        evidence=f"no foreign key with the tenant in it: {listed(loose)}",
        why="The database checks foreign keys without row-level security.",
        fix="python manage.py migrate",
    )


@check(
    "LC-TENANT-003",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every workspace's table has an index that begins with the workspace",
)
def led_indexes(facts: Facts) -> Outcome:
    unled = [table.name for table in tables(facts) if not table.led]
    if not unled:
        return Passed(f"{len(tables(facts))} tables")
    return Failed(
        title="A workspace's rows are found by reading everybody's",
        evidence=f"no index begins with tenant_id: {listed(unled)}",
        why="Each page gets slower with every customer who joins.",
        fix='models.Index(fields=["tenant", …]) in the model\'s Meta, then makemigrations',
    )


@check(
    "LC-TENANT-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Queries without a workspace are refused",
    covers=["slipway.E005"],
)
def guard(facts: Facts) -> Outcome:
    surface = known(facts.surface)
    if surface.engine != ENGINE:
        return Failed(
            title="Queries without a workspace are not refused",
            evidence=f"the database's ENGINE is {surface.engine}",
            why="A forgotten scope goes unseen until a customer reports it.",
            fix=f'engine="{ENGINE}", as in production.py',
        )
    if surface.unguarded:
        return Failed(
            title="A manager goes past the guard",
            evidence=listed(surface.unguarded),
            why="One forgotten filter shows one customer another's rows.",
            fix="let its QuerySet inherit TenantQuerySet: apps/tenants/guard.py",
        )
    return Passed(f"{ENGINE}, and a guard on every manager")
