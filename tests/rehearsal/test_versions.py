"""What is shipped in the rehearsal: sound versions, but for what each broken one is named after."""

import os
from pathlib import Path

import pytest

from tests.config.processes import COMPLETE, python
from tests.launch.world.fork import git
from tests.rehearsal.versions import NEXT, VERSIONS, Versions

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    made = Versions(tmp_path_factory.mktemp("versions") / "product", environment="")
    made.make()
    return made


def test_the_tree_that_is_shipped_from_is_clean_and_the_product_as_it_is(
    versions: Versions,
) -> None:
    assert git(versions.folder, "status", "--porcelain") == ""
    assert git(versions.folder, "rev-parse", "HEAD").strip() == versions.commits[""]


@pytest.mark.parametrize("name", VERSIONS)
def test_a_version_is_a_commit_on_top_of_the_one_it_is_based_on(
    versions: Versions, name: str
) -> None:
    base = versions.commits[VERSIONS[name][0]]
    assert git(versions.folder, "rev-parse", f"{versions.commits[name]}~").strip() == base


def test_the_next_version_has_a_migration_for_all_that_its_models_have(
    versions: Versions, tmp_path: Path
) -> None:
    checkout = tmp_path / "next"
    git(versions.folder, "worktree", "add", "--quiet", str(checkout), versions.commits[NEXT])
    done = python(
        *(str(checkout / "manage.py"), "makemigrations", "--check", "--skip-checks"),
        variables={**COMPLETE, "DATABASE_URL": os.environ["DATABASE_URL"]},
    )
    assert done.returncode == 0, done.stdout + done.stderr
