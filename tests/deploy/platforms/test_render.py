"""Render as a target, against a server that speaks the documented API."""

from dataclasses import replace

import pytest

from apps.launch.plan import Environment
from config.env import Operator
from deploy.render.target import Render, target
from deploy.target import Release, Source, Stopped
from tests.deploy import render_api
from tests.deploy.platforms.conftest import NEXT, OLD, Repository, Told
from tests.deploy.render_api import BEAT, KEY, WEB, WORKER

DEPLOYS = {id: f"POST /v1/services/{id}/deploys" for id in (WEB, WORKER, BEAT)}


def test_a_deploy_ends_with_all_services_on_the_commit_and_web_first(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    release = services.ship(pushed, told)
    assert (release.commit, release.live, release.outcome) == (pushed.commit, True, "live")
    assert render.all_live == [pushed.commit] * 3
    assert render.writes == [DEPLOYS[WEB], DEPLOYS[WORKER], DEPLOYS[BEAT]]
    done = [name for name, _ in told.done]
    assert done.index("Wait until slipway-web is live on it") < done.index(
        "Deploy the commit on slipway-worker"
    )


def test_a_commit_that_was_not_pushed_is_refused(
    services: Render,
    render: render_api.Render,
    source: Source,
    repository: Repository,
    told: Told,
) -> None:
    for commit in (repository.unpushed, "f" * 40):
        with pytest.raises(Stopped, match="the commit has not been pushed") as stopped:
            services.ship(replace(source, commit=commit), told)
        assert "git push" in stopped.value.way_back
    assert render.writes == []


def test_a_commit_that_render_does_not_have_is_told(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.pushed.clear()
    with pytest.raises(Stopped, match="is not in the repository"):
        services.ship(pushed, told)


def test_a_deploy_that_render_queues_is_found_in_the_list(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.queues = True
    services.ship(pushed, told)
    assert render.all_live == [pushed.commit] * 3


def test_a_dry_run_changes_nothing(
    services: Render, render: render_api.Render, pushed: Source
) -> None:
    render.deployed(NEXT)
    told = Told(dry_run=True)
    services.ship(pushed, told)
    services.go_back(services.releases()[1], told)
    assert render.writes == []
    assert "- Deploy the commit on slipway-web" in told.lines
    assert "- Turn automatic deploys of slipway-web off" in told.lines
    assert "- Roll slipway-web back to 1111111" in told.lines


def test_services_that_have_the_commit_are_left_alone(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.deployed(pushed.commit, WEB, BEAT)
    services.ship(pushed, told)
    assert render.writes == [DEPLOYS[WORKER]]
    assert render.all_live == [pushed.commit] * 3


FAILURES = {
    "build_failed": "its build failed",
    "pre_deploy_failed": "its pre-deploy command failed",
    "update_failed": "did not become healthy",
    "canceled": "somebody cancelled it",
    "deactivated": "another deploy has taken its place",
    "exploded": "it ended as exploded",
}


@pytest.mark.parametrize(("state", "says"), FAILURES.items())
def test_each_way_that_web_can_fail_leaves_everything_on_the_old_commit(
    services: Render, render: render_api.Render, pushed: Source, state: str, says: str
) -> None:
    render.ends[WEB, pushed.commit] = state
    render.logs[WEB] = ["first", "ModuleNotFoundError: No module named 'flask'"]
    with pytest.raises(Stopped, match=says) as stopped:
        services.ship(pushed, Told())
    assert stopped.value.why.endswith("first\nModuleNotFoundError: No module named 'flask'")
    assert render.all_live == [OLD] * 3
    assert render.writes == [DEPLOYS[WEB]]


def test_a_worker_that_fails_can_be_taken_back_with_web(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    before = services.releases()[0]
    render.ends[WORKER, pushed.commit] = "build_failed"
    with pytest.raises(Stopped, match="on slipway-worker"):
        services.ship(pushed, told)
    assert services.releases()[0].live
    assert services.releases()[0].commit == pushed.commit
    services.go_back(before, told)
    assert render.all_live == [OLD] * 3


def test_what_is_still_under_way_is_cancelled_on_the_way_back(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    before = services.releases()[0]
    render.refuse("POST", "srv-beat/deploys$", 500, times=1)
    with pytest.raises(Stopped, match="answered 500"):
        services.ship(pushed, told)
    services.go_back(before, told)
    assert render.all_live == [OLD] * 3
    assert render.deploys[WORKER][0]["status"] == "canceled"
    assert [one for one in render.writes if one.endswith("/rollback")] == [
        f"POST /v1/services/{WEB}/rollback"
    ]


def test_a_way_back_that_was_cut_off_is_carried_on_and_not_doubled(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.ship(pushed, told)
    before = services.releases()[1]
    render.cut("GET", "/deploys/", times=99)
    with pytest.raises(Stopped, match="could not be reached"):
        services.go_back(before, told)
    render.faults.clear()
    services.go_back(before, told)
    assert render.all_live == [OLD] * 3
    assert len([one for one in render.writes if one.endswith("/rollback")]) == 3


def test_the_live_deploy_is_found_behind_many_that_failed(
    services: Render, render: render_api.Render
) -> None:
    for _ in range(45):
        render._deploy(WEB, NEXT, "new_commit")["status"] = "build_failed"
    assert [one.commit for one in services.releases() if one.live] == [OLD]


def test_a_log_that_does_not_come_hides_no_outcome(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.ends[WEB, pushed.commit] = "build_failed"
    render.refuse("GET", "/v1/logs", 500)
    with pytest.raises(Stopped, match=r"its build failed, and what ran before runs on$"):
        services.ship(pushed, told)


@pytest.mark.parametrize(
    "cut",
    [
        ("POST", "srv-web/deploys$"),
        ("GET", "srv-web/deploys/"),
        ("POST", "srv-worker/deploys$"),
        ("GET", "srv-beat/deploys/"),
    ],
)
def test_a_deploy_that_was_cut_off_is_carried_on_and_not_doubled(
    services: Render, render: render_api.Render, pushed: Source, cut: tuple[str, str]
) -> None:
    render.cut(*cut, times=9, carried_out=True)
    with pytest.raises(Stopped, match="could not be reached"):
        services.ship(pushed, Told())
    render.faults.clear()
    services.ship(pushed, Told())
    assert render.all_live == [pushed.commit] * 3
    assert sorted(render.writes) == sorted(DEPLOYS.values())


def test_somebody_elses_deploy_is_not_raced(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render._deploy(WORKER, NEXT, "new_commit")
    with pytest.raises(Stopped, match="a deploy of 3333333 is under way on slipway-worker"):
        services.ship(pushed, told)
    assert render.writes == []


def test_a_suspended_service_is_named_before_anything_is_done(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.services[BEAT]["suspended"] = "suspended"
    with pytest.raises(Stopped, match="slipway-beat is suspended"):
        services.ship(pushed, told)
    assert render.writes == []
    assert [one.state for one in services.processes()] == ["live", "live", "suspended"]


def test_a_first_service_that_is_not_web_is_refused(
    services: Render, pushed: Source, told: Told
) -> None:
    turned = Render(services.api, services.services[::-1], root=services.root)
    with pytest.raises(Stopped, match="slipway-beat is no web service"):
        turned.ship(pushed, told)


def test_a_deploy_that_never_ends_is_not_waited_for_forever(
    services: Render,
    render: render_api.Render,
    pushed: Source,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.render.service.LONGEST", 60.0)
    render.paths = Endless()
    with pytest.raises(Stopped, match="not through after 1 minutes"):
        services.ship(pushed, Told())
    assert sum(waits) >= 60


class Endless(dict[str, list[str]]):
    """The states of deploys that are built for ever."""

    def __getitem__(self, _id: str) -> list[str]:
        return ["build_in_progress"]


def test_the_way_back_uses_the_builds_of_then_on_every_service(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.ship(pushed, told)
    del render.asked[:]
    services.go_back(services.releases()[1], told)
    assert render.all_live == [OLD] * 3
    assert [one for one in render.writes if "POST" in one] == [
        f"POST /v1/services/{id}/rollback" for id in (WEB, WORKER, BEAT)
    ]


def test_the_way_back_turns_automatic_deploys_off_first_and_says_so(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.ship(pushed, told)
    del render.asked[:]
    services.go_back(services.releases()[1], told)
    assert [one["autoDeploy"] for one in render.services.values()] == ["no", "no", "no"]
    assert render.writes[:3] == [f"PATCH /v1/services/{id}" for id in (WEB, WORKER, BEAT)]
    assert "Turn them on again in its settings once the branch is mended." in told.text


def test_a_service_whose_build_of_then_is_gone_is_built_anew(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.ship(pushed, told)
    render.deploys[WORKER].pop()
    services.go_back(services.releases()[1], told)
    assert render.all_live == [OLD] * 3
    assert "slipway-worker has no build of 1111111 any more; it is built." in told.text


def test_one_service_that_cannot_go_back_does_not_hold_up_the_others(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    services.ship(pushed, told)
    render.refuse("POST", "srv-web/rollback", 500)
    with pytest.raises(Stopped, match="Going back on slipway-web: Render answered 500"):
        services.go_back(services.releases()[1], told)
    assert render.all_live == [pushed.commit, OLD, OLD]
    render.faults.clear()
    services.go_back(Release(name="then", commit=OLD), told)
    assert render.all_live == [OLD] * 3
    assert render.writes.count(f"POST /v1/services/{WORKER}/rollback") == 1


def test_going_back_to_what_is_live_rolls_nothing_back(
    services: Render, render: render_api.Render, told: Told
) -> None:
    services.go_back(services.releases()[0], told)
    assert [one for one in render.writes if "POST" in one] == []


def test_all_pages_of_the_deploys_are_read(services: Render, render: render_api.Render) -> None:
    for number in range(25):
        render.deployed(f"{number:040}", WEB)
    found = services.releases()
    assert [one.commit for one in found] == [f"{n:040}" for n in range(24, -1, -1)] + [OLD]
    assert [one.live for one in found] == [True] + [False] * 25
    assert len([one for one in render.asked if "cursor" in one.query]) == 1


def test_a_deploy_of_the_commit_that_is_live_is_no_way_back(
    services: Render, render: render_api.Render
) -> None:
    render.deployed(NEXT)
    render.deployed(NEXT)
    assert [one.can_return for one in services.releases()] == [True, False, True]


def test_a_service_on_another_commit_than_web_is_not_well(
    services: Render, render: render_api.Render
) -> None:
    assert [one.is_well for one in services.processes()] == [True, True, True]
    render.deployed(NEXT, WEB, BEAT)
    web, worker, beat = services.processes()
    assert (web.is_well, worker.is_well, beat.is_well) == (True, False, True)
    assert (beat.release, worker.release) == (web.release, "1111111")


def test_automatic_deploys_are_pointed_out(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.services[WORKER]["autoDeploy"] = "no"
    services.ship(pushed, told)
    assert "Render deploys slipway-web by itself too" in told.text
    assert "slipway-worker by itself" not in told.text


@pytest.mark.parametrize(
    ("ids", "key", "url", "told"),
    [
        ((), KEY, "https://api.render.com/v1", "launch.toml does not name them"),
        ((WEB,), "", "https://api.render.com/v1", "RENDER_API_KEY is not set"),
        ((WEB,), KEY, "http://api.render.com/v1", "must be an address that begins with https"),
    ],
)
def test_a_target_needs_services_a_key_and_https(
    ids: tuple[str, ...], key: str, url: str, told: str
) -> None:
    place = Environment(name="production", url="https://app.example.com", services=ids)
    with pytest.raises(Stopped, match=told) as stopped:
        target(place, Operator(RENDER_API_KEY=key, RENDER_API_URL=url))
    assert KEY not in f"{stopped.value}{stopped.value.way_back}"
