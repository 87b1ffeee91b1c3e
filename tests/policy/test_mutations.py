"""Each wall is taken away in a copy of the project, and the suite has to notice.

A row of the table is a mutation: a file, what stands there, what is put in its place, and the
tests that have to fail for it. The last proof goes the other way: with the ORM's walls down and
a view's filter forgotten, the database alone still gives nothing away.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.env import BASE_DIR

pytestmark = pytest.mark.prove
VIEWS, GUARD = "apps/clients/views.py", "apps/tenants/guard.py"
WALLS, SENTINEL = "apps/tenants/walls.py", "apps/tenants/sentinel.py"
MATRIX = "tests/policy/test_matrix.py"


@dataclass(frozen=True)
class Change:
    """One replacement in one file."""

    file: str
    before: str
    after: str

    def apply(self, copy: Path) -> None:
        path = copy / self.file
        text = path.read_text()
        assert self.before in text, f"{self.file} no longer holds {self.before!r}"
        path.write_text(text.replace(self.before, self.after))


NO_FILTER = Change(
    VIEWS, "get_object_or_404(request.tenant.clients, pk=pk)", "get_object_or_404(Client, pk=pk)"
)
NO_GUARD = Change(GUARD, "    if query.combinator or", "    if True or")
NO_SENTINEL = Change(SENTINEL, "        if found:", "        if False:")
MUTATIONS: dict[str, tuple[Change, list[str]]] = {
    "a view without its filter": (NO_FILTER, [MATRIX]),
    "no guard": (NO_GUARD, ["tests/tenants/test_guard.py"]),
    "a guard that OR-ed conditions pass": (
        Change(GUARD, "(node.connector == AND or len(node.children) == 1)", "True"),
        ["tests/tenants/test_guard.py"],
    ),
    "no sentinel": (NO_SENTINEL, ["tests/tenants/test_walls.py"]),
    "a policy that shows everything": (
        Change(WALLS, "tenant_id = (SELECT slipway_tenant()) OR", "true OR"),
        ["tests/tenants/test_walls.py"],
    ),
    "no row-level security": (
        Change(WALLS, "            raise_row_security(", "            (lambda *_: None)("),
        ["tests/tenants/test_walls.py"],
    ),
    "no same-tenant keys": (
        Change(
            WALLS, "                raise_same_tenant_key(", "                (lambda *_: None)("
        ),
        ["tests/tenants/test_walls.py"],
    ),
    "a middleware that lets everybody in": (
        Change(
            "apps/tenants/models/membership.py",
            "self.filter(suspended_at=None, user__is_active=True)",
            "self.filter(user__is_active=True)",
        ),
        ["tests/policy/test_access.py"],
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's files, as git knows them, in a folder of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=BASE_DIR,
        check=True,
        capture_output=True,
    ).stdout
    archive = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"],
        cwd=BASE_DIR,
        input=listed,
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(["tar", "--extract"], cwd=tmp_path, input=archive, check=True)
    return tmp_path


def run_suite(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a part of the copy's suite, on servers of its own."""
    ours = ("DATABASE_", "REDIS_", "FILES_", "PYTEST_", "DJANGO_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "pytest", "-q", "--exitfirst", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *arguments], cwd=copy, env=env, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_suite_notices(name: str, copy: Path) -> None:
    change, tests = MUTATIONS[name]
    change.apply(copy)
    done = run_suite(copy, *tests)
    assert done.returncode == 1, done.stdout[-3000:]
    assert " failed" in done.stdout


def test_with_the_orms_walls_down_the_database_alone_gives_nothing_away(copy: Path) -> None:
    for change in (NO_FILTER, NO_GUARD, NO_SENTINEL):
        change.apply(copy)
    done = run_suite(copy, MATRIX, "-k", "client_")
    assert done.returncode == 0, done.stdout[-3000:]
