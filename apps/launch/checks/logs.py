"""LC-LOG: whether lines and error reports tell what is needed and no secret."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

MOST_TRACED = 0.2  # of the requests; beyond, tracing costs more than it tells


@check(
    "LC-LOG-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No secret comes out in a log line",
)
def lines(facts: Facts) -> Outcome:
    found = known(facts.logs).leaks
    if not found:
        return Passed("password, token, cookie and DSN were planted")
    return Failed(
        title="Secrets come out in the logs",
        evidence=f"planted and found: {listed(found)}",
        why="Whoever reads the logs, a provider too, can sign in as others.",
        fix="put mask_secrets last but one in LOGGING, as in production.py",
    )


@check(
    "LC-LOG-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No secret comes out in an error report",
)
def reports(facts: Facts) -> Outcome:
    found = known(known(facts.logs).reports).leaks
    if not found:
        return Passed("password, token, cookie and DSN were planted")
    return Failed(
        title="Secrets leave with the error reports",
        evidence=f"planted and found: {listed(found)}",
        why="They lie at another company, open to all who read errors.",
        fix="before_send=prepare and NOTHING, as in apps/core/sentry.py",
    )


@check(
    "LC-LOG-003",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="One request ID is in the answer, the lines, the tasks and the error reports",
)
def one_id(facts: Facts) -> Outcome:
    arrivals = known(facts.logs).arrivals
    missing = [place for place, arrived in arrivals.items() if not arrived]
    if arrivals and not missing:
        return Passed(listed(sorted(arrivals)))
    return Failed(
        title="A request's ID gets lost on the way",
        evidence=f"it is missing in {listed(missing)}" if missing else "it was seen nowhere",
        why="A customer quotes it, and nobody finds what went wrong.",
        fix="put RequestMiddleware and the signals of config/celery.py back",
    )


@check(
    "LC-LOG-004",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Production does not log at DEBUG",
)
def level(facts: Facts) -> Outcome:
    seen = known(facts.logs).level
    if seen not in {"DEBUG", "NOTSET"} or facts.environment != "production":
        return Passed(seen)
    return Failed(
        title="Production logs everything",
        evidence=f"the root logger is at {seen}",
        why="Lines for developers fill the log and tell of customers' data.",
        fix="LOG_LEVEL=INFO",
    )


@check(
    "LC-LOG-005",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Every line is one JSON object",
    reads=["LOGGING"],
)
def as_json(facts: Facts) -> Outcome:
    plain = known(facts.logs).plain
    if not plain:
        return Passed("every handler in use")
    return Failed(
        title="Log lines cannot be searched by their fields",
        evidence=f"no JSON from {listed(plain)}",
        why="You cannot ask for all lines of one request or one workspace.",
        fix="LOGGING as production.py has it",
    )


@check(
    "LC-LOG-006",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="Error reports name the running release and environment",
)
def named(facts: Facts) -> Outcome:
    names = known(known(facts.logs).reports).names
    wrong = [
        f"{name} {there or 'nothing'} instead of {right}"
        for name, (there, right) in names.items()
        if there != right
    ]
    if not wrong:
        return Passed(listed([right for _, right in names.values()]))
    return Failed(
        title="Error reports do not say which release or environment fails",
        evidence=f"Sentry is told {listed(wrong)}",
        why="You cannot tell if your last deploy did it, or if it is staging.",
        fix="start_sentry with ENVIRONMENT and RELEASE, as in production.py",
    )


@check(
    "LC-LOG-007",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Error reports gather no personal data by themselves",
)
def collects(facts: Facts) -> Outcome:
    seen = known(known(facts.logs).reports).collects
    if not seen:
        return Passed("bodies, headers, cookies, queries and variables are off")
    return Failed(
        title="Error reports take personal data along",
        evidence=f"Sentry's options have {listed(seen)} on",
        why="Your customers' data lies at another company, unannounced.",
        fix="data_collection=NOTHING, as in apps/core/sentry.py",
    )


@check(
    "LC-LOG-008",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Tracing takes a small share of the requests",
)
def traces(facts: Facts) -> Outcome:
    share = known(known(facts.logs).reports).traces
    if not share or share <= MOST_TRACED:
        return Passed(f"{share:.0%}" if share else "off, or by a sampler")
    return Failed(
        title="Nearly every request is traced",
        evidence=f"traces_sample_rate is {share:g}",
        why="It slows every page and uses up what Sentry lets you send.",
        fix=f"traces_sample_rate={MOST_TRACED} or less",
    )
