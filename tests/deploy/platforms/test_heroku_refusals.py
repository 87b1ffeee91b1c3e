"""Each refusal that the Platform API's reference names, and a network that fails."""

import pytest

from deploy import rest
from deploy.heroku.api import client
from deploy.heroku.app import App
from deploy.heroku.target import Heroku
from deploy.rest import ApiError
from deploy.target import Source, Stopped
from tests.deploy import heroku_api
from tests.deploy.heroku_api import APP, KEY
from tests.deploy.platform import Fault
from tests.deploy.platform import Told as Answer
from tests.deploy.platforms.conftest import NEW, Told

# https://devcenter.heroku.com/articles/platform-api-reference#error-responses
REFUSALS = [
    (400, "bad_request", "update this copy of deploy/"),
    (401, "unauthorized", "heroku authorizations:create"),
    (402, "delinquent", "billing"),
    (403, "forbidden", "have the team's admin"),
    (403, "suspended", "Heroku's support"),
    (403, "two_factor", "a second factor, which a script cannot give"),
    (404, "not_found", "Look at `app` in launch.toml"),
    (406, "not_acceptable", "strips the Accept header"),
    (409, "conflict", "wait until it is done"),
    (410, "gone", "no longer has this part of its API"),
    (416, "requested_range_not_satisfiable", "this page of a list"),
    (422, "invalid_params", "mend what it names"),
    (422, "verification_needed", "Enter billing information"),
    (429, "rate_limit", "requests of this hour are used up"),
    (500, "server_error", "https://status.heroku.com"),
    (503, "maintenance", "in maintenance or overloaded"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_each_refusal_says_what_to_do_and_leaves_the_release(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, refusal: tuple[int, str, str]
) -> None:
    status, id, says = refusal
    for where in (("GET", f"/apps/{APP}$"), ("POST", "/builds$")):
        heroku.faults.clear()
        heroku.refuse(*where, status, id=id, message="The platform's own words.")
        with pytest.raises(Stopped) as stopped:
            app.ship(source, Told())
        assert f"answered {status} to {where[0]}" in stopped.value.why
        assert says in stopped.value.why
        assert "The platform's own words" in stopped.value.why
        assert "live still" in stopped.value.way_back
        assert KEY not in stopped.value.why
    assert heroku.live["version"] == 1


def test_a_wrong_key_is_refused_by_the_server_itself(heroku: heroku_api.Heroku) -> None:
    stranger = Heroku(App(client(key="HRKU-another", base=heroku.url), APP))
    with pytest.raises(Stopped, match="Invalid credentials provided"):
        stranger.releases()


def test_the_rate_limit_is_waited_out(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told, waits: list[float]
) -> None:
    heroku.refuse("POST", "/builds$", 429, id="rate_limit", times=3)
    assert app.ship(source, told).commit == NEW
    assert waits[:3] == [15.0, 15.0, 15.0]


def test_the_rate_limit_is_not_waited_for_forever(
    app: Heroku, heroku: heroku_api.Heroku, waits: list[float]
) -> None:
    heroku.refuse("GET", "/releases", 429, id="rate_limit")
    with pytest.raises(Stopped, match="waiting did not help"):
        app.releases()
    assert len(waits) == rest.TRIES - 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_passes_is_asked_again(
    app: Heroku, heroku: heroku_api.Heroku, status: int, waits: list[float]
) -> None:
    heroku.refuse("GET", "/releases", status, times=2)
    assert len(app.releases()) == 1
    assert waits == [2.0, 4.0]


def test_what_changes_something_is_not_sent_twice(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.refuse("POST", "/builds$", 500)
    with pytest.raises(Stopped):
        app.ship(source, told)
    assert heroku.writes.count(f"POST /apps/{APP}/builds") == 1


def test_a_network_that_fails_for_a_moment_is_tried_again(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    heroku.cut("GET", "/releases", times=2)
    assert len(app.releases()) == 1


def test_a_network_that_is_gone_is_told(app: Heroku, heroku: heroku_api.Heroku) -> None:
    heroku.stop()
    with pytest.raises(Stopped, match="Heroku could not be reached for GET"):
        app.releases()


@pytest.mark.parametrize("body", [b"<html>Maintenance</html>", b'{"half": ', b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_told(
    app: Heroku, heroku: heroku_api.Heroku, body: bytes
) -> None:
    heroku.faults.append(Fault("GET", "/releases", Answer(200, body), times=99))
    with pytest.raises(Stopped, match="something that is not JSON"):
        app.releases()


@pytest.mark.parametrize("body", [{}, [], [1], None, [{"id": "x"}], {"status": "succeeded"}])
def test_an_answer_of_another_shape_is_told(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told, body: object
) -> None:
    heroku.faults.append(Fault("GET", "/builds/", Answer(200, body), times=99))
    with pytest.raises(Stopped, match="answered otherwise than its documentation says"):
        app.ship(source, told)


def test_a_redirect_is_not_followed_with_the_key(app: Heroku, heroku: heroku_api.Heroku) -> None:
    away = Answer(302, None, {"Location": f"{heroku.url}/elsewhere"})
    heroku.faults.append(Fault("GET", "/releases", away, times=99))
    with pytest.raises(Stopped, match="answered 302"):
        app.releases()
    assert "/elsewhere" not in {one.path for one in heroku.asked}


def test_the_store_refusing_the_source_is_told(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.refuse("PUT", "/store/", 403)
    with pytest.raises(Stopped, match="store refused the source with 403"):
        app.ship(source, told)
    assert heroku.builds == []


def test_the_store_being_gone_is_told(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.cut("PUT", "/store/")
    with pytest.raises(Stopped, match="could not be uploaded"):
        app.ship(source, told)


@pytest.mark.parametrize("fault", ["cut", "missing", "hangs"])
def test_a_log_that_does_not_come_hides_no_outcome(
    app: Heroku,
    heroku: heroku_api.Heroku,
    source: Source,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heroku.fails_at[NEW] = "build"
    if fault == "cut":
        heroku.cut("GET", "/streams/")
    elif fault == "missing":
        heroku.refuse("GET", "/streams/", 404)
    else:
        # It announces more than it sends, and stays silent then.
        monkeypatch.setattr(rest, "LIMIT", 0.1)
        short = Answer(200, b"half a log", {"Content-Length": "1000"})
        heroku.faults.append(Fault("GET", "/streams/", short))
    with pytest.raises(Stopped, match="The build on Heroku") as stopped:
        app.ship(source, Told())
    assert len(stopped.value.why) < 1000


def test_a_log_without_end_is_read_up_to_a_size(heroku: heroku_api.Heroku) -> None:
    heroku.faults.append(Fault("GET", "/streams/", Answer(200, b"x\n" * rest.LARGEST_LOG)))
    text = client(key=KEY, base=heroku.url).log(f"{heroku.url}/streams/1")
    assert rest.LARGEST_LOG < len(text) < 1.2 * rest.LARGEST_LOG


def test_an_api_on_https_that_names_a_store_without_it_is_not_trusted() -> None:
    api = client(key=KEY, base="https://api.heroku.com")
    with pytest.raises(ApiError, match="without https"):
        api.upload("http://127.0.0.1:9/store", b"the source")
    with pytest.raises(ApiError, match="without https"):
        api.log("http://127.0.0.1:9/stream")
