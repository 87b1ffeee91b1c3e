"""The launch plan as it is written: with everything in it as comments, and the same when read."""

import tomllib
from datetime import UTC, date, datetime

from apps.launch.plan import (
    AcceptedRisk,
    Alert,
    Budgets,
    Evidence,
    JourneyBudget,
    Mail,
    MailDomain,
    Monitor,
    Owners,
    Plan,
    Proof,
    Provider,
    Redirect,
    Site,
    Subdomain,
)
from apps.launch.plan_file import parse
from apps.launch.plan_text import plan_text

HOSTILE = 'a "quote" \\ back\nline\ttab # no comment [x] \x00\x1b\x7f ünïcode 漢字 \U0001f600'
SHORT = Plan(site=Site(canonical="portal.example.com"))
FULL = Plan(
    site=Site(canonical="portal.example.com", aliases=("example.com",), cut_over=True),
    subdomains=(
        Subdomain(name="status.example.com", purpose=HOSTILE.strip()),
        Subdomain(name="mx.example.com", purpose="mail", kind="mail"),
    ),
    redirects=(Redirect(source="https://a.example/", target="https://b.example/"),),
    registrar=Provider(name=HOSTILE, renews=date(2027, 8, 1)),
    mail=Mail(
        provider="Postmark",
        domains=(MailDomain(name="a.example"), MailDomain(name="b.example", selectors=("x", "y"))),
    ),
    alerts=(Alert(name="on call", kind="phone", target="Ada"),),
    monitors=(
        Monitor(name="up", url="https://portal.example.com/", seconds=60, alerts=("on call",)),
    ),
    owners=Owners(on_call=HOSTILE),
    budgets=Budgets(
        html_ms=400, journeys={"list": JourneyBudget(p95_ms=1), HOSTILE: JourneyBudget(queries=2)}
    ),
    evidence=Evidence(
        backup=Proof(at=datetime(2026, 11, 28, 9, tzinfo=UTC), by="Sam"), off_platform="B2"
    ),
    accepted=(
        AcceptedRisk(id="LC-DNS-009", reason=HOSTILE.strip(), owner="Ada", until=date(2027, 2, 1)),
    ),
)


def test_what_is_written_reads_back_as_the_same_plan() -> None:
    for plan in (SHORT, FULL):
        assert parse(plan_text(plan)) == plan


def test_every_key_that_is_not_said_stands_there_as_a_comment_with_its_example() -> None:
    lines = plan_text(SHORT).splitlines()
    for head in ("# [registrar]", "# [[monitors]]", "# [[mail.domains]]", "# [evidence.backup]"):
        assert head in lines
    assert 'canonical = "portal.example.com"' in lines
    assert any(line.startswith('# aliases = ["example.com", "www.example.com"]') for line in lines)


def test_the_comments_without_their_sign_are_a_plan_too() -> None:
    filled = "\n".join(
        line.removeprefix("# ") if line.startswith(("# [", "# [[")) or " = " in line else line
        for line in plan_text(SHORT).splitlines()
    )
    assert parse(filled).registrar.name == "Gandi"
    assert len(tomllib.loads(filled)) > 10
