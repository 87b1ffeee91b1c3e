"""LC-UP: whether somebody outside watches the product, exactly enough, and whom they wake."""

from urllib.parse import urlsplit

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Monitor, Plan
from apps.launch.registry import check

SECONDS = 60  # a minute lost is a minute in which customers are turned away
WAKING = {"phone", "sms"}
EXPIRIES = ("certificate", "domain")


def health_monitors(plan: Plan) -> list[Monitor]:
    """The monitors that ask the product's health under its canonical name."""
    base = f"https://{plan.site.canonical}"
    return [one for one in plan.monitors if one.url in {f"{base}/healthz", f"{base}/readyz"}]


def watched(facts: Facts) -> list[Monitor]:
    """The same; Skipped where there is none, which LC-UP-001 tells."""
    monitors = health_monitors(known(facts.plan))
    if not monitors:
        raise Skipped("needs a monitor of the health address: LC-UP-001")
    return monitors


@check(
    "LC-UP-001",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="Somebody outside asks whether the product is well",
)
def monitor(facts: Facts) -> Outcome:
    plan = known(facts.plan)
    if found := health_monitors(plan):
        return Passed(listed([one.name for one in found]))
    others = [one.url for one in plan.monitors]
    return Failed(
        title="Nobody outside asks whether the product is well",
        evidence=f"[[monitors]] has {listed(others) if others else 'nothing'}",
        why="You learn from a customer that nobody can sign in.",
        fix=f'[[monitors]] in launch.toml, url = "https://{plan.site.canonical}/healthz"',
    )


@check(
    "LC-UP-002",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="The product's health is asked every minute",
)
def interval(facts: Facts) -> Outcome:
    quickest = min(watched(facts), key=lambda one: one.seconds)
    if quickest.seconds <= SECONDS:
        return Passed(f"{quickest.name}: every {quickest.seconds} s")
    return Failed(
        title="The product's health is asked too seldom",
        evidence=f"{quickest.name} asks every {quickest.seconds} s",
        why="An outage begins long before anybody is told of it.",
        fix=f"let {quickest.name} ask every {SECONDS} s, and say so in launch.toml",
    )


@check(
    "LC-UP-003",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="The monitor knows a well product from an error page",
)
def exactness(facts: Facts) -> Outcome:
    monitors = watched(facts)
    if exact := [one for one in monitors if one.status == 200 and one.body]:
        return Passed(f"{exact[0].name}: 200 and {exact[0].body}")
    return Failed(
        title="The monitor takes an error page for a well product",
        evidence=f"{monitors[0].name} does not ask for status 200 and a text in the answer",
        why="A parking page or the platform's own error counts as well.",
        fix="""status = 200 and body = '"status": "ok"', there and in launch.toml""",
    )


@check(
    "LC-UP-004",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Somebody watches when certificate and domain end",
)
def expiries(facts: Facts) -> Outcome:
    seen = {each for one in known(facts.plan).monitors for each in one.watches}
    missing = [each for each in EXPIRIES if each not in seen]
    if not missing:
        return Passed(listed(EXPIRIES))
    return Failed(
        title=f"Nobody watches when the {' and the '.join(missing)} ends",
        evidence=f"no monitor has {listed(missing)} in watches",
        why="The day it ends, every customer sees a warning, or nothing.",
        fix='watches = ["certificate", "domain"] at a monitor in launch.toml',
    )


@check(
    "LC-UP-005",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="An alert wakes a person",
)
def alerts(facts: Facts) -> Outcome:
    kinds = {alert.name: alert.kind for alert in known(facts.plan).alerts}
    told = sorted({name for one in watched(facts) for name in one.alerts})
    if awake := [name for name in told if kinds.get(name) in WAKING]:
        return Passed(listed(awake))
    return Failed(
        title="No alert wakes anybody",
        evidence=f"the health monitor tells {listed(told) if told else 'nobody'}",
        why="An outage at night lasts until somebody reads their mail.",
        fix='[[alerts]] of kind "phone" or "sms", named in the monitor\'s alerts',
    )


@check(
    "LC-UP-006",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="No monitor asks an address that only redirects",
)
def detours(facts: Facts) -> Outcome:
    plan = known(facts.plan)
    elsewhere = {*plan.site.aliases, plan.site.platform_host} - {plan.site.canonical, ""}
    lost = [one.url for one in plan.monitors if urlsplit(one.url).hostname in elsewhere]
    if not lost:
        return Passed(listed([one.name for one in plan.monitors]) or "there is none")
    return Failed(
        title="A monitor asks an address that only redirects",
        evidence=listed(lost),
        why="The redirect can be well while the product is down.",
        fix=f"let it ask https://{plan.site.canonical}/readyz",
    )
