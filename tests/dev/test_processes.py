"""The Procfile's lines: what they print, how they end, and that nothing of them stays."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dev.processes import Processes, directly, end_earlier, pids_beside
from tests.world.waiting import wait_until


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Processes]]:
    """Start a Procfile; it ends with the test."""
    started = []

    def begin(procfile: str) -> Processes:
        (tmp_path / "Procfile").write_text(procfile)
        made = Processes(
            tmp_path / "Procfile",
            env={"PATH": os.environ["PATH"], "NAME": "Ada Lovelace"},
            folder=tmp_path,
            log=tmp_path / "run.log",
        )
        started.append(made)
        made.start()
        return made

    yield begin
    for each in started:
        each.stop(0)


@pytest.fixture
def heard(tmp_path: Path) -> Callable[[], str]:
    """Wait for a process to write to the pipe `heard` in its folder; return what it wrote."""
    os.mkfifo(tmp_path / "heard")
    return lambda: (tmp_path / "heard").read_text().strip()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_ended(processes: Processes) -> None:
    for each in processes.running.values():
        each.wait(10)


def test_each_line_runs_with_the_environment_and_is_logged_under_its_name(
    start: Callable[[str], Processes], tmp_path: Path
) -> None:
    processes = start("web: echo serving $NAME\nworker: echo working\n# none\n")
    wait_until_ended(processes)
    processes.stop()
    assert sorted((tmp_path / "run.log").read_text().splitlines()) == [
        "web    | serving Ada Lovelace",
        "worker | working",
    ]


def test_the_one_that_ended_is_named_with_its_last_lines(
    start: Callable[[str], Processes], heard: Callable[[], str]
) -> None:
    processes = start(
        'web: echo up > heard; read wait < heard\nworker: sh -c "seq 40; echo no broker; exit 3"\n'
    )
    assert heard() == "up"
    processes.running["worker"].wait(10)
    assert processes.ended() == "worker"
    lines = processes.obituary("worker").split("\n")
    assert lines[-1] == "  no broker"
    assert len(lines) == 15


def test_nothing_is_shown_before_it_is_asked_for(
    start: Callable[[str], Processes], capfd: pytest.CaptureFixture[str]
) -> None:
    processes = start("web: echo noise\n")
    wait_until_ended(processes)
    processes.stop()
    assert capfd.readouterr().out == ""


def test_a_simple_line_gets_its_signals_itself() -> None:
    assert directly("gunicorn config.wsgi") == "exec env gunicorn config.wsgi"
    assert directly("cd web && gunicorn") == "cd web && gunicorn"


def test_stopping_lets_a_process_finish_what_it_does(
    start: Callable[[str], Processes], heard: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "work.sh").write_text(
        'trap "echo finished > done; exit 0" TERM\necho up > heard\n'
        "while :; do read x < never; done\n"
    )
    os.mkfifo(tmp_path / "never")
    processes = start("worker: sh work.sh\n")
    assert heard() == "up"
    processes.stop(5)
    assert (tmp_path / "done").read_text() == "finished\n"


def test_what_does_not_stop_is_ended_with_its_children(
    start: Callable[[str], Processes], heard: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "deaf.sh").write_text('trap "" TERM\nsleep 300 &\necho "$! $$" > heard\nwait\n')
    processes = start("worker: sh deaf.sh\n")
    pids = [int(word) for word in heard().split()]
    processes.stop(0.1)
    # The system ends them; it may take a moment for what is nobody's child here.
    wait_until(lambda: not any(map(is_alive, pids)), "both are ended")


def test_what_a_killed_run_left_is_ended_and_nobody_elses_process(
    start: Callable[[str], Processes], tmp_path: Path
) -> None:
    processes = start("web: sleep 300\n")
    left = processes.running["web"]
    log = tmp_path / "run.log"
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as bystander:
        with pids_beside(log).open("a") as noted:
            noted.write(f"{bystander.pid} 1.0\n")
        end_earlier(log)
        assert bystander.poll() is None
        bystander.kill()
    assert left.wait(10) < 0
    assert not pids_beside(log).exists()
