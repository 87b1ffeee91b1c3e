"""The way to a machine: commands, files, a lock that dies with whoever holds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.host.layout import checked
from deploy.host.shell import Shell, release
from deploy.target import Stopped


def test_a_script_gets_its_arguments_untouched_and_its_input() -> None:
    said = Shell().must("Saying", 'printf "%s|" "$@"; cat', "a b", "$HOME", "'", text="in")
    assert said == "a b|$HOME|'|in"


def test_a_script_that_fails_stops_with_its_last_words() -> None:
    with pytest.raises(Stopped, match="Trying: it rains"):
        Shell().must("Trying", "echo it rains; false; echo never")


def test_over_ssh_the_same_words_arrive_as_one_line_that_a_shell_reads() -> None:
    words = Shell("deploy@203.0.113.5").there(["echo", "a b", "$HOME"])
    assert words[0] == "ssh"
    assert "BatchMode=yes" in words
    assert words[-3:] == ["--", "deploy@203.0.113.5", "echo 'a b' '$HOME'"]


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    Shell().write(f"{tmp_path}/variables", "KEY='1'\n", mode="600")
    assert (tmp_path / "variables").read_text() == "KEY='1'\n"
    assert (tmp_path / "variables").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["variables"]


def test_a_folder_is_sent_with_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "from/inner").mkdir(parents=True)
    (tmp_path / "from/inner/file").write_text("text")
    (tmp_path / "from/run").write_text("#!/bin/sh\n")
    (tmp_path / "from/run").chmod(0o755)
    (tmp_path / "to").mkdir()
    Shell().send(tmp_path / "from", f"{tmp_path}/to")
    assert (tmp_path / "to/inner/file").read_text() == "text"
    assert (tmp_path / "to/run").stat().st_mode & 0o100
    with pytest.raises(Stopped, match="Sending files"):
        Shell().send(tmp_path / "from", f"{tmp_path}/nowhere")


def test_a_lock_is_held_once_and_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    lock = f"{tmp_path}/lock"
    held = Shell().hold(lock)
    assert held
    assert Shell().hold(lock) is None
    release(held)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from deploy.host.shell import Shell\n"
            "held = Shell().hold(sys.argv[1]); print('held', flush=True); sys.stdin.read()",
            lock,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert Shell().hold(lock) is None
        holder.kill()
    # The pipe breaks as the holder ends, and what keeps the lock sees it a moment later.
    waited = subprocess.run(["flock", "-w", "10", lock, "true"], check=False)
    assert waited.returncode == 0


def test_a_folder_whose_sockets_would_have_too_long_a_path_is_refused() -> None:
    assert checked("/srv/slipway").front == "/srv/slipway/run/web.sock"
    with pytest.raises(Stopped, match="longer than 107 bytes"):
        checked("/srv/" + "x" * 80)
