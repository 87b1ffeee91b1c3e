"""The log lines and error reports of a launch that has nothing wrong."""

from apps.launch.facts.logs import Logs, Reports

REPORTS = Reports(
    names={"release": ("4f2c91a", "4f2c91a"), "environment": ("production", "production")},
    collects=(),
    traces=None,
    leaks=(),
)
PLACES = ("the answer", "a log line", "an error report", "a task")
LOGS = Logs(level="INFO", plain=(), leaks=(), arrivals=dict.fromkeys(PLACES, True), reports=REPORTS)
