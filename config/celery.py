"""The entry point of the worker and the scheduler, and what each of their log lines knows."""

import os
from typing import Any

import structlog
from celery import signals

from apps.core.request_id import request_id
from apps.jobs import turns, worker
from apps.jobs.bell import hurried
from apps.tenants.celery import TenantCelery
from config.env import settings_module


class App(TenantCelery):
    """The product's app: its tasks carry their tenant, and publishing holds up no request."""

    @property
    def producer_pool(self) -> Any:
        """Where messages leave: a worker's task may wait for the broker, nobody else does."""
        return super().producer_pool if self.current_worker_task else hurried(self)


os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
app = App("slipway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def leave_logs_alone(**kwargs: Any) -> None:
    """Keep Celery from logging in a way of its own; that somebody listens is all that it takes."""


@signals.before_task_publish.connect
def send_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    """Send along the ID of the request that asks for the task."""
    if current := request_id.get():
        headers.setdefault("request_id", current)


@signals.task_prerun.connect
def take_request_id(task: Any, **kwargs: Any) -> None:
    """Work under the ID of the request that asked, and say in each line which task it is."""
    task.request.outer_request_id = request_id.set(task.request.get("request_id") or "")
    task.request.outer_facts = structlog.contextvars.bind_contextvars(task=task.name)


@signals.task_postrun.connect
def leave_request_id(task: Any, **kwargs: Any) -> None:
    """Leave the process as the next task should find it."""
    request_id.reset(task.request.outer_request_id)
    structlog.contextvars.reset_contextvars(**task.request.outer_facts)


signals.celeryd_after_setup.connect(worker.note_slots)
signals.celeryd_after_setup.connect(turns.share)
signals.worker_ready.connect(worker.watch_for_stop)
