"""One-off jobs that really run, their logs in pages, and exports of the database."""

import sys

import pytest

from deploy.render.target import Render
from deploy.target import Source, Stopped
from tests.deploy import render_api
from tests.deploy.platforms.conftest import OLD, Told
from tests.deploy.render_api import DATABASE, WEB

COUNTS = [sys.executable, "-c", "for i in range(10): print(i)"]


def test_a_command_gives_its_words_and_its_exit_status(services: Render) -> None:
    done = services.run(COUNTS)
    assert (done.status, done.text) == (0, "".join(f"{i}\n" for i in range(10)))


@pytest.mark.parametrize("status", [1, 3, 137])
def test_the_exit_status_is_the_commands_own(services: Render, status: int) -> None:
    done = services.run(["sh", "-c", f"echo no; exit {status}"])
    assert (done.status, done.text) == (status, "no\n")


def test_what_a_shell_would_read_in_its_own_way_arrives_as_it_is(services: Render) -> None:
    assert services.run(["echo", "$HOME; exit 9", "it's"]).text == "$HOME; exit 9 it's\n"


def test_an_input_is_refused_rather_than_shown_on_the_dashboard(
    services: Render, render: render_api.Render
) -> None:
    with pytest.raises(Stopped, match=r"takes no input.*on slipway-web: cat") as stopped:
        services.run(["cat"], text="a private key")
    assert "private" not in str(stopped.value)
    assert render.writes == []


def test_a_log_that_comes_late_is_waited_for(services: Render, render: render_api.Render) -> None:
    render.log_comes_late = 5
    assert services.run(COUNTS).text.endswith("9\n")


def test_a_log_that_never_comes_leaves_the_outcome(
    services: Render, render: render_api.Render, waits: list[float]
) -> None:
    render.log_comes_late = 1000
    assert services.run(["sh", "-c", "echo one; echo two; exit 3"]).status == 1
    assert services.run(["sh", "-c", "echo one; echo two"]).status == 0
    assert 60 <= sum(waits) < 200


def test_a_job_that_is_cancelled_is_an_error(services: Render, render: render_api.Render) -> None:
    render.job_ends = "canceled"
    with pytest.raises(Stopped, match="was cancelled"):
        services.run(["true"])


def test_a_job_that_never_ends_is_not_waited_for_forever(
    services: Render, render: render_api.Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.render.job.LONGEST", 30.0)
    render.job_ends = "running"
    with pytest.raises(Stopped, match="is not through after"):
        services.run(["true"])


def test_a_job_belongs_to_web(services: Render, render: render_api.Render) -> None:
    services.run(["true"])
    assert render.writes == [f"POST /v1/services/{WEB}/jobs"]


def test_an_export_is_waited_for_before_anything_is_deployed(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.exports.append({"id": "exp-former", "createdAt": "2026-11-27T09:00:00Z", "looks": -9})
    services.database = DATABASE
    services.ship(pushed, told)
    assert "url" in render.exports[0]
    assert render.writes[:2] == [
        f"POST /v1/postgres/{DATABASE}/export",
        f"POST /v1/services/{WEB}/deploys",
    ]
    services.ship(pushed, told)
    assert len(render.exports) == 2


def test_the_address_of_an_export_is_told_to_nobody(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.database = DATABASE
    services.ship(pushed, told)
    assert "signature" not in told.text


def test_an_export_that_never_comes_stops_the_deploy_before_it_begins(
    services: Render, render: render_api.Render, pushed: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.render.export.LONGEST", 30.0)
    render.refuse("POST", "/export", 202)
    services.database = DATABASE
    with pytest.raises(Stopped, match="is not there after") as stopped:
        services.ship(pushed, Told())
    assert stopped.value.way_back == "Nothing was changed."
    assert render.all_live == [OLD] * 3
