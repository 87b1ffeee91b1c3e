"""The clock of the limits, standing still until a test puts it forward."""

from types import SimpleNamespace

import pytest
from django_ratelimit import core


class Clock:
    """What django-ratelimit takes for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr(core, "time", SimpleNamespace(time=lambda: self.now))

    def put_forward(self, *, seconds: float) -> None:
        self.now += seconds
