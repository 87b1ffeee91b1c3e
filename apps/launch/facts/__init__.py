"""What the checks judge: plain data that asks nobody; gathering/ and probes/ fill it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.launch.facts.backups import Backups
from apps.launch.facts.baseline import Baseline
from apps.launch.facts.database import Database
from apps.launch.facts.dns import Dns
from apps.launch.facts.handover import Handover
from apps.launch.facts.health import Health
from apps.launch.facts.logs import Logs
from apps.launch.facts.migrations import Migrations
from apps.launch.facts.project import Project
from apps.launch.facts.queue import Queue
from apps.launch.facts.records import Records
from apps.launch.facts.rehearsal import Rehearsal
from apps.launch.facts.surface import Surface
from apps.launch.facts.tls import Tls
from apps.launch.facts.unasked import Skipped, Unasked, known
from apps.launch.facts.web import Web
from apps.launch.findings import Finding
from apps.launch.plan import Plan
from config.product import Product

__all__ = ["Database", "Facts", "Message", "Skipped", "Unasked", "known"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one of Django's checks said."""

    id: str
    text: str
    hint: str
    is_error: bool
    silenced: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that checks may look at. A fact that could not be had is an Unasked.

    What goes over the network (dns, tls, web) is Skipped without --live. `expected` is the
    environment that it is to be. `findings` is what the other checks found, for those few that
    judge findings.
    """

    now: datetime
    settings: Mapping[str, Any]
    product: Product
    plan: Plan | Unasked
    django: tuple[Message, ...] | Unasked
    database: Database | Unasked
    worker_seen: float | Unasked | None  # seconds since a worker's last sign of life
    errors_reported: bool
    sign_in_required: bool  # unless a view says otherwise
    project: Project | Unasked
    surface: Surface | Unasked
    migrations: Migrations | Unasked
    queue: Queue | Unasked
    health: Health | Unasked
    handover: Handover | Unasked
    records: Records | Unasked
    rehearsal: Rehearsal | Unasked
    logs: Logs | Unasked
    baseline: Baseline | Unasked
    backups: Backups | Unasked
    dns: Dns | Unasked
    tls: Tls | Unasked
    web: Web | Unasked
    expected: str = "production"
    findings: tuple[Finding, ...] = ()

    @property
    def environment(self) -> str:
        return str(self.settings["ENVIRONMENT"])

    def with_findings(self, findings: tuple[Finding, ...]) -> "Facts":
        """The same facts for checks that judge what the others found."""
        return replace(self, findings=findings)

    @property
    def is_staging(self) -> bool:
        """Whether staging is what runs."""
        return self.environment == "staging"

    @property
    def is_judged_as_staging(self) -> bool:
        """Whether that is well, so that what is production's alone is not asked."""
        return self.is_staging and self.expected == "staging"
