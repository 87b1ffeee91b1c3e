"""The queue and the health checks of a launch that has nothing wrong."""

from typing import Any

from apps.launch.facts.health import Health
from apps.launch.facts.queue import Queue

QUEUE = Queue(oldest_due=2.0, given_up=0, scheduler_seen=9.0, eviction="noeviction")
HEALTH = Health(
    planes={"/healthz": "public", "/readyz": "public"},
    queries=0,
    asked=("database", "migrations", "cache", "broker", "worker"),
    procfile={
        "release": "python manage.py migrate --noinput",
        "web": "gunicorn --config config/gunicorn.py config.wsgi",
        "worker": "celery --app config worker",
        "beat": "celery --app config beat",
    },
    formation={"web": 1, "worker": 1, "beat": 1},
    render_path="/healthz",
)
SETTINGS: dict[str, Any] = {
    "CELERY_TASK_TIME_LIMIT": 1500,
    "CELERY_TASK_SOFT_TIME_LIMIT": 1440,
    "CELERY_TASK_ACKS_LATE": True,
    "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
    "CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 1800},
    "CELERY_BEAT_SCHEDULE": {
        "sweep jobs": {"task": "jobs.sweep", "schedule": 15.0},
        "settle mail": {"task": "mail.settle", "schedule": 60.0},
    },
}
