"""What `make run` and `make reset` write, keep, and refuse; the whole of it is proved elsewhere."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from dev import envfile, run, state
from dev.reset import confirm, reset
from dev.setup import Refusal
from dev.valkey import free_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in a folder whose name wants quoting."""
    root = tmp_path / "Ada's clone #1"
    root.mkdir()
    return root


def test_a_taken_port_is_refused_with_one_that_is_free(taken_port: int) -> None:
    with pytest.raises(Refusal, match=rf"Port {taken_port} is taken.*make run PORT=\d+") as caught:
        run.wanted_port(str(taken_port))
    assert run.is_free(int(str(caught.value).rpartition("=")[2]))


@pytest.mark.parametrize("text", ["abc", "0", "70000", "80.5", "-1"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=f"PORT={text} is not a port"):
        run.wanted_port(text)


def test_a_free_port_is_taken_as_it_is() -> None:
    port = free_port()
    assert run.wanted_port(str(port)) == port


def test_the_first_run_writes_what_manage_py_needs(clone: Path) -> None:
    run.write_env(clone, port=8001, mail_port=2525, servers={"REDIS_URL": "redis://:p@h/0"})
    written = dotenv_values(clone / ".env")
    assert written["SITE_URL"] == "http://localhost:8001"
    assert written["DEV_MAIL_DIR"] == str(clone / ".local" / "mail")
    assert written["REDIS_URL"] == "redis://:p@h/0"
    assert len(written["SECRET_KEY"] or "") > 50
    assert stat.S_IMODE((clone / ".env").stat().st_mode) == 0o600


def test_a_later_run_keeps_the_secrets_and_renews_the_addresses(clone: Path) -> None:
    run.write_env(clone, port=8001, mail_port=2525, servers={"REDIS_URL": "redis://first/0"})
    first = dotenv_values(clone / ".env")
    run.write_env(clone, port=8002, mail_port=2526, servers={"REDIS_URL": "redis://second/0"})
    second = dotenv_values(clone / ".env")
    assert second["SECRET_KEY"] == first["SECRET_KEY"]
    assert second["SITE_URL"] == "http://localhost:8002"
    assert (clone / ".env").read_text().count("REDIS_URL=") == 1


def test_a_persons_own_lines_are_kept_and_win(clone: Path) -> None:
    own = "# mine\nDATABASE_URL=postgresql://me@localhost/mine\nSECRET_KEY=my-own"
    (clone / ".env").write_text(own)
    servers = {"DATABASE_URL": "postgresql://embedded/slipway", "REDIS_URL": "redis://h/0"}
    for _ in range(2):
        run.write_env(clone, port=8000, mail_port=2525, servers=servers)
    assert (clone / ".env").read_text().startswith(own)
    values = dotenv_values(clone / ".env")
    assert values["DATABASE_URL"] == "postgresql://me@localhost/mine"
    assert values["SECRET_KEY"] == "my-own"
    assert values["REDIS_URL"] == "redis://h/0"
    assert envfile.own_values(clone / ".env")["DATABASE_URL"] == values["DATABASE_URL"]


def test_a_second_run_in_one_clone_is_told_where_the_first_one_is(clone: Path) -> None:
    lock = state.local(clone) / "run.lock"
    with state.held(lock, "Running at {}") as file:
        file.write("http://localhost:8000")
        file.flush()
        with pytest.raises(Refusal, match="Running at http://localhost:8000"):
            state.held(lock, "Running at {}").__enter__()
    with state.held(lock, "Running at {}"):
        pass


def test_reset_removes_the_data_and_keeps_the_persons_file(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE", "1")
    (clone / ".env").write_text("SECRET_KEY=my-own\n")
    (state.local(clone) / "mail" / "new").mkdir(parents=True)
    (clone / ".local" / "run.log").touch()
    reset(clone)
    assert [each.name for each in (clone / ".local").iterdir()] == ["run.lock"]
    assert (clone / ".env").exists()


def test_reset_asks_before_it_removes_anything(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE", raising=False)
    (state.local(clone) / "mail").mkdir()
    with pytest.raises(Refusal, match="no terminal to ask on"):
        reset(clone)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(Refusal, match="Nothing was removed"):
        confirm([clone])
    assert (clone / ".local" / "mail").exists()


def test_reset_refuses_while_the_portal_runs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE", "1")
    with state.held(state.local(clone) / "run.lock", "") as file:
        file.write("http://localhost:8000")
        file.flush()
        with pytest.raises(Refusal, match="Running at http://localhost:8000; stop it first"):
            reset(clone)
