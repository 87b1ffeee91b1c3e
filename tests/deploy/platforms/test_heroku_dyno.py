"""One-off dynos: real commands behind a rendezvous server that speaks TLS on loopback."""

import sys

import pytest

from deploy.heroku import dyno
from deploy.heroku.target import Heroku
from deploy.target import Stopped
from tests.deploy import heroku_api
from tests.world.tls import self_signed

PRINTS = [sys.executable, "-c", "print('first'); print('second')"]


def test_a_command_gives_its_words_and_its_exit_status(app: Heroku) -> None:
    done = app.run(PRINTS)
    assert (done.status, done.text) == (0, "first\nsecond\n")


@pytest.mark.parametrize("status", [1, 3, 137])
def test_the_exit_status_is_the_commands_own(app: Heroku, status: int) -> None:
    assert app.run(["sh", "-c", f"echo no; exit {status}"]).status == status


def test_words_without_an_end_of_line_are_kept(app: Heroku) -> None:
    assert app.run(["printf", "half"]).text == "half"


def test_what_a_shell_would_read_in_its_own_way_arrives_as_it_is(app: Heroku) -> None:
    assert app.run(["echo", "$HOME; exit 9", "it's"]).text == "$HOME; exit 9 it's\n"


def test_the_input_arrives_and_is_no_part_of_the_command(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    assert app.run(["cat"], text="a secret\nof two lines").text == "a secret\nof two lines"
    assert not any(b"a secret" in one.raw for one in heroku.asked)


def test_long_output_arrives_whole(app: Heroku) -> None:
    done = app.run([sys.executable, "-c", "print('x' * 300_000)"])
    assert (done.status, len(done.text)) == (0, 300_001)


def test_a_dyno_asks_for_no_terminal_and_an_end(app: Heroku, heroku: heroku_api.Heroku) -> None:
    app.run(["true"])
    body = heroku.asked[-1].body
    assert (body["attach"], body["force_no_tty"], body["type"]) == (True, True, "run")
    assert body["time_to_live"] == 3600


def test_a_connection_that_ends_before_the_status_is_an_error(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    heroku.rendezvous.ends_early = True
    with pytest.raises(Stopped, match="did not say how it ended") as stopped:
        app.run(PRINTS)
    assert "heroku logs --app slipway-test --dyno run.1001" in str(stopped.value)


def test_a_server_that_is_no_rendezvous_is_given_nothing(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    heroku.rendezvous.greeting = b"220 mail\r\n"
    with pytest.raises(Stopped, match="said something else"):
        app.run(PRINTS)


def test_a_silent_command_is_waited_for_while_its_dyno_runs_and_no_longer(
    app: Heroku, heroku: heroku_api.Heroku, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dyno, "QUIET", 0.05)
    assert app.run(["sh", "-c", "sleep 0.3; echo late"]).text == "late\n"
    looked = [one for one in heroku.asked if one.path.endswith("/dynos/run.1001")]
    assert looked
    heroku.refuse("GET", "/dynos/run", 404, id="not_found")
    with pytest.raises(Stopped, match="the dyno is gone"):
        app.run(["sh", "-c", "sleep 0.3; echo late"])


def test_a_rendezvous_server_without_a_certificate_that_counts_is_not_spoken_to(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    stranger = heroku_api.Dynos(self_signed("127.0.0.1").context())
    heroku.attach_url = stranger.url("echo hello")
    stranger.server_close()
    with pytest.raises(Stopped, match="did not say how it ended"):
        app.run(PRINTS)


def test_a_private_space_is_told_apart(app: Heroku, heroku: heroku_api.Heroku) -> None:
    heroku.attach_url = "https://127.0.0.1/attach"
    with pytest.raises(Stopped, match=r"heroku run -- python manage\.py backup"):
        app.run(["python", "manage.py", "backup"])


def test_a_release_that_is_seconds_old_is_asked_again(
    app: Heroku, heroku: heroku_api.Heroku, waits: list[float]
) -> None:
    heroku.refuse("POST", "/dynos", 409, id="conflict", times=2)
    assert app.run(["true"]).status == 0
    assert waits == [1.0, 1.0]


def test_a_conflict_that_stays_is_told(app: Heroku, heroku: heroku_api.Heroku) -> None:
    heroku.refuse("POST", "/dynos", 409, id="conflict", message="Something is changing.")
    with pytest.raises(Stopped, match="Something else changes the app at this moment"):
        app.run(["true"])
