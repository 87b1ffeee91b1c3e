"""Each refusal that Render's API names, its rate limit, and a network that fails."""

import time

import pytest

from deploy import rest
from deploy.render.api import until_reset
from deploy.render.target import Render
from deploy.target import Source, Stopped
from tests.deploy import render_api
from tests.deploy.platform import Fault
from tests.deploy.platform import Told as Answer
from tests.deploy.platforms.conftest import OLD, Told
from tests.deploy.render_api import KEY, WEB

# The responses that https://api-docs.render.com/reference lists for these endpoints.
REFUSALS = [
    (400, "mend what it names"),
    (401, "set RENDER_API_KEY"),
    (402, "billing"),
    (403, "have a workspace admin let it"),
    (404, "Look at `services` and `database` in launch.toml"),
    (406, "strips the Accept header"),
    (409, "wait until it is done"),
    (410, "is gone"),
    (429, "waiting did not help"),
    (500, "https://status.render.com"),
    (503, "in maintenance or overloaded"),
]


@pytest.mark.parametrize(("status", "says"), REFUSALS)
def test_each_refusal_says_what_to_do_and_leaves_the_services(
    services: Render, render: render_api.Render, pushed: Source, status: int, says: str
) -> None:
    for where in (("GET", f"/services/{WEB}$"), ("POST", "/deploys$")):
        render.faults.clear()
        render.refuse(*where, status, message="The platform's own words.")
        with pytest.raises(Stopped) as stopped:
            services.ship(pushed, Told())
        assert f"answered {status} to {where[0]}" in stopped.value.why
        assert says in stopped.value.why
        assert "The platform's own words" in stopped.value.why
        assert KEY not in stopped.value.why
    assert render.all_live == [OLD] * 3


def test_a_wrong_key_is_refused_by_the_server_itself(
    services: Render, render: render_api.Render
) -> None:
    render.key = "rnd_another"
    with pytest.raises(Stopped, match="Unauthorized"):
        services.releases()


def test_the_rate_limit_is_waited_out_for_as_long_as_it_says(
    services: Render, render: render_api.Render, pushed: Source, waits: list[float]
) -> None:
    render.refuse("POST", "/deploys$", 429, times=2)
    services.ship(pushed, Told())
    assert render.all_live == [pushed.commit] * 3
    assert waits[:2] == [7.0, 7.0]


def test_the_rate_limit_is_not_waited_for_forever(
    services: Render, render: render_api.Render, waits: list[float]
) -> None:
    render.limit_headers = {"Ratelimit-Reset": "86400"}
    render.refuse("GET", "/deploys", 429)
    with pytest.raises(Stopped, match="waiting did not help"):
        services.releases()
    assert waits == [rest.LONGEST_PAUSE] * (rest.TRIES - 1)


def test_the_end_of_the_rate_limit_is_read_in_both_documented_ways() -> None:
    assert until_reset({"Ratelimit-Reset": "45"}) == 45
    assert until_reset({"Ratelimit-Reset": str(time.time() + 45)}) == pytest.approx(45, abs=2)
    assert until_reset({"Ratelimit-Reset": str(time.time() - 45)}) == 1
    assert until_reset({"Ratelimit-Reset": "soon"}) is None
    assert until_reset({}) is None


def test_what_changes_something_is_not_sent_twice(
    services: Render, render: render_api.Render, pushed: Source, told: Told
) -> None:
    render.refuse("POST", "/deploys$", 500)
    with pytest.raises(Stopped):
        services.ship(pushed, told)
    assert len(render.writes) == 1


def test_a_network_that_is_gone_is_told(services: Render, render: render_api.Render) -> None:
    render.stop()
    with pytest.raises(Stopped, match="Render could not be reached for GET"):
        services.releases()


@pytest.mark.parametrize("body", [b"<html>", {}, [1], None, [{"deploy": {}}]])
def test_an_answer_of_another_shape_is_told(
    services: Render, render: render_api.Render, body: object
) -> None:
    render.faults.append(Fault("GET", "/deploys", Answer(200, body), times=99))
    with pytest.raises(Stopped, match=r"otherwise than its documentation|not JSON"):
        services.releases()


def test_a_redirect_is_not_followed_with_the_key(
    services: Render, render: render_api.Render
) -> None:
    away = Answer(307, None, {"Location": f"{render.url}/elsewhere"})
    render.faults.append(Fault("GET", "/deploys", away, times=99))
    with pytest.raises(Stopped, match="answered 307"):
        services.releases()
    assert "/elsewhere" not in {one.path for one in render.asked}
