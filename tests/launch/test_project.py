"""What launch_check gathers from a project's folder, code and variables; and fingerprints."""

import ast
import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from apps.launch.env_docs import PAGES
from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.facts.project import Project
from apps.launch.findings import Status
from apps.launch.fingerprints import as_toml, fingerprint, fingerprints, guessable, new_salt
from apps.launch.gathering import code
from apps.launch.gathering.project import heroku, project, render, tracked_env_files
from apps.launch.plan import Plan, Site
from apps.launch.registry import chosen_checks, run
from config.env import Env
from tests.config.processes import COMPLETE, python
from tests.launch.fabricated import SOUND
from tests.launch.faults.project import WITHOUT_A_REPOSITORY, WITHOUT_SALT

pytestmark = pytest.mark.xdist_group("project")  # one search of this folder for all of them
NO_PLAN = Skipped("needs the launch plan")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with code and nothing else, as on a platform."""
    (tmp_path / "apps").mkdir()
    (tmp_path / "config").mkdir()
    return tmp_path


def statuses(facts: Facts, *names: str) -> dict[str, Status]:
    return {found.id: found.status for found in run(facts, chosen_checks(names)).findings}


@pytest.mark.parametrize("id", [one.id for one in chosen_checks(["LC-ENV"])])
def test_this_project_passes_what_is_asked_of_its_files(id: str, ours: Project) -> None:
    facts = replace(SOUND, project=ours, settings={**SOUND.settings, "ENVIRONMENT": "test"})
    assert statuses(facts, id) == {id: Status.PASS}


@pytest.fixture(scope="module")
def ours() -> Project:
    return project(NO_PLAN, "test")


def test_a_folder_without_a_repository_skips_what_git_would_tell(folder: Path) -> None:
    found = project(NO_PLAN, "production", root=folder)
    for fact in (found.tracked_env_files, found.env_file_ignored, found.leaks, found.former_leaks):
        assert isinstance(fact, Skipped)
    assert found.stale == tuple(PAGES)
    assert found.heroku == found.render == ()
    assert found.env_file_mode is None


def test_skipped_questions_make_skipped_checks_and_never_passes() -> None:
    found = statuses(WITHOUT_A_REPOSITORY, "LC-ENV", "LC-SECRET")
    skipped = {id for id, status in found.items() if status is Status.SKIPPED}
    assert skipped == {"LC-ENV-008", "LC-ENV-010", "LC-SECRET-001", "LC-SECRET-002"}


def test_gathering_writes_nothing(folder: Path) -> None:
    (folder / ".env").write_text("A=b\n")
    before = {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}
    project(NO_PLAN, "production", root=folder)
    assert {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_permissions_of_env_are_read(folder: Path) -> None:
    (folder / ".env").touch()
    os.chmod(folder / ".env", 0o640)
    assert project(NO_PLAN, "production", root=folder).env_file_mode == 0o640


def test_committed_env_files_are_told_from_examples(tmp_path: Path) -> None:
    names = (".env", "deploy/.env.production", "staging.env", ".env.example", ".env.local.sample")
    for name in (*names, "config/env.py", "README.env.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("A=b\n")
    for words in (["init", "--quiet"], ["add", "--force", "."]):
        assert os.spawnlp(os.P_WAIT, "git", "git", "-C", str(tmp_path), *words) == 0
    assert tracked_env_files(tmp_path) == (".env", "deploy/.env.production", "staging.env")


def test_app_json_tells_variables_and_which_have_a_value(folder: Path) -> None:
    env = {"A": "text", "B": {"value": "v"}, "C": {"generator": "secret"}, "D": {"required": False}}
    addons = ["heroku-redis:mini", {"plan": "heroku-postgresql"}, "papertrail"]
    (folder / "app.json").write_text(json.dumps({"env": env, "addons": addons}))
    (one,) = heroku(folder)
    assert (one.variables, one.literals) == (("A", "B", "C", "D"), ("A", "B"))
    assert project(NO_PLAN, "test", root=folder).from_addons == ("REDIS_URL", "DATABASE_URL")


def test_render_yaml_is_told_by_process_with_its_groups(folder: Path) -> None:
    (folder / "render.yaml").write_text(
        """
envVarGroups:
  - name: shared
    envVars: [{key: A, value: v}, {key: B, sync: false}]
services:
  - {type: web, name: web, envVars: [{fromGroup: shared}, {key: C, generateValue: true}]}
  - {type: cron, name: nightly}
  - {type: keyvalue, name: redis}
  - {type: web, name: site, runtime: static, envVars: [{key: X, value: y}]}
