"""The operations page: how the product stands, for those who run it."""

from dataclasses import dataclass
from typing import cast

from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from apps.core import health
from apps.core.access import Plane, access
from apps.core.http import SignedInRequest
from apps.ops.apps import OpsConfig
from apps.ops.figures import figures

# By the name of a check: what the page calls it, and where to look when it fails.
PARTS = {
    "database": ("Database", "Look at the server that DATABASE_URL names."),
    "migrations": ("Migrations", "Run python manage.py migrate."),
    "cache": ("Cache", "Look at the server that REDIS_URL names."),
    "broker": ("Queue", "Look at the server that REDIS_URL names. Jobs wait and none is lost."),
    "worker": ("Worker", "Start the worker process of the Procfile, or read its log."),
    "scheduler": ("Scheduler", "Start the beat process of the Procfile, or read its log."),
}
SCHEDULER = health.Probe(health.scheduler)


@dataclass(frozen=True)
class Part:
    """How one of the things stands that the product needs; `error` is empty if it is well."""

    label: str
    mend: str
    ms: float
    error: str


@access(Plane.PLATFORM)
def operations(request: SignedInRequest) -> HttpResponse:
    """How things stand. Each view of it is a crossing of tenants' walls, and is kept as one."""
    parts = ask_parts()
    context = {
        "environment": settings.ENVIRONMENT,
        "release": settings.RELEASE,
        "started_at": cast(OpsConfig, apps.get_app_config("ops")).started_at,
        "parts": parts,
        "failing": ", ".join(part.label for part in parts if part.error),
        "figures": figures(reason=f"Operations page, opened by {request.user.email}"),
    }
    return render(request, "ops/operations.html", context)


def ask_parts() -> list[Part]:
    """Ask each part, all at once; what does not answer in time is said to have timed out."""
    attempts = health.ask_all({**health.PROBES, "scheduler": SCHEDULER})
    return [Part(*PARTS[name], attempt.ms, attempt.error) for name, attempt in attempts.items()]
