"""LC-HEALTH: whether a platform and a monitor can learn, by asking, if the product is well."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

PATHS = ("/healthz", "/readyz")
NEEDED = ("database", "migrations", "cache", "broker", "worker")
PROCESSES = ("release", "web", "worker", "beat")
MIGRATES = ("deploy/release", "manage.py release", "manage.py migrate")  # any of them will do


@check(
    "LC-HEALTH-001",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Liveness and readiness can be asked for by all",
)
def routes(facts: Facts) -> Outcome:
    planes = known(facts.health).planes
    closed = [
        f"{path} is {planes[path] or 'undeclared'}" if path in planes else f"{path} is not there"
        for path in PATHS
        if planes.get(path) != "public"
    ]
    if not closed:
        return Passed(listed(PATHS))
    return Failed(
        title="A platform cannot ask whether the product is well",
        evidence=listed(closed),
        why="It keeps a dead process, or ends one that is well.",
        fix="put /healthz and /readyz back into config/urls.py, public",
    )


@check(
    "LC-HEALTH-002",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Liveness asks no database",
)
def liveness(facts: Facts) -> Outcome:
    health = known(facts.health)
    if "/healthz" not in health.planes:
        raise Skipped("there is no /healthz: LC-HEALTH-001")
    asked = known(health.queries)
    if not asked:
        return Passed("no query")
    return Failed(
        title="A slow database has every web process restarted",
        evidence="/healthz asks the database",
        why="A short hiccup becomes an outage of everything.",
        fix="let healthz ask nothing; /readyz is for that",
    )


@check(
    "LC-HEALTH-003",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="Readiness asks all that requests need",
)
def readiness(facts: Facts) -> Outcome:
    asked = known(facts.health).asked
    missing = [name for name in NEEDED if name not in asked]
    if not missing:
        return Passed(listed(asked))
    return Failed(
        title="Readiness says ok while a server is down",
        evidence=f"/readyz does not ask: {listed(missing)}",
        why="The monitor sees nothing, and your customers see errors.",
        fix="put it back into probes() of apps/core/health.py",
    )


@check(
    "LC-HEALTH-004",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="The Procfile runs all that the product needs",
)
def processes(facts: Facts) -> Outcome:
    procfile = known(facts.health).procfile
    wrong = [f"no {name}" for name in PROCESSES if name not in procfile]
    if not any(one in procfile.get("release", MIGRATES[0]) for one in MIGRATES):
        wrong.append("release does not migrate")
    if not wrong:
        return Passed(listed(PROCESSES))
    return Failed(
        title="A deploy leaves a part of the product out",
        evidence=f"Procfile: {listed(wrong)}",
        why="Without it pages, mail or migrations do not happen.",
        fix="put the line back into the Procfile: docs/operations.md",
    )


@check(
    "LC-HEALTH-005",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="The platforms' files start all and ask for health",
)
def platforms(facts: Facts) -> Outcome:
    health = known(facts.health)
    wrong = []
    if health.render_path not in {None, "/healthz"}:
        wrong.append(f"render.yaml's healthCheckPath is {health.render_path or 'not set'}")
    if health.formation:
        wrong += [
            f"app.json starts no {name}"
            for name in ("web", "worker", "beat")
            if health.formation.get(name, 0) < 1
        ]
    if not wrong:
        return Passed("/healthz; web, worker, beat")
    return Failed(
        title="A platform would not run the product as it has to",
        evidence=listed(wrong),
        why="It deploys what is broken, or leaves work undone.",
        fix="healthCheckPath: /healthz, and one of each in formation",
    )
