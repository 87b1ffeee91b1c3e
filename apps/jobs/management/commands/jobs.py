"""``manage.py jobs``: see what waits, runs or has failed, and retry or cancel it."""

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.jobs.models import Job
from apps.tenants.scope import tenant_scope

LISTED = 200


class Command(BaseCommand):
    help = "List open and failed jobs (list), or retry or cancel one: jobs retry 42"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", nargs="?", choices=["list", "retry", "cancel"], default="list")
        parser.add_argument("id", nargs="*", type=int, help="the jobs to retry or cancel")
        parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")

    def handle(self, *, verb: str, id: list[int], json: bool, **options: Any) -> None:
        if (verb == "list") == bool(id):
            raise CommandError("Say which: jobs retry 42, or jobs cancel 42; jobs list takes none.")
        if verb == "list":
            lost = Job.objects.filter(state__in=[Job.State.FAILED, Job.State.DEAD])
            chosen = (Job.objects.open() | lost).order_by("-pk")[:LISTED]
        else:
            chosen = Job.objects.filter(pk__in=id).order_by("-pk")
            self.change(verb, id)
        jobs = [facts(job) for job in chosen.select_related("tenant")]
        self.stdout.write(as_json(jobs) if json else as_lines(jobs))

    def change(self, verb: str, pks: list[int]) -> None:
        """Retry or cancel all of them, or raise CommandError and none."""
        with transaction.atomic():
            for pk in pks:
                job = Job.objects.select_related("tenant").filter(pk=pk).first()
                if job is None:
                    raise CommandError(f"There is no job {pk}.")
                with ExitStack() as scope:
                    if job.tenant:
                        scope.enter_context(tenant_scope(job.tenant))
                    if not (job.retry() if verb == "retry" else job.cancel()):
                        state = job.get_state_display().lower()
                        raise CommandError(f"Job {pk} is {state}: there is nothing to {verb}.")


def facts(job: Job) -> dict[str, Any]:
    """What is shown of a job: never its arguments, which may name people."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "tenant": job.tenant.slug if job.tenant else None,
        "attempts": job.attempts,
        "age_seconds": round((timezone.now() - job.created_at).total_seconds()),
        "done": job.done,
        "total": job.total,
        "request_id": job.request_id,
        "error": job.error or job.traceback.strip().rpartition("\n")[2],
    }


def as_json(jobs: list[dict[str, Any]]) -> str:
    return json.dumps(jobs, indent=2)


def as_lines(jobs: list[dict[str, Any]]) -> str:
    """One line for each job, in columns."""
    line = "{id:>8}  {kind:<20}  {state:<9}  {tenant:<20}  {attempts:>3}  {age_seconds:>8}  {error}"
    head = line.format_map(
        {
            "id": "ID",
            "kind": "KIND",
            "state": "STATE",
            "tenant": "WORKSPACE",
            "attempts": "TRY",
            "age_seconds": "AGE (s)",
            "error": "ERROR",
        }
    )
    rows = [line.format_map({**job, "tenant": job["tenant"] or "-"}).rstrip() for job in jobs]
    return "\n".join([head, *rows]) if rows else "No job is open, and none has failed."
