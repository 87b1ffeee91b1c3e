"""The same shell over ssh: a real sshd on loopback, with keys of its own."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.host.shell import Shell, release
from deploy.target import Stopped
from dev.valkey import free_port
from tests.world.waiting import wait_until

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("sshd")]
SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/mine.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The way to this machine through its own sshd."""
    folder, port = tmp_path_factory.mktemp("ssh"), free_port()
    for key in ("host", "mine"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key]
        subprocess.run(command, check=True)
    (folder / "config").write_text(SSHD.format(folder=folder, port=port))
    program = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert program, "there is no sshd: apt-get install openssh-server"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with subprocess.Popen([program, "-D", "-e", "-f", folder / "config"]) as process:
        wait_until(lambda: answers(port), "sshd answers")
        key = (folder / "host.pub").read_text()
        (folder / "known").write_text(f"[127.0.0.1]:{port} {key}")
        options = {"Port": port, "IdentityFile": folder / "mine", "IdentitiesOnly": "yes"}
        options |= {"UserKnownHostsFile": folder / "known"}
        words = tuple(part for name, what in options.items() for part in ("-o", f"{name}={what}"))
        yield Shell(f"{getpass.getuser()}@127.0.0.1", words)
        process.terminate()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_script_gets_its_arguments_untouched_and_its_input(shell: Shell) -> None:
    said = shell.must("Saying", 'printf "%s|" "$@"; cat', "a b", "$HOME", "'", text="in")
    assert said == "a b|$HOME|'|in"


def test_the_exit_status_comes_back(shell: Shell) -> None:
    assert shell.run(["sh", "-c", "exit 7"]).status == 7


def test_a_folder_and_a_file_arrive(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "from/inner").mkdir(parents=True)
    (tmp_path / "from/inner/file").write_text("text")
    (tmp_path / "to").mkdir()
    shell.send(tmp_path / "from", f"{tmp_path}/to")
    shell.write(f"{tmp_path}/to/own", "KEY='1'\n", mode="600")
    assert (tmp_path / "to/inner/file").read_text() == "text"
    assert (tmp_path / "to/own").stat().st_mode & 0o777 == 0o600


def test_a_lock_is_held_once_and_free_after_ssh_was_killed(shell: Shell, tmp_path: Path) -> None:
    lock = f"{tmp_path}/lock"
    held = shell.hold(lock)
    assert held
    assert shell.hold(lock) is None
    held.kill()
    release(held)
    waited = subprocess.run(["flock", "-w", "20", lock, "true"], check=False)
    assert waited.returncode == 0


def test_a_socket_over_there_is_reached(shell: Shell, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/web.sock")
        server.listen()
        with shell.reach(f"{tmp_path}/web.sock") as near, socket.socket(socket.AF_UNIX) as asked:
            asked.connect(near)
            there, _ = server.accept()
            with there:
                there.sendall(b"hello")
                assert asked.recv(5) == b"hello"


def test_a_machine_that_cannot_be_reached_stops_with_the_way_to_try_it() -> None:
    nobody = Shell("nobody@127.0.0.1", ("-o", f"Port={free_port()}"))
    with pytest.raises(Stopped, match=r"Reaching nobody@127.0.0.1: .*refused") as stopped:
        nobody.run(["true"])
    assert "ssh nobody@127.0.0.1 true" in stopped.value.way_back
