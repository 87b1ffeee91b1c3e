"""What Heroku, Render and a plain host are told agrees with the Procfile and config/env.py."""

import json
import re
from dataclasses import Field, fields, replace
from typing import Any

import pytest
import yaml

from apps.launch.findings import Status
from apps.launch.gathering.project import ADDONS, project
from apps.launch.registry import chosen_checks, run
from config.env import Env
from tests.config.processes import ROOT
from tests.launch.fabricated import SOUND

DECLARED: dict[str, Field[Any]] = {one.name: one for one in fields(Env)}
APP = json.loads((ROOT / "app.json").read_text())
BLUEPRINT = yaml.safe_load((ROOT / "render.yaml").read_text())
SERVICES = {one["name"]: one for one in BLUEPRINT["services"] if one["type"] != "keyvalue"}
STAGING = yaml.safe_load((ROOT / "render.staging.yaml").read_text())
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def test_the_example_file_names_every_variable_once() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assigned = [line.lstrip("# ").partition("=")[0] for line in lines if "=" in line]
    named = [name for name in assigned if name in DECLARED]
    assert sorted(named) == sorted(DECLARED)


def test_both_files_give_what_production_needs_and_no_secrets_value() -> None:
    facts = replace(SOUND, project=project(SOUND.plan, "production"))
    found = run(facts, chosen_checks([f"LC-ENV-00{number}" for number in range(4, 8)])).findings
    assert {each.id: each.status for each in found} == dict.fromkeys(
        ("LC-ENV-004", "LC-ENV-005", "LC-ENV-006", "LC-ENV-007"), Status.PASS
    )


def test_app_json_does_not_ask_for_what_an_add_on_sets() -> None:
    from_addons = {ADDONS[addon["plan"].partition(":")[0]] for addon in APP["addons"]}
    assert not from_addons & set(APP["env"])


@pytest.mark.parametrize("name", sorted(APP["env"]))
def test_app_json_describes_a_variable_as_it_is_declared(name: str) -> None:
    said, declared = APP["env"][name], DECLARED[name].metadata
    assert said["description"] == declared["purpose"]
    assert said.get("required", True) is declared["required"]
    if "value" in said:
        declared["parse"](said["value"])


def test_app_json_runs_every_process_of_the_procfile() -> None:
    assert set(APP["formation"]) == set(PROCFILE) - {"release"}
    assert [pack["url"] for pack in APP["buildpacks"]] == ["heroku/python"]


def test_render_runs_every_process_of_the_procfile() -> None:
    commands = {
        name.removeprefix("slipway-"): one["startCommand"] for name, one in SERVICES.items()
    }
    assert commands == {name: line for name, line in PROCFILE.items() if name != "release"}
    assert SERVICES["slipway-web"]["preDeployCommand"] == PROCFILE["release"]
    assert SERVICES["slipway-web"]["healthCheckPath"] == "/healthz"


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_what_render_sets_is_a_good_value(service: str) -> None:
    for one in SERVICES[service]["envVars"]:
        if "value" in one:
            DECLARED[one["key"]].metadata["parse"](one["value"])


def test_each_platform_declares_its_own_proxies() -> None:
    assert APP["env"]["CLIENT_ADDRESS_FROM"]["value"] == "heroku"
    for service in SERVICES.values():
        variables = {one["key"]: one for one in service["envVars"]}
        assert variables["CLIENT_ADDRESS_FROM"]["value"] == "render"


def test_render_processes_share_their_secrets() -> None:
    web = {one["key"]: one for one in SERVICES["slipway-web"]["envVars"]}
    for name in ("slipway-worker", "slipway-beat"):
        for one in SERVICES[name]["envVars"]:
            source = one.get("fromService", {})
            if source.get("type") == "web":
                assert (source["name"], source["envVarKey"]) == ("slipway-web", one["key"])
            else:
                assert one == web[one["key"]]


def test_what_render_refers_to_exists() -> None:
    databases = {one["name"] for one in BLUEPRINT["databases"]}
    services = {one["name"]: one["type"] for one in BLUEPRINT["services"]}
    for service in SERVICES.values():
        for one in service["envVars"]:
            if "fromDatabase" in one:
                assert one["fromDatabase"]["name"] in databases
            if "fromService" in one:
                assert services[one["fromService"]["name"]] == one["fromService"]["type"]


