"""What is documented is what there is: commands, variables, checks, packages, links, code."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.core.management import get_commands

from apps.launch.registry import Check, known_checks
from config.env import Env, Operator
from tests.config.processes import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
ALL = "\n".join(TEXTS.values())
CHECKS = ROOT / "docs/checks"
OURS = [one for one in known_checks() if one.is_ours]  # an app's own may be explained elsewhere
TIERS = {
    "now": "Blocks a launch now",
    "traffic": "Blocks under traffic",
    "later": "Can wait",
}


def our_commands() -> set[str]:
    """The names of the commands that live in apps/."""
    folders = [Path(config.path) for config in apps.get_app_configs()]
    return {
        path.stem
        for folder in folders
        if folder.is_relative_to(ROOT / "apps")
        for path in folder.glob("management/commands/[!_]*.py")
    }


def make_targets() -> set[str]:
    """What the Makefile can make."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def packages() -> set[str]:
    """The packages that requirements/*.in ask for by name."""
    lines = [
        line.partition("#")[0].strip()
        for path in (ROOT / "requirements").glob("*.in")
        for line in path.read_text().splitlines()
    ]
    return {re.split(r"[\[~=<>!; ]", line)[0] for line in lines if line and line[0] != "-"}


def test_every_command_of_ours_is_documented() -> None:
    documented = set(re.findall(r"\| `python manage\.py (\w+)", TEXTS["docs/operations.md"]))
    assert documented == our_commands()


def test_every_command_that_is_mentioned_exists() -> None:
    mentioned = set(re.findall(r"manage\.py ([a-z_]+)", ALL))
    assert mentioned <= get_commands().keys()


def test_every_make_target_is_documented_and_every_mentioned_one_exists() -> None:
    targets = make_targets()
    assert len(targets) > 8
    assert set(re.findall(r"\| `make ([a-z]+)`", TEXTS["README.md"])) == targets
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", ALL, re.MULTILINE)) <= targets


def test_the_two_commands_come_first() -> None:
    first = re.search(r"```sh\n(.*?)```", TEXTS["README.md"], re.DOTALL)
    assert first
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == [
        "make run",
        "make test",
    ]


def test_every_variable_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", TEXTS["docs/environment.md"], re.MULTILINE))
    assert {one.name for one in (*fields(Env), *fields(Operator))} <= documented


def test_every_check_has_a_page_and_every_page_a_check() -> None:
    pages = {path.stem for path in CHECKS.glob("*.md")} - {"README"}
    assert pages == {one.id for one in OURS}


@pytest.mark.parametrize("one", OURS, ids=lambda one: one.id)
def test_a_checks_page_says_what_why_and_how_to_mend_it(one: Check) -> None:
    page = (ROOT / one.docs).read_text()
    title, _, tier, *_ = page.splitlines()
    assert title == f"# {one.id}: {one.title}"
    assert tier.startswith(TIERS[one.tier.value])
    for part in ("What", "Why", "Fix", "Source"):
        assert f"\n**{part}.** " in page


def test_the_index_of_checks_lists_each_with_its_tier_and_title() -> None:
    rows = re.findall(
        r"^\| \[([\w-]+)\]\(([\w-]+)\.md\) \| (\w+) \| (.+) \|$",
        TEXTS["docs/checks/README.md"],
        re.MULTILINE,
    )
    assert rows == [(one.id, one.id, one.tier.value, one.title) for one in OURS]


def test_every_package_has_a_reason_and_every_reason_a_package() -> None:
    table = TEXTS["docs/decisions.md"].partition("## Packages")[2]
    reasons = re.findall(r"^\| ([\w-]+) \| .{10,} \|$", table, re.MULTILINE)
    assert sorted(reasons) == sorted(set(reasons))
    assert set(reasons) == packages()


def links() -> Iterator[tuple[str, str]]:
    """Each page's links and pictures that point into the project."""
    for name, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
            if "://" not in target:
                yield name, target


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (ROOT / page).parent / path if path else ROOT / page
    assert found.exists()
    if anchor:
        assert anchor in anchors(found.read_text(encoding="utf-8"))


def code() -> Iterator[tuple[str, str]]:
    """The blocks of Python in the pages."""
    for name, text in TEXTS.items():
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            yield name, block


def test_the_code_in_the_pages_imports_what_there_is() -> None:
    blocks = list(code())
    assert len(blocks) > 10
    for name, block in blocks:
        for line in re.findall(r"^from apps\.(?!projects)\S+ import .+$", block, re.MULTILINE):
            (imported,) = ast.parse(line).body
            assert isinstance(imported, ast.ImportFrom)
            module = importlib.import_module(str(imported.module))
            for alias in imported.names:
                assert hasattr(module, alias.name), f"{name}: {line}"


def test_the_files_that_pages_name_exist() -> None:
    example = {"apps/projects", "tests/projects", "templates/projects"}
    pattern = r"`((?:apps|config|dev|docs|requirements|templates|tests)/[\w./*-]+)`"
    for name, text in TEXTS.items():
        for path in re.findall(pattern, text):
            if not path.startswith(tuple(example)):
                assert list(ROOT.glob(path.rstrip("/"))), f"{name} names {path}"


def test_hooks_and_updates_use_what_the_project_has() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    programs = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in local["hooks"]}
    assert programs - {"python"} <= packages()
    assert all(hook["language"] == "system" for hook in local["hooks"])
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert all((ROOT / each["directory"].strip("/")).is_dir() for each in updates)


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "\n## Unreleased\n" in TEXTS["CHANGELOG.md"]
