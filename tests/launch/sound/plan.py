"""A launch plan that leaves nothing open: parsed, as of a day at noon, and as a file of today."""

from datetime import UTC, date, datetime, timedelta

from apps.launch.plan import (
    Alert,
    Evidence,
    Hosting,
    Mail,
    MailDomain,
    Monitor,
    Owners,
    Plan,
    Proof,
    Provider,
    Site,
    Subdomain,
)
from tests.launch.sound.project import RECORDED

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def proof(*, days: float) -> Proof:
    """That something was done so many days ago."""
    return Proof(at=NOW - timedelta(days=days), by="Sam Reed")


PLAN = Plan(
    site=Site(
        canonical="portal.harbourside.co",
        aliases=("harbourside.co", "www.harbourside.co"),
        platform_host="harbourside.onrender.com",
    ),
    subdomains=(
        Subdomain(name="status.harbourside.co", purpose="status page", kind="elsewhere"),
        Subdomain(name="mail.harbourside.co", purpose="the product's mail", kind="mail"),
    ),
    registrar=Provider(name="Gandi", account="ops@harbourside.co", renews=date(2027, 8, 1)),
    dns=Provider(name="deSEC", account="ops@harbourside.co"),
    hosting=Hosting(name="Hetzner", account="ops@harbourside.co"),
    mail=Mail(
        provider="Postbird",
        account="ops@harbourside.co",
        return_path="bounces.harbourside.co",
        bounces="provider",
        domains=(MailDomain(name="mail.harbourside.co", selectors=("pm",)),),
    ),
    monitors=(
        Monitor(
            name="uptime",
            url="https://portal.harbourside.co/healthz",
            seconds=60,
            status=200,
            body='"status": "ok"',
            watches=("certificate", "domain"),
            alerts=("on call",),
        ),
    ),
    alerts=(Alert(name="on call", kind="phone", target="Sam Reed, +44 20 7946 0000"),),
    owners=Owners(
        product="Ada Byron",
        technical="Sam Reed",
        on_call="Sam Reed",
        security="security@harbourside.co",
    ),
    evidence=Evidence(
        backup=proof(days=0.5),
        off_platform="Backblaze B2, bucket harbourside-backups",
        restore_drill=proof(days=30),
        rollback_drill=proof(days=30),
        previous_release=proof(days=10),
        handover=proof(days=20),
    ),
    fingerprints=RECORDED,
)


def written(host: str) -> str:
    """The same as a file, for the product at `host` and of today."""
    now = datetime.now(UTC)
    day = f"{now:%Y-%m-%d}"
    account = 'name = "Gandi"\naccount = "ops@harbourside.co"\n'
    return f"""
[site]
canonical = "{host}"
aliases = ["harbourside.co", "www.harbourside.co"]
[registrar]
{account}renews = {now + timedelta(days=400):%Y-%m-%d}
[dns]
{account}
[hosting]
{account}
[mail]
provider = "Postmark"
account = "ops@harbourside.co"
bounces = "provider"
[[mail.domains]]
name = "mail.harbourside.co"
selectors = ["pm"]
[[monitors]]
name = "uptime"
url = "https://{host}/healthz"
seconds = 60
status = 200
body = '"status": "ok"'
watches = ["certificate", "domain"]
alerts = ["on call"]
[[alerts]]
name = "on call"
kind = "phone"
target = "Sam Reed, +44 20 7946 0000"
[owners]
product = "Ada Byron"
technical = "Sam Reed"
on_call = "Sam Reed"
security = "security@harbourside.co"
[evidence]
backup = {{ at = {now:%Y-%m-%dT%H:%M:%SZ}, by = "pgBackRest" }}
off_platform = "Backblaze B2"
restore_drill = {{ at = {day}, by = "Sam Reed" }}
rollback_drill = {{ at = {day}, by = "Sam Reed" }}
previous_release = {{ at = {day}, by = "Sam Reed" }}
handover = {{ at = {day}, by = "Ada Byron" }}
"""
