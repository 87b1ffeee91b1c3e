"""The example on the page on jobs works as it stands there."""

import re
from pathlib import Path
from typing import Any

import pytest

from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.jobs.conftest import on_record

PAGE = Path(__file__).parents[2] / "docs/jobs.md"
HANDLER, ASKING = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_example_does_what_it_says(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.discover()
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    exec(HANDLER, {})  # our own page

    def ask() -> Job:
        request = type("Request", (), {"tenant": acme, "user": None})
        said: dict[str, Any] = {"Job": Job, "request": request}
        job: Job = eval(ASKING, said)  # our own page
        attempt(job.pk)
        return on_record(job)

    refused = ask()
    assert (refused.state, refused.error) == (Job.State.FAILED, "There are no clients yet.")
    with tenant_scope(acme):
        acme.clients.create(name=" Aldgate ")
    done = ask()
    assert (done.state, done.result, done.kind_in_words) == (
        Job.State.SUCCEEDED,
        {"clients": 1},
        "Tidying up",
    )
    with tenant_scope(acme):
        assert acme.clients.get().name == "Aldgate"
