"""The product's Celery app with work that looks around, for `celery --app tests.world.lookout`.

Models are imported by the work itself, since Django is set up after this module.
"""

from typing import TYPE_CHECKING

from celery import shared_task
from django.db import connection

from apps.jobs.registry import handles
from apps.tenants.scope import require_tenant
from config.celery import app

if TYPE_CHECKING:
    from apps.jobs.runner import Run

__all__ = ["app"]

# Celery closes its connection after each task unless it is told how many may use it.
app.conf.CELERY_DB_REUSE_MAX = 100_000


@handles("tests.look")
def look(run: "Run") -> None:
    """Look around as a job."""
    look_around(run.job.arguments["canary"])


@shared_task(name="tests.glance")
def glance(canary: str) -> None:
    """Look around as a plain task, without a row."""
    look_around(canary)


def look_around(canary: str) -> None:
    """Ask for all clients there are, with no filter, and note on which connection that was."""
    from apps.jobs.runner import JobRefused

    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, pg_backend_pid() FROM clients_client")
        rows = cursor.fetchall()
    if strange := [name for _, name, _ in rows if canary not in name]:
        raise JobRefused(f"Looking for {canary}, it saw {strange}")
    client, _, backend = rows[0]
    require_tenant().notes.create(client_id=client, body=f"{canary} on {backend}")


@handles("tests.peep")
def peep(run: "Run") -> None:
    """Look without a tenant, on a connection that other tenants' work has used."""
    from apps.jobs.runner import JobRefused
    from tests.world.crowd import NOTHING, PEEP

    # The driver's own cursor: Django's would refuse the statement, as wall 2.
    found = connection.connection.execute(PEEP).fetchone()
    if found != NOTHING:
        raise JobRefused(f"Without a tenant, it saw {found}")
