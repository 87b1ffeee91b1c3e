"""migration_check: what it judges, what it says, how it leaves."""

import json
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.launch.facts.migrations import RULES, Migrations, Step
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.released import Since, since
from apps.launch.unsafe import Verdict, as_json, as_text, verdict

TIMEOUTS = {"lock_timeout": "5s", "statement_timeout": "30s"}
OLD, NEW = "harbour.0001_initial", "harbour.0002_city"
FILES = ((OLD, "harbour/0001_initial.py"), (NEW, "harbour/0002_city.py"))


def step(migration: str, rule: str = "drop-column", accepted: str = "") -> Step:
    return Step(
        migration=migration,
        what="drops boat.name",
        harm=RULES[rule].harm,
        rule=rule,
        operation="operations[0] RemoveField",
        accepted=accepted,
    )


def judge(*steps: Step, changed: Since | None = None, **more: Any) -> Verdict:
    facts = {"conflicts": (), "unmade": (), "files": FILES, **more}
    return verdict(Migrations(steps=steps, **facts), TIMEOUTS, since=changed, despite="")


def since_release(*, new: tuple[str, ...] = (), edited: tuple[str, ...] = ()) -> Since:
    return Since(commit="c0ffee" * 6, new=frozenset(new), edited=frozenset(edited))


def test_a_harmful_step_is_named_with_its_file_operation_and_recipe() -> None:
    said = judge(step(NEW))
    (finding,) = json.loads(as_json(said))["findings"]
    assert finding == {
        "check": "LC-MIG-003",
        "rule": "drop-column",
        "migration": NEW,
        "file": "harbour/0002_city.py",
        "operation": "operations[0] RemoveField",
        "what": "drops boat.name",
        "recipe": RULES["drop-column"].recipe,
        "docs": "docs/migrations.md#drop-column",
        "accepted": "",
    }
    for word in finding.values():
        assert word in as_text(said) or word == "LC-MIG-003"
    assert not said.passes


def test_what_is_accepted_is_shown_with_its_reason_and_passes() -> None:
    said = judge(step(NEW, accepted="nobody has read it since March"))
    assert said.passes
    assert "accepted  nobody has read it since March" in as_text(said)


def test_since_a_release_only_what_it_does_not_have_is_judged() -> None:
    both = step(OLD), step(NEW)
    assert [one.migration for one in judge(*both).findings] == [OLD, NEW]
    said = judge(*both, changed=since_release(new=(NEW,)))
    assert [one.migration for one in said.findings] == [NEW]
    assert said.judged == 1
    assert judge(*both, changed=since_release()).passes


def test_a_migration_that_was_edited_after_it_ran_is_unsafe_unless_it_says_why() -> None:
    changed = since_release(edited=(OLD,))
    (finding,) = judge(changed=changed).unsafe
    assert (finding.rule, finding.file) == ("edited", "harbour/0001_initial.py")
    assert judge(changed=changed, edits=((OLD, "the typo broke new databases"),)).passes


@pytest.mark.parametrize(
    ("more", "check"),
    [({"conflicts": ("harbour",)}, "LC-MIG-001"), ({"unmade": ("harbour.0003_x",)}, "LC-MIG-002")],
)
def test_what_is_wrong_as_a_whole_is_unsafe_whatever_was_released(
    more: dict[str, Any], check: str
) -> None:
    assert [one.check for one in judge(changed=since_release(), **more).unsafe] == [check]


def test_settings_without_a_lock_timeout_are_unsafe() -> None:
    facts = Migrations(steps=(), conflicts=(), unmade=())
    said = verdict(facts, {"statement_timeout": "30s"}, since=None, despite="")
    assert [(one.check, one.what) for one in said.unsafe] == [
        ("LC-MIG-006", "leaves out lock_timeout")
    ]


def test_a_hotfix_goes_through_despite_what_is_unsafe_and_says_so() -> None:
    facts = Migrations(steps=(step(NEW),), conflicts=(), unmade=(), files=FILES)
    said = verdict(facts, TIMEOUTS, since=None, despite="the shop is down")
    assert said.passes
    assert "✗ 2 migrations: 1 unsafe." in as_text(said)
    assert "Let through despite that: the shop is down" in as_text(said)
    assert json.loads(as_json(said))["safe"] is False


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose only commit has the first migration."""
    (tmp_path / "harbour").mkdir()
    (tmp_path / "harbour/0001_initial.py").write_text("number = 1\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=One")
    (tmp_path / "harbour/0002_city.py").write_text("number = 2\n")
    return tmp_path


MADE = Migrations(steps=(), conflicts=(), unmade=(), files=FILES)


def test_new_is_what_the_release_lacks_be_it_committed_or_not(repository: Path) -> None:
    assert since("HEAD", MADE, repository).new == {NEW}
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=Two")
    assert since("HEAD~1", MADE, repository).new == {NEW}
    assert since("HEAD", MADE, repository).new == set()


def test_edited_is_what_does_something_else_and_not_what_reads_differently(
    repository: Path,
) -> None:
    first = repository / "harbour/0001_initial.py"
    first.write_text("# The first.\nnumber  =  1\n")
    assert since("HEAD", MADE, repository).edited == set()
    first.write_text("number = 3\n")
    assert since("HEAD", MADE, repository).edited == {OLD}


@pytest.mark.parametrize("commit", ["nowhere", "--output=x", "HEAD:harbour"])
def test_a_commit_that_is_not_there_is_told(repository: Path, commit: str) -> None:
    with pytest.raises(Unasked, match="no commit"):
        since(commit, MADE, repository)


def test_a_project_in_a_folder_of_its_repository_is_found(repository: Path) -> None:
    inner = repository / "harbour"
    files = ((OLD, "0001_initial.py"), (NEW, "0002_city.py"))
    found = Migrations(steps=(), conflicts=(), unmade=(), files=files)
    assert since("HEAD", found, inner) == since("HEAD", MADE, repository)


def test_our_own_migrations_are_safe(db: None) -> None:
    out = StringIO()
    call_command("migration_check", json=True, stdout=out)
    said = json.loads(out.getvalue())
    assert said["safe"]
    assert said["judged"] >= 9


@pytest.mark.parametrize("options", [{"since": "nowhere"}, {"despite": " "}], ids=str)
def test_what_cannot_be_asked_leaves_with_2(options: dict[str, str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("migration_check", **options)
    assert refused.value.returncode == 2
