"""How an environment is made, found standing, and refused."""

import ast
import sys
from pathlib import Path

import pytest

from dev import setup
from dev.setup import Refusal


def test_set_up_reads_on_python_3_6() -> None:
    tree = ast.parse(Path(setup.__file__).read_text(), feature_version=(3, 6))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    hints = [arg.annotation for each in functions for arg in each.args.args]
    hints += [each.returns for each in functions]
    # A bare name or a string is never evaluated beyond what Python 3.6 knows.
    assert [ast.dump(hint) for hint in hints if not isinstance(hint, ast.Name | ast.Constant)] == []


def test_an_old_python_is_told_what_is_needed_and_how_to_name_another() -> None:
    with pytest.raises(Refusal, match=r"Python 3\.9 is too old: 3\.11 .* PYTHON=python3\.12"):
        setup.check_python((3, 9), (3, 11))


def test_a_line_of_django_that_is_not_kept_is_refused_with_those_that_are() -> None:
    with pytest.raises(Refusal, match=r"DJANGO=4\.2 .* DJANGO=5\.2 or DJANGO=6\.1"):
        setup.chosen_line("4.2")


def test_a_full_disk_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, clone: Path
) -> None:
    monkeypatch.setattr(setup, "free_bytes", lambda folder: 20 * 1024**2)
    with pytest.raises(Refusal, match=r"20 MB are free .* about 1024 MB are needed"):
        setup.prepare()
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_is_refused_with_the_package_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(Refusal, match=r"cannot make environments.*apt install python3-venv"):
        setup.check_venv()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: Failed to fetch: dns error: failed to lookup", "cannot be reached"),
        ("ERROR: No matching distribution found for uv==0.13.9", "cannot be reached"),
        ("SSLError(SSLCertVerificationError(1, ...))", "certificate is not trusted"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
        ("first\n\nsomething odd\n", "something odd"),
    ],
)
def test_what_an_installer_says_becomes_one_line(said: str, told: str) -> None:
    assert told in setup.explain(said)
    assert "\n" not in setup.explain(said)


def test_an_installer_that_fails_leaves_one_line_and_a_log(clone: Path) -> None:
    (clone / ".local").mkdir()
    with pytest.raises(Refusal, match=r"Trying failed: the disk is full.*\.local/setup\.log"):
        setup.run(["/bin/sh", "-c", "echo ENOSPC: write; exit 3"], "Trying")
    assert "ENOSPC: write" in (clone / ".local" / "setup.log").read_text()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone without an environment."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "development.txt").write_text(
        "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via nobody\nvine==2\n"
    )
    monkeypatch.setattr(setup, "ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def commands(clone: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been run to make the clone's environment; making one takes seconds."""
    made: list[str] = []

    def record(command: list[str], what: str) -> None:
        made.append(" ".join(command[1:4]))
        if "venv" in command:
            (clone / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(setup, "run", record)
    return made


def test_a_second_set_up_finds_the_first_and_runs_nothing(clone: Path, commands: list[str]) -> None:
    python = setup.prepare()
    assert commands == ["-m venv --clear", "-m pip install", "pip sync --quiet"]
    commands.clear()
    assert setup.prepare() == python == str(clone / ".venv" / "bin" / "python")
    assert commands == []


def test_a_set_up_that_was_interrupted_begins_anew(clone: Path, commands: list[str]) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    setup.prepare()
    assert commands[0] == "-m venv --clear"


def test_a_new_lock_changes_the_packages_and_keeps_the_environment(
    clone: Path, commands: list[str]
) -> None:
    setup.prepare()
    commands.clear()
    with (clone / "requirements" / "development.txt").open("a") as lock:
        lock.write("wcwidth==1\n")
    setup.prepare()
    assert commands == ["-m pip install", "pip sync --quiet"]


def test_an_environment_whose_python_has_gone_is_made_anew(
    clone: Path, commands: list[str]
) -> None:
    python = Path(setup.prepare())
    commands.clear()
    python.unlink()
    setup.prepare()
    assert commands[0] == "-m venv --clear"


def test_one_package_is_taken_from_a_lock_with_all_its_hashes(clone: Path) -> None:
    lock = str(clone / "requirements" / "development.txt")
    assert setup.locked(lock, "uv") == "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    with pytest.raises(Refusal, match="names no pip"):
        setup.locked(lock, "pip")
