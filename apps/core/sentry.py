"""Errors to Sentry, without what is nobody's business."""


def start_sentry(*, dsn: str, environment: str, release: str) -> None:
    """Start reporting to `dsn`; with an empty one, do nothing."""