"""
    )
    web, nightly = render(folder)
    assert (web.service, web.variables, web.literals) == ("web", ("A", "B", "C"), ("A",))
    assert (nightly.service, nightly.variables) == ("nightly", ())


@pytest.mark.parametrize(("name", "text"), [("app.json", "{"), ("render.yaml", "a: [")])
def test_a_platforms_file_that_cannot_be_read_is_unknown(
    folder: Path, name: str, text: str
) -> None:
    (folder / name).write_text(text)
    found = project(NO_PLAN, "test", root=folder)
    facts = replace(SOUND, project=found)
    which = {"app.json": "LC-ENV-005", "render.yaml": "LC-ENV-006"}[name]
    assert statuses(facts, which) == {which: Status.UNKNOWN}


# As in production, where development's packages are not installed.
WITHOUT_THE_LIBRARY = """
import sys
from pathlib import Path
import django
django.setup()
sys.modules["detect_secrets"] = sys.modules["yaml"] = None
from apps.launch.facts import Skipped
from apps.launch.gathering.project import project
found = project(Skipped("no plan"), "production")
print(found.leaks, found.former_leaks, found.render, sep="\\n")
print(all(isinstance(each, Skipped) for each in (found.leaks, found.former_leaks, found.render)))
"""


QUIET = {**COMPLETE, "SENTRY_DSN": "", "DJANGO_SETTINGS_MODULE": "config.settings.production"}


def test_without_developments_packages_what_needs_them_is_skipped() -> None:
    done = python("-c", WITHOUT_THE_LIBRARY, variables=QUIET)
    files, history, render_yaml, skipped = done.stdout.splitlines()
    assert files == history
    assert files.startswith("needs detect-secrets, which development has")
    assert render_yaml.startswith("needs PyYAML, which development has")
    assert skipped == "True"


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ.get('A')",
        "import os\nos.getenv('A')",
        "import os as o\no.environ['A']",
        "from os import environ",
        "from os import getenv as g",
        "from dotenv import load_dotenv",
        "import dotenv",
    ],
)
def test_a_reader_of_the_environment_is_told_by_its_line(folder: Path, text: str) -> None:
    (folder / "apps/careless.py").write_text(f'"""Careless."""\n{text}\n')
    (place, *_) = known(project(NO_PLAN, "test", root=folder).readers)
    assert place.startswith("apps/careless.py:")


def test_naming_the_settings_is_no_reading(folder: Path) -> None:
    line = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.production'\n"
    (folder / "manage.py").write_text(line)
    assert project(NO_PLAN, "test", root=folder).readers == ()
    (folder / "manage.py").write_text(line + "os.environ['A'] = 'b'\n")
    assert len(known(project(NO_PLAN, "test", root=folder).readers)) == 2


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ENV.SITE_URL", {"SITE_URL"}),
        ("load().PORT", {"PORT"}),
        ("getattr(env, f'{name}_CLIENT_ID')", {"GOOGLE_CLIENT_ID", "GITHUB_CLIENT_ID"}),
        ("settings.SITE_URL", set()),
        ("# ENV.SITE_URL", set()),
        ("'ENV.SITE_URL'", set()),
    ],
)
def test_which_variables_code_reads(text: str, read: set[str]) -> None:
    declared = {"SITE_URL", "PORT", "GOOGLE_CLIENT_ID", "GITHUB_CLIENT_ID", "A_CLIENT_SECRET"}
    assert code.read_variables([("a.py", ast.parse(text))], declared) == read


def test_no_secret_is_part_of_what_the_facts_print_of_themselves(
    monkeypatch: pytest.MonkeyPatch, ours: Project
) -> None:
    monkeypatch.setenv("OPERATOR_TOKEN", COMPLETE["OPERATOR_TOKEN"])
    searched = {"in_files": known(ours.leaks), "in_history": known(ours.former_leaks)}
    found = project(NO_PLAN, "test", searched.__getitem__)
    assert found.given["OPERATOR_TOKEN"] == COMPLETE["OPERATOR_TOKEN"]
    assert COMPLETE["OPERATOR_TOKEN"] not in repr(found)


LONG = {
    "SECRET_KEY": COMPLETE["SECRET_KEY"],
    "OPERATOR_TOKEN": COMPLETE["OPERATOR_TOKEN"],
    "DATABASE_URL": "postgresql://app:kX9wQ2vB7nM4tR8z@db.harbourside.co/portal",
    "REDIS_URL": "rediss://:short@redis.harbourside.co:6380/2",
    "EMAIL_URL": "smtp+tls://postbox@smtp.harbourside.co:587",
}


def test_equal_values_have_equal_fingerprints_under_one_salt_alone() -> None:
    assert fingerprint("a value", "salt") == fingerprint("a value", "salt")
    assert fingerprint("a value", "salt") != fingerprint("another", "salt")
    assert fingerprint("a value", "salt") != fingerprint("a value", new_salt())


def test_what_can_be_guessed_has_no_fingerprint() -> None:
    prints = fingerprints(LONG, "salt")
    assert guessable(LONG) == ["REDIS_URL"]
    assert set(prints) == {
        *("SECRET_KEY", "OPERATOR_TOKEN", "DATABASE_URL"),
        *("DATABASE_URL server", "REDIS_URL server"),
    }


def test_a_server_is_known_by_host_port_and_name_and_never_on_loopback() -> None:
    def server(url: str) -> str | None:
        return fingerprints({"DATABASE_URL": url}, "salt").get("DATABASE_URL server")

    one = server("postgresql://a:b@db.harbourside.co/portal")
    assert one == server("postgres://c:d@DB.harbourside.co:5432/portal?sslmode=require")
    assert one != server("postgresql://a:b@db.harbourside.co/staging")
    assert one != server("postgresql://a:b@db.harbourside.co:6432/portal")
    assert server("postgresql://a:b@127.0.0.1/portal") is None


def test_staging_that_shares_a_key_and_a_database_is_found_from_what_it_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    staging = {**COMPLETE, **LONG, "DJANGO_SETTINGS_MODULE": "config.settings.staging"}
    done = python("manage.py", "fingerprints", variables=staging)
    assert done.returncode == 0, done.stderr
    for name in ("SECRET_KEY", "OPERATOR_TOKEN"):
        assert LONG[name] not in done.stdout
    assert "# REDIS_URL: too easily guessed" in done.stdout
    recorded = tomllib.loads(done.stdout)["fingerprints"]
    plan = Plan(site=Site(canonical="portal.harbourside.co"), fingerprints=recorded)

    def shared(**own: str) -> tuple[Status, str]:
        for name in Env.__dataclass_fields__:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("ENV_FILE", os.devnull)
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        # The files are not searched: this check reads fingerprints alone.
        mine = project(plan, "production", search=lambda part: ())
        facts = replace(SOUND, plan=plan, project=mine)
        (found,) = run(facts, chosen_checks(["LC-SECRET-003"])).findings
        return found.status, found.evidence

    other = {
        "OPERATOR_TOKEN": LONG["OPERATOR_TOKEN"][::-1],
        "DATABASE_URL": "postgresql://app:zR8tM4nB7vQ2wX9k@db.harbourside.co/live",
    }
    assert shared(**other) == (Status.PASS, "3 compared with staging")
    status, evidence = shared(**other, SECRET_KEY=LONG["OPERATOR_TOKEN"])
    assert (status, evidence) == (Status.FAIL, "SECRET_KEY is staging's OPERATOR_TOKEN")
    status, evidence = shared(**{**other, "DATABASE_URL": "postgres://x@db.harbourside.co/portal"})
    assert (status, evidence) == (Status.FAIL, "DATABASE_URL server is staging's")


def test_a_record_without_its_salt_is_unknown() -> None:
    assert statuses(WITHOUT_SALT, "LC-SECRET-003") == {"LC-SECRET-003": Status.UNKNOWN}


def test_without_another_environment_there_is_nothing_to_compare() -> None:
    facts = replace(SOUND, plan=Plan(site=Site(canonical="portal.harbourside.co")))
    assert statuses(facts, "LC-SECRET-003") == {"LC-SECRET-003": Status.SKIPPED}


def test_what_is_printed_is_a_table_of_the_plan() -> None:
    text = as_toml("staging", {"DATABASE_URL server": "ab"}, "salt")
    assert tomllib.loads(text) == {
        "fingerprints": {"staging": {"salt": "salt", "DATABASE_URL server": "ab"}}
    }


def test_unread_code_leaves_no_variable_unread(folder: Path) -> None:
    (folder / "apps/broken.py").write_text("ENV = (\n")
    found = project(NO_PLAN, "test", root=folder)
    assert isinstance(found.readers, Unasked)
    assert statuses(replace(SOUND, project=found), "LC-ENV-002") == {"LC-ENV-002": Status.UNKNOWN}
