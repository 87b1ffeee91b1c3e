"""Builds the handover pack: plain data in, sections out; it asks and writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

from apps.core.surface import Route
from apps.launch.facts import Facts, Unasked
from apps.launch.findings import Report
from apps.launch.handover.breakage import breakages
from apps.launch.handover.names import domain_map, records
from apps.launch.handover.parts import (
    Block,
    Code,
    Heading,
    Link,
    Pack,
    Section,
    Span,
    Step,
    Steps,
    Table,
    Text,
    Words,
    blank,
    marked,
    said,
    unsaid,
)
from apps.launch.handover.running import platform, running
from apps.launch.handover.seal import fingerprint
from apps.launch.handover.state import baseline, risks
from apps.launch.plan import Monitor, Plan, Provider, Site
from config.env import Env

NO_PLAN = Plan(site=Site(canonical=""))
PLANES = {
    "public": "Open to everybody",
    "account": "To whoever is signed in",
    "tenant": "To members of a workspace, from a role on",
    "platform": "To our own staff, with a second factor",
    "undeclared": "Nobody has said to whom",
}
EVERYWHERE = ("production", "staging", "development", "test")
OWNERS = {
    "product": "decides",
    "technical": "can mend it",
    "on_call": "is woken",
    "security": "reads reports of holes",
}


def pack(
    facts: Facts, report: Report, *, routes: Sequence[Route], processes: Mapping[str, str]
) -> Pack:
    """The pack of a launch; `processes` are those of the Procfile, by name."""
    plan = NO_PLAN if isinstance(facts.plan, Unasked) else facts.plan
    return Pack(
        site=plan.site.canonical,
        product=facts.product.name,
        made=f"{facts.now:%Y-%m-%d}",
        release=report.release,
        fingerprint=fingerprint(plan),
        sections=(
            domain_map(plan),
            records(plan),
            environment(plan),
            access(plan),
            running(plan, processes),
            monitoring(plan),
            endpoints(routes),
            baseline(plan, facts),
            risks(plan, report),
        ),
        breakages=breakages(plan),
    )


def environment(plan: Plan) -> Section:
    """Every variable, and never a value."""
    return Section(
        name="environment",
        title="Environment inventory",
        blocks=(
            Text(
                marked(
                    "Names alone: values stand on the platform and nowhere else. "
                    "`python manage.py env_docs` compares this list's source with its pages, and "
                    "`python manage.py fingerprints` lets two environments be compared unseen."
                )
            ),
            Text(
                (
                    "The technical owner is ",
                    said(plan.owners.technical, "[owners] technical"),
                    "; the mail owner holds the account ",
                    said(plan.mail.account, "[mail] account"),
                    ".",
                )
            ),
            Table(
                ("Variable", "What for", "Kept by", "Comes from", "Changed", "Secret", "Where"),
                [variable(one) for one in fields(Env)],
            ),
            Heading("To change one"),
            Steps((platform(plan).variables,)),
        ),
    )


def variable(one: "Field[Any]") -> tuple[Words, ...]:
    """The row on one variable."""
    about = one.metadata
    return (
        Code(one.name),
        marked(about["purpose"]),
        about["owner"],
        about["source"],
        marked(about["rotation"]) or "as needed",
        "secret" if about["secret"] else "no",
        ", ".join(about["environments"]) if set(EVERYWHERE) - set(about["environments"]) else "all",
    )


def access(plan: Plan) -> Section:
    """Who answers for what, and whose the accounts are."""
    mail = Provider(name=plan.mail.provider, account=plan.mail.account)
    accounts = {
        "registrar": account("registrar", plan.registrar, "name"),
        "DNS": account("dns", plan.dns, "name"),
        "hosting": account("hosting", plan.hosting, "name"),
        "mail": (*account("mail", mail, "provider")[:2], blank("where one signs in"), ""),
    }
    return Section(
        name="access",
        title="Access and ownership",
        blocks=(
            Table(
                ("Who", "Name"),
                [
                    (f"who {what}", said(getattr(plan.owners, name), f"[owners] {name}"))
                    for name, what in OWNERS.items()
                ],
            ),
            Heading("Accounts"),
            Table(
                ("What", "Company", "Account", "Sign in", "Paid until"),
                [(what, *cells) for what, cells in accounts.items()],
            ),
            Heading("The product's own staff"),
            Steps(
                (
                    Step(
                        "Who may see the operations page; take out who has left.",
                        platform(plan).run("python manage.py staff list"),
                    ),
                )
            ),
        ),
    )


def account(table: str, one: Provider, company: str) -> tuple[Span, Span, Span, Span]:
    """Company, account, where one signs in, and until when it is paid."""
    return (
        said(one.name, f"[{table}] {company}"),
        said(one.account, f"[{table}] account"),
        Link(one.url) if one.url else unsaid(f"[{table}] url"),
        f"{one.renews}" if one.renews else unsaid(f"[{table}] renews"),
    )


def monitoring(plan: Plan) -> Section:
    """What watches from outside, and who hears of it."""
    blocks: list[Block] = [Heading("Monitors")]
    if plan.monitors:
        head = ("Monitor", "Asks", "Every", "Expects", "Watches", "Tells", "Look")
        blocks.append(Table(head, [monitor(one, plan) for one in plan.monitors]))
    else:
        blocks.append(Text(unsaid("[[monitors]]")))
    blocks.append(Heading("Who gets alerts"))
    if plan.alerts:
        rows = [(one.name, one.kind, one.target) for one in plan.alerts]
        blocks.append(Table(("Alert", "By", "Reaches"), rows))
    else:
        blocks.append(Text(unsaid("[[alerts]]")))
    site = said(plan.site.canonical, "[site] canonical")
    blocks += [
        Heading("The product's own signs"),
        Table(
            ("Address", "What it says"),
            [
                (("https://", site, "/healthz"), "200 and the release, while the process runs"),
                (
                    ("https://", site, "/readyz"),
                    "503 and what fails: database, migrations, cache, broker, worker",
                ),
                (
                    ("https://", site, "/operations/"),
                    "release, queue, mail and failed jobs; for staff",
                ),
            ],
        ),
        Text(marked("Errors go to Sentry once `SENTRY_DSN` is set. docs/operations.md has more.")),
    ]
    return Section(name="monitoring", title="Monitoring and alerts", blocks=tuple(blocks))


def monitor(one: Monitor, plan: Plan) -> tuple[Words, ...]:
    """The row on one monitor; an alert that the plan does not describe is a gap."""
    known = {alert.name for alert in plan.alerts}
    told: list[Span] = []
    for name in one.alerts:
        told += [", "] if told else []
        told.append(name if name in known else unsaid(f'[[alerts]] name = "{name}"'))
    expects = " and ".join(filter(None, (f"{one.status}" if one.status else "", one.body)))
    return (
        one.name,
        Code(one.url),
        f"{one.seconds} s",
        said(expects, "[[monitors]] status"),
        said(", ".join(one.watches), "[[monitors]] watches"),
        tuple(told) or unsaid("[[monitors]] alerts"),
        Link(one.link) if one.link else unsaid("[[monitors]] link"),
    )


def endpoints(routes: Sequence[Route]) -> Section:
    """Every route, by who may call it."""
    blocks: list[Block] = [
        Text(
            marked("As `python manage.py access_map` prints it; a view that says nothing is shut.")
        )
    ]
    for plane, title in PLANES.items():
        found = [
            one
            for one in routes
            if (one.access.plane.value if one.access else "undeclared") == plane
        ]
        if found:
            head = ("Address", "Role", "Methods") if plane == "tenant" else ("Address", "Methods")
            blocks += [Heading(title), Table(head, [endpoint(one, plane) for one in found])]
    return Section(name="endpoints", title="Protected endpoints", blocks=tuple(blocks))


def endpoint(one: Route, plane: str) -> tuple[Words, ...]:
    """The row on one route."""
    methods = ", ".join(one.access.methods) if one.access else ""
    role = str(one.access.role.value) if one.access and one.access.role else ""
    path = Code(f"/{one.path}")
    return (path, role, methods) if plane == "tenant" else (path, methods)
