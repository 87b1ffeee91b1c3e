"""The jobs of the storm: short ones, long ones that are hit in the middle, and two poisons."""

import os
import signal
import threading

from django.db import connection

from apps.jobs.models import Job
from apps.jobs.registry import handles
from apps.jobs.runner import Run

STEPS, STEP = 12, 0.1  # of a long job: 1.2 seconds
# What a long job's session is called meanwhile: this, the process, the job and the attempt.
AT_WORK = "storm-at-work"
POISON = "This job fails whatever one does"


def leave_effect(run: Run) -> None:
    """What a job does to the world: a row for each time, and nothing that would refuse a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO storm_effect (number, job, attempt) VALUES (%s, %s, %s)",
            [run.job.arguments["number"], run.job.pk, run.job.attempts],
        )


def leave_end(job: Job) -> None:
    """What is done once a job has ended, however it did."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO storm_end VALUES (%s)", [job.arguments["number"]])


@handles("storm.short", ended=leave_end)
def short(run: Run) -> None:
    leave_effect(run)


@handles("storm.long", ended=leave_end)
def long(run: Run) -> None:
    """Work for a while with the effect not yet committed, and say which process does."""
    with connection.cursor() as cursor:
        name = f"{AT_WORK} {os.getpid()} {run.job.pk} {run.job.attempts}"
        cursor.execute("SELECT set_config('application_name', %s, true)", [name])
    leave_effect(run)
    pause = threading.Event()
    for step in range(STEPS):
        run.progress(step, STEPS)
        pause.wait(STEP)


@handles("storm.raises", ended=leave_end)
def raises(run: Run) -> None:
    leave_effect(run)
    raise RuntimeError(POISON)


@handles("storm.kills", ended=leave_end)
def kills(run: Run) -> None:
    """End the worker's process, as too large a job does where memory is short."""
    leave_effect(run)
    os.kill(os.getpid(), signal.SIGKILL)
