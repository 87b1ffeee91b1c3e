"""The search for secrets over real repositories: what is found, excused or cannot be searched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.launch.facts.project import Leak
from apps.launch.facts.unasked import Skipped, Unasked
from apps.launch.secrets.allow import FILE, Excuse, read
from apps.launch.secrets.git import ignores, tracked_files
from apps.launch.secrets.scan import in_files, in_history
from apps.launch.secrets.search import PARTS, answers_of, searching
from dev import secrets
from tests.config.processes import ROOT

# In two parts, or this very file would be found.
PASSWORD = "u8Hn2kq" + "Wz5"
KEY = "sk_live_" + "q7Rw2zX9tK4mB8vN1cL6pY3d"
KIND = "Secret by its Name"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a file and a commit."""
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "README.md", "# A project\n")
    return root


def git(root: Path, *arguments: str) -> str:
    who = {
        f"GIT_{role}_{part}": "ada@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    own = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "GIT_CONFIG_NOSYSTEM": "1", **who}
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, env=own, capture_output=True, text=True
    ).stdout.strip()


def commit(root: Path, name: str, text: str) -> str:
    """Commit a file's text; return the commit's abbreviated name."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    git(root, "add", name)
    git(root, "commit", "--quiet", "-m", name)
    return git(root, "rev-parse", "--short", "HEAD")


def files(root: Path) -> tuple[Leak, ...]:
    return in_files(root, read(root), 30)


def history(root: Path) -> tuple[Leak, ...]:
    return in_history(root, read(root), 30)


def test_a_tracked_secret_is_told_by_file_line_and_kind(repository: Path) -> None:
    commit(repository, "a b/ü.py", f'\n\npassword = "{PASSWORD}"\n')
    assert files(repository) == (Leak(path="a b/ü.py", line=3, kind=KIND),)
    assert history(repository) == ()


def test_a_removed_secret_is_told_with_the_commit_that_brought_it(repository: Path) -> None:
    brought = commit(repository, "a.py", f'one\ntwo\npassword = "{PASSWORD}"\n')
    commit(repository, "a.py", "one\ntwo\n")
    assert files(repository) == ()
    assert history(repository) == (Leak(path="a.py", line=3, kind=KIND, commit=brought),)
    assert PASSWORD not in str(history(repository))


def test_a_deleted_file_and_another_branch_are_history_too(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "trial")
    brought = commit(repository, "keys/live", KEY)
    git(repository, "switch", "--quiet", "main")
    assert history(repository) == (
        Leak(path="keys/live", line=1, kind="Stripe Access Key", commit=brought),
    )
    git(repository, "merge", "--quiet", "trial")
    git(repository, "rm", "--quiet", "keys/live")
    git(repository, "commit", "--quiet", "-m", "tidy")
    git(repository, "branch", "--delete", "trial")
    assert [leak.commit for leak in history(repository)] == [brought]


def test_a_secret_that_only_a_merge_brought_is_found(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "side")
    commit(repository, "b.py", "two\n")
    git(repository, "switch", "--quiet", "main")
    commit(repository, "a.py", "one\n")
    git(repository, "merge", "--quiet", "--no-commit", "side")
    brought = commit(repository, "a.py", f"one\n{KEY}\n")
    commit(repository, "a.py", "one\n")
    assert [(leak.path, leak.commit) for leak in history(repository)] == [("a.py", brought)]


def test_a_line_that_looks_like_a_patch_does_not_hide_what_follows(repository: Path) -> None:
    commit(repository, "a.py", f"++ b/README.md\n@@ -1 +1 @@\n-- a/x\n{KEY}\n")
    commit(repository, "a.py", "gone\n")
    assert [(leak.path, leak.line) for leak in history(repository)] == [("a.py", 4)]


def test_what_git_does_not_keep_is_not_looked_at(repository: Path) -> None:
    (repository / ".env").write_text(f"SECRET_KEY={PASSWORD}\n")
    assert files(repository) == ()


def test_binary_files_and_links_are_left_out(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(KEY)
    (repository / "link").symlink_to(tmp_path / "outside")
    (repository / "picture").write_bytes(b"\x89PNG\0" + KEY.encode())
    git(repository, "add", "link", "picture")
    git(repository, "commit", "--quiet", "-m", "both")
    assert files(repository) == ()


def test_an_excuse_speaks_for_its_values_in_its_files_alone(repository: Path) -> None:
    for name in ("tests/a.py", "apps/a.py"):
        commit(repository, name, f'password = "{PASSWORD}"\n')
    entry = f'[[allow]]\nvalues = ["{PASSWORD[:5]}*"]\nfiles = ["tests/*"]\nreason = "made up"\n'
    (repository / FILE).write_text(entry)
    assert [leak.path for leak in files(repository)] == ["apps/a.py"]


def test_an_excused_value_does_not_hide_another_in_its_line(repository: Path) -> None:
    commit(
        repository, "a.py", f'password, other_password = "canary-1", "x"; password = "{PASSWORD}"'
    )
    excuse = Excuse(values=("canary-1",), files=("*",), reason="planted")
    assert len(in_files(repository, (excuse,), 30)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[allow", "cannot be read"),
        ("[alow]", "other than"),
        ('[[allow]]\nvalues = ["abc"]\nfiles = ["a"]', "needs values, files and reason"),
        ('[[allow]]\nvalues = ["abc"]\nfiles = ["a"]\nreason = " "', "needs a reason"),
        ('[[allow]]\nvalues = "abc"\nfiles = ["a"]\nreason = "r"', "lists of text"),
        ('[[allow]]\nvalues = ["*"]\nfiles = ["a"]\nreason = "r"', "too short"),
    ],
)
def test_an_allowlist_that_cannot_be_read_excuses_nothing(
    repository: Path, text: str, said: str
) -> None:
    (repository / FILE).write_text(text)
    with pytest.raises(Unasked, match=said) as caught:
        read(repository)
    assert not isinstance(caught.value, Skipped)


def test_without_a_repository_the_search_is_skipped(tmp_path: Path) -> None:
    for search in (files, history):
        with pytest.raises(Skipped, match="where the repository is"):
            search(tmp_path)


def test_without_git_the_search_is_skipped(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(Skipped, match="where the repository is"):
        tracked_files(repository)


def test_a_folder_that_some_repository_above_does_not_keep_is_skipped(repository: Path) -> None:
    (repository / "release").mkdir()
    with pytest.raises(Skipped):
        tracked_files(repository / "release")


def test_a_broken_repository_is_unknown_and_not_skipped(repository: Path) -> None:
    (repository / ".git/HEAD").write_text("nonsense")
    with pytest.raises(Unasked, match="git ls-files failed") as caught:
        tracked_files(repository)
    assert not isinstance(caught.value, Skipped)


def test_a_shallow_clone_is_unknown(repository: Path, tmp_path: Path) -> None:
    commit(repository, "a.py", "one\n")
    git(repository, "clone", "--quiet", "--depth=1", f"file://{repository}", str(tmp_path / "part"))
    with pytest.raises(Unasked, match="a part of the history alone") as caught:
        history(tmp_path / "part")
    assert not isinstance(caught.value, Skipped)


def test_a_search_that_takes_too_long_is_unknown(repository: Path) -> None:
    for search in (in_files, in_history):
        with pytest.raises(Unasked, match="within"):
            search(repository, (), 0.0)


def test_searching_writes_nothing(repository: Path) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in repository.rglob("*")}

    before = state()
    files(repository)
    history(repository)
    assert state() == before


def test_this_repository_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert files(ROOT) == ()


def test_the_step_of_make_check_fails_for_a_secret_and_does_not_print_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(secrets, "ROOT", repository)
    assert secrets.main() == 0
    commit(repository, "a.py", f'password = "{PASSWORD}"\n')
    assert secrets.main() == 1
    printed = capsys.readouterr().out
    assert f"a.py:1 ({KIND})" in printed
    assert PASSWORD not in printed


def test_what_git_leaves_out_is_known_without_the_file(repository: Path) -> None:
    assert not ignores(repository, ".env")
    commit(repository, ".gitignore", "/.env\n")
    assert ignores(repository, ".env")


def test_a_search_in_a_process_of_its_own_finds_the_same(repository: Path) -> None:
    commit(repository, "a.py", f'password = "{PASSWORD}"\n')
    commit(repository, "b.py", f'key = "{KEY}"\n')
    commit(repository, "b.py", "\n")
    with searching(repository) as search:
        found = {part: search(part) for part in PARTS}
    assert found == {"in_files": files(repository), "in_history": history(repository)}
    assert all(found.values())


def test_what_cannot_be_searched_there_is_no_pass(tmp_path: Path, repository: Path) -> None:
    with searching(tmp_path) as search, pytest.raises(Skipped, match="where the repository is"):
        search("in_files")
    (repository / FILE).write_text("[[allow]]\nvalues = 1\n")
    with searching(repository) as search, pytest.raises(Unasked, match=FILE):
        search("in_files")


def test_a_search_that_dies_is_unknown_each_time_it_is_asked(repository: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit(3)"], stdout=subprocess.PIPE
    )
    for _ in PARTS:
        with pytest.raises(Unasked, match="the search failed"):
            answers_of(process)