def test_render_makes_no_secret_that_is_too_short() -> None:
    made = [
        one["key"]
        for service in SERVICES.values()
        for one in service["envVars"]
        if one.get("generateValue")
    ]
    assert made == ["OPERATOR_TOKEN"]
    # Render's are 256 bits in base64: enough for a token, six short of a secret key.
    base64_of_256_bits = "q3J5b0R2c1Z6T0xkM2F4U2hQbE5nV2tZbUJ0RWpDdzA="
    DECLARED["OPERATOR_TOKEN"].metadata["parse"](base64_of_256_bits)


# What the Dev Center's "app.json Schema" has, and of an environment what may differ in it.
FIELDS = {
    *("name", "description", "keywords", "website", "repository", "logo", "success_url"),
    *("scripts", "env", "formation", "addons", "buildpacks", "environments", "stack", "image"),
}
ABOUT_A_VARIABLE = {"description", "value", "required", "generator"}


@pytest.mark.parametrize("said", [APP, *APP["environments"].values()])
def test_app_json_says_only_what_heroku_documents(said: dict[str, Any]) -> None:
    assert set(said) <= FIELDS
    for about in said.get("env", {}).values():
        assert set(about) <= ABOUT_A_VARIABLE
        assert about.get("generator", "secret") == "secret"
    for addon in said.get("addons", []):
        assert set(addon) <= {"plan", "as", "options"}
    for process in said.get("formation", {}).values():
        assert set(process) == {"quantity", "size"}
    assert len(said.get("name", "")) <= 30


def test_a_review_app_runs_as_staging_with_secrets_of_its_own() -> None:
    review = APP["environments"]["review"]
    assert set(review["formation"]) == set(APP["formation"])
    own = {name for name, about in review["env"].items() if about.get("generator") == "secret"}
    assert own == {"SECRET_KEY", "OPERATOR_TOKEN"}
    sixty_four_hex_digits = "5b0c1e9a7d3f4286" * 4
    for name in own:
        DECLARED[name].metadata["parse"](sixty_four_hex_digits)
    for name, about in review["env"].items():
        if "value" in about:
            DECLARED[name].metadata["parse"](about["value"])
    assert review["env"]["DJANGO_SETTINGS_MODULE"]["value"] == "config.settings.staging"
    needed = {name for name, one in DECLARED.items() if one.metadata["required"]
              and "staging" in one.metadata["environments"]}  # fmt: skip
    from_addons = {ADDONS[addon["plan"].partition(":")[0]] for addon in APP["addons"]}
    assert needed - from_addons <= set(APP["env"]) | set(review["env"])


def names_in(blueprint: dict[str, Any]) -> set[str]:
    return {one["name"] for one in [*blueprint["databases"], *blueprint["services"]]}


def test_stagings_blueprint_shares_no_name_with_productions_and_gives_staging_what_it_needs() -> (
    None
):
    assert not names_in(STAGING) & names_in(BLUEPRINT)
    assert len(names_in(STAGING)) == len(names_in(BLUEPRINT))
    needed = {name for name, one in DECLARED.items() if one.metadata["required"]
              and "staging" in one.metadata["environments"]}  # fmt: skip
    for service in STAGING["services"]:
        if service["type"] == "keyvalue":
            continue
        variables = {one["key"]: one for one in service["envVars"]}
        assert needed <= set(variables)
        assert set(variables) <= set(DECLARED)
        assert variables["DJANGO_SETTINGS_MODULE"]["value"] == "config.settings.staging"
        for one in variables.values():
            if source := one.get("fromService") or one.get("fromDatabase"):
                assert source["name"] in names_in(STAGING)


@pytest.mark.parametrize("blueprint", [BLUEPRINT, STAGING], ids=["production", "staging"])
def test_all_of_a_blueprint_is_in_one_region_and_nothing_deploys_past_the_gates(
    blueprint: dict[str, Any],
) -> None:
    parts = [*blueprint["databases"], *blueprint["services"]]
    assert len({one["region"] for one in parts}) == 1
    for one in blueprint["services"]:
        if one["type"] != "keyvalue":
            assert one["autoDeployTrigger"] == "off"
            assert one["numInstances"] == 1
    assert blueprint["previews"] == {"generation": "off"}


def test_the_platforms_find_python_and_packages_where_they_look() -> None:
    locked = (ROOT / "requirements.txt").read_text()
    assert locked == "-r requirements/production.txt\n"
    assert re.fullmatch(r"3\.\d+\n", (ROOT / ".python-version").read_text())
    assert "--hash=sha256:" in (ROOT / "requirements/production.txt").read_text()
