"""LC-PERF: whether pages stay quick as customers' rows become many."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.records import Tables
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

MANY = 10_000  # rows of a table from which on reading all of them is felt


def tables(facts: Facts) -> Tables:
    return known(known(facts.records).tables)


@check(
    "LC-PERF-001",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="No page asks the database more often when it has more rows to show",
)
def steady(facts: Facts) -> Outcome:
    seen = known(facts.rehearsal)
    grown = [
        f"{path} ({few} queries with 2 rows, {many} with 20)"
        for path, (few, many) in seen.pages.items()
        if many > few
    ]
    if grown:
        return Failed(
            title="A page asks the database once more for each row",
            evidence=listed(grown, 3),
            why="The page gets slower with each row that a customer adds.",
            fix="select_related or prefetch_related on the list's queryset",
        )
    if seen.uncounted:
        reasons = [f"{what} ({reason})" for what, reason in seen.uncounted.items()]
        raise Unasked(f"these could not be rehearsed: {listed(reasons, 3)}")
    return Passed(f"{len(seen.pages)} pages with 2 rows of everything and with 20")


@check(
    "LC-PERF-002",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="What lists sort and filter by has an index in every large table",
)
def indexed(facts: Facts) -> Outcome:
    seen = tables(facts)
    bare = [one for one in seen.listed if not one.indexed]
    large = [
        f"{one.table}.{one.column} ({one.declared})"
        for one in bare
        if (seen.rows.get(one.table) or 0) > MANY
    ]
    if large:
        return Failed(
            title="A list sorts or filters a large table without an index",
            evidence=listed(large),
            why="Each such page reads the whole table, for every visitor.",
            fix='models.Index(fields=["tenant", …, "id"]) in Meta, then makemigrations',
        )
    uncounted = sorted({one.table for one in bare if seen.rows.get(one.table) is None})
    if uncounted:
        raise Unasked(f"nobody has counted the rows of {listed(uncounted)} yet: ANALYZE")
    return Passed(f"{len(seen.listed)} orders and filters")


@check(
    "LC-PERF-003",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every list comes in pages of a bounded size",
)
def in_pages(facts: Facts) -> Outcome:
    seen = known(facts.records)
    if not seen.endless:
        return Passed(f"{seen.lists} lists of classes" if seen.lists else "no list is a class")
    return Failed(
        title="A list shows all its rows at once",
        evidence=listed([f"{path} ({reason})" for path, reason in seen.endless.items()]),
        why="The first customer with many rows brings the server down.",
        fix="paginate_by, or a pagination_class with a page_size",
    )


@check(
    "LC-PERF-004",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="No index was left half-built",
)
def valid_indexes(facts: Facts) -> Outcome:
    seen = tables(facts)
    if not seen.invalid:
        return Passed(f"{len(seen.rows)} tables")
    return Failed(
        title="An index was left half-built",
        evidence=listed(seen.invalid),
        why="It speeds up nothing, yet every write has to keep it.",
        fix=f"REINDEX INDEX CONCURRENTLY {seen.invalid[0]}",
    )


@check(
    "LC-PERF-005",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every foreign key of a large table has an index",
)
def led_keys(facts: Facts) -> Outcome:
    seen = tables(facts)
    unled = [(key, seen.rows.get(key.partition(".")[0])) for key in seen.unled]
    large = [key for key, rows in unled if (rows or 0) > MANY]
    if large:
        return Failed(
            title="A foreign key of a large table has no index",
            evidence=listed(large),
            why="To delete what it points to reads and locks for seconds.",
            fix="take db_index=False off the field, then makemigrations",
        )
    uncounted = [key for key, rows in unled if rows is None]
    if uncounted:
        raise Unasked(f"nobody has counted the rows behind {listed(uncounted)} yet: ANALYZE")
    return Passed(f"{len(seen.rows)} tables")
