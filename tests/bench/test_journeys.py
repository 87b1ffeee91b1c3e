"""What the journeys cost by launch_baseline: eight people at once, a portal under gunicorn."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.clients.management.commands.seed import OWNER, PASSWORD
from dev.portal import Portal

pytestmark = pytest.mark.bench
WORKSPACE = "contoso-services"  # of 10,000 clients


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    variables = {"SLIPWAY_BASELINE_PASSWORD": PASSWORD}
    with Portal(servers=os.environ, folder=tmp_path / "portal", variables=variables) as running:
        running.authority.cert_pem.write_to_path(str(tmp_path / "root.pem"))
        yield running


def test_the_journeys_of_a_workspace_of_ten_thousand(
    portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "launch.toml"
    plan.write_text('[site]\ncanonical = "portal.example.com"\n')
    said = portal.manage(
        *("launch_baseline", "--live", portal.url, "--ca-file", str(tmp_path / "root.pem")),
        *("--email", OWNER[0], "--workspace", WORKSPACE, "--plan", str(plan)),
    )
    with capsys.disabled():
        print(f"\n{said}")
