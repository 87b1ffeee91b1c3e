"""``manage.py jobs``: see what waits, runs or has failed, and retry, cancel, discard or run it."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.tenants.scope import tenant_scope

LISTED = 200
OPEN_OR_LOST = [Job.State.DEAD, Job.State.FAILED, Job.State.RUNNING, Job.State.QUEUED]
VERBS = {"retry": Job.retry, "cancel": Job.cancel, "discard": Job.discard}
HELP = """List, look into and change jobs.

  jobs                        those that wait, run, failed or were given up; dead letters first
  jobs --state dead --kind transfers.export --tenant acme
  jobs show 42                all about one job, with the traceback of its last failure
  jobs retry 42 43            give those that ended without success five more attempts
  jobs cancel 42              stop one that waits or runs
  jobs discard 42             lay aside a dead letter that nobody needs
  jobs run 42                 do one now, in this process, ahead of all others

A job's arguments are never shown, since they may name people. Several are changed together or not
at all; run does one after another. It leaves with 1, and says why, where there is nothing to change
or to do, and where a job that it ran did not succeed."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = ["list", "show", "run", *VERBS]
        parser.add_argument("verb", nargs="?", choices=verbs, default="list")
        parser.add_argument("id", nargs="*", type=int, help="which jobs, for all verbs but list")
        parser.add_argument("--state", choices=Job.State.values, help="list those in this state")
        parser.add_argument("--kind", help="list those of this kind, such as mail.send")
        parser.add_argument("--tenant", help="list those of the workspace with this slug")
        parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")

    def handle(self, *, verb: str, id: list[int], **options: Any) -> None:
        if (verb == "list") == bool(id):
            raise CommandError(
                "Say which: jobs show 42, and in the same way run, retry, cancel and discard; "
                "jobs list takes none."
            )
        if verb == "list":
            jobs = [facts(job) for job in listed(options).select_related("tenant")[:LISTED]]
            write = as_lines
        else:
            if verb in VERBS:
                self.change(verb, id)
            elif verb == "run":
                self.run(id)
            at_length = verb in {"show", "run"}
            tell, write = (everything, as_pages) if at_length else (facts, as_lines)
            jobs = [tell(job) for job in found(id)]
        self.stdout.write(json.dumps(jobs, indent=2) if options["json"] else write(jobs))
        if verb == "run" and any(job["state"] != Job.State.SUCCEEDED for job in jobs):
            raise CommandError("Not all of them succeeded: see above.")

    def run(self, pks: list[int]) -> None:
        """Do each, the oldest first. Raises CommandError at the first that is not to be had."""
        for job in reversed(found(pks)):
            if not attempt(job.pk):
                state = job.get_state_display().lower()
                raise CommandError(
                    f"Job {job.pk} is {state}: a worker does it, it rests until "
                    f"{job.run_after:%H:%M:%S} UTC, or it has ended, and jobs retry {job.pk} "
                    "has it tried again."
                )

    def change(self, verb: str, pks: list[int]) -> None:
        """Change all of them, or raise CommandError and none."""
        with transaction.atomic():
            for job in found(pks):
                with ExitStack() as scope:
                    if job.tenant:
                        scope.enter_context(tenant_scope(job.tenant))
                    if not VERBS[verb](job):
                        state = job.get_state_display().lower()
                        raise CommandError(f"Job {job.pk} is {state}: there is nothing to {verb}.")


def listed(options: dict[str, Any]) -> QuerySet[Job]:
    """The jobs that were asked for: dead letters first, then the newest."""
    jobs = Job.objects.filter(state__in=OPEN_OR_LOST)
    if options["state"]:
        jobs = Job.objects.filter(state=options["state"])
    if options["kind"]:
        jobs = jobs.filter(kind=options["kind"])
    if options["tenant"]:
        jobs = jobs.filter(tenant__slug=options["tenant"])
    ranks = [When(state=state, then=Value(rank)) for rank, state in enumerate(OPEN_OR_LOST[:2])]
    return jobs.order_by(Case(*ranks, default=Value(9), output_field=IntegerField()), "-pk")


def found(pks: list[int]) -> list[Job]:
    """The jobs of these numbers, the newest first. Raises CommandError if one is not there."""
    jobs = Job.objects.select_related("tenant").in_bulk(pks)
    for pk in pks:
        if pk not in jobs:
            raise CommandError(f"There is no job {pk}.")
    return sorted(jobs.values(), key=lambda job: -job.pk)


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


def everything(job: Job) -> dict[str, Any]:
    """What is shown of a job that is looked into: its times, its worker and the traceback too."""
    moments = ("created_at", "run_after", "started_at", "lease_until", "finished_at")
    said = {name: getattr(job, name) for name in moments}
    return {
        **facts(job),
        "allowed_attempts": job.allowed_attempts,
        "worker": job.worker,
        **{name: moment.isoformat() if moment else None for name, moment in said.items()},
        "traceback": job.traceback,
    }


def as_pages(jobs: list[dict[str, Any]]) -> str:
    """Each job in lines of a name and a value, and below them the traceback."""
    pages = []
    for job in jobs:
        lines = [f"{name + ':':<18}{'-' if v in (None, '') else v}" for name, v in job.items()]
        pages.append("\n".join([*lines[:-1], *([job["traceback"]] if job["traceback"] else [])]))
    return "\n\n".join(pages)


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
    return "\n".join([head, *rows]) if rows else "No such job: none is open, and none has failed."
