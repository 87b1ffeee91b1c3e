"""Which Python the commands choose, and what they say when there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev.state import ROOT

# dev/python asks a Python for its rating by standard input, and for its version by -c.
OLD = '#!/bin/sh\nif [ "$1" = - ]; then printf old; else echo 3.9; fi\n'
CANNOT = '#!/bin/sh\nif [ "$1" = - ]; then printf cannot; else echo "chosen: cannot"; fi\n'
TELLS = '#!/bin/sh\nif [ "$1" = - ]; then printf good; else env; fi\n'
BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with an empty bin/, an empty .pyenv/ and a clone at clone/."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "clone" / "dev").mkdir(parents=True)
    shutil.copy(ROOT / "dev" / "python", tmp_path / "clone" / "dev" / "python")
    return tmp_path


def put(machine: Path, name: str, content: str = "") -> Path:
    """Put a program there; without content it is this Python."""
    path = machine / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if content:
        path.write_text(content)
        path.chmod(0o755)
    else:
        path.symlink_to(os.path.realpath(sys.executable))
    return path


def choose(machine: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Let dev/python run a script that tells which Python was chosen."""
    return subprocess.run(
        ["/bin/sh", "dev/python", "-c", "import sys; print('chosen:', sys.executable)"],
        cwd=machine / "clone",
        env={"PATH": str(machine / "bin"), "HOME": str(machine), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python3_is_passed_over_for_a_newer_one(machine: Path) -> None:
    put(machine, "bin/python3", OLD)
    newer = put(machine, "bin/python3.12")
    assert choose(machine).stdout == f"chosen: {newer}\n"


def test_what_pyenv_installed_is_found_behind_a_shim_that_fails(machine: Path) -> None:
    put(machine, "bin/python3.13", BROKEN_SHIM)
    installed = put(machine, ".pyenv/versions/3.13.0/bin/python3.13")
    assert choose(machine, PYTHON="python3.13").stdout == f"chosen: {installed}\n"


def test_a_python_that_makes_environments_is_preferred(machine: Path) -> None:
    put(machine, "bin/python3", CANNOT)
    assert choose(machine).stdout == "chosen: cannot\n"
    able = put(machine, "bin/python3.11")
    assert choose(machine).stdout == f"chosen: {able}\n"


def test_the_environment_that_stands_keeps_its_python(machine: Path) -> None:
    put(machine, "bin/python3")
    put(machine, "clone/.venv/bin/python")
    assert choose(machine).stdout.endswith(".venv/bin/python\n")


def test_without_a_new_enough_python_the_reason_is_one_line(machine: Path) -> None:
    put(machine, "bin/python3", OLD)
    done = choose(machine)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No Python 3.11 or newer" in done.stderr
    assert "looked for python3, python3.13, python3.12, python3.11 (python3 is 3.9)" in done.stderr
    assert "PYTHON=python3.12" in done.stderr


def test_a_named_python_is_taken_or_refused_and_never_replaced(machine: Path) -> None:
    put(machine, "bin/python3")
    old = put(machine, "somewhere else/python", OLD)
    done = choose(machine, PYTHON=str(old))
    assert done.returncode == 1
    assert f"looked for {old} ({old} is 3.9)" in done.stderr


def test_the_next_line_of_django_asks_for_a_newer_python(machine: Path) -> None:
    put(machine, "bin/python3", OLD)
    assert "No Python 3.12 or newer" in choose(machine, DJANGO="6.1").stderr


def test_make_lets_python_keep_what_it_has_compiled(machine: Path) -> None:
    shutil.copy(ROOT / "Makefile", machine / "clone/Makefile")
    told = put(machine, "bin/python-that-tells", TELLS)
    done = subprocess.run(
        ["make", "check", f"PYTHON={told}"],
        cwd=machine / "clone",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PYTHONUNBUFFERED=1" in done.stdout.splitlines()
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout
