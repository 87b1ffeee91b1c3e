"""What cannot be seen is unknown: no network, name servers and servers that mean ill."""

import ssl

import pytest

from dev.valkey import free_port
from tests.launch.world.launched import Known, Run, World
from tests.launch.world.verbs import mood
from tests.launch.world.zones import NAMES
from tests.world.hostile import (
    Behaviour,
    Hostile,
    drip,
    endless_body,
    endless_head,
    garbage,
    half_a_body,
    reset,
    silent,
)
from tests.world.nameserver import Mood

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("world")]

NAMED = ("LC-DNS", "LC-EMAIL")
SEEN = ("LC-TLS", "LC-REDIR", "LC-HEAD", "LC-EDGE", "LC-HEALTH-1", "LC-LIMIT-1", "LC-MAIL-1")
# By the plan and the settings alone; and all names are led elsewhere here, whatever DNS says.
NEVER_ASKED = {"LC-EMAIL-001", "LC-DNS-011"}
ILL = [mood for mood in Mood if mood not in {Mood.ANSWER, Mood.BOGUS}]


def name_of(ill: Behaviour) -> str:
    return ill.__name__


def trusted(world: World) -> ssl.SSLContext:
    """What a server has that shows a certificate for every name."""
    return world.authority.issue(*NAMES).context()


def assert_inconclusive(run: Run, areas: tuple[str, ...]) -> None:
    """Nothing of these areas passes, some of it is unknown, and that is all that is said."""
    assert run.err == ""
    assert run.seconds < 30
    judged = [
        found
        for found in run.report["findings"]
        if found["id"].startswith(areas) and found["id"] not in NEVER_ASKED
    ]
    assert {found["status"] for found in judged} <= {"unknown", "skipped"}, run.words
    assert any(found["status"] == "unknown" for found in judged)
    assert run.code == 3, run.words


@pytest.mark.parametrize("how", ILL, ids=lambda how: how.value)
def test_names_are_unknown_to_a_name_server_that_does_not_answer_well(
    how: Mood, world: World
) -> None:
    with mood(how)(world):
        assert_inconclusive(world.check(known=Known.HERE), NAMED)


def test_without_a_network_everything_beyond_this_machine_is_unknown(world: World) -> None:
    closed = world.live(dns=free_port(), http=free_port(), https=free_port(), smtp=free_port())
    run = world.check("--json", *closed)
    assert_inconclusive(run, (*NAMED, *SEEN))


@pytest.mark.parametrize("ill", [silent, garbage, reset, drip], ids=name_of)
def test_what_servers_show_is_unknown_where_they_mean_ill(ill: Behaviour, world: World) -> None:
    with Hostile(ill) as server:
        port = server.address[1]
        led = world.live(http=port, https=port, smtp=port)
        assert_inconclusive(world.check("--json", *led, known=Known.HERE), SEEN)


@pytest.mark.parametrize(
    "ill", [silent, garbage, reset, drip, endless_head, half_a_body], ids=name_of
)
def test_pages_are_unknown_where_a_server_means_ill_once_tls_stands(
    ill: Behaviour, world: World
) -> None:
    with Hostile(ill, trusted(world)) as secure, Hostile(ill) as plain:
        led = world.live(http=plain.address[1], https=secure.address[1])
        pages = tuple(area for area in SEEN if area not in {"LC-TLS", "LC-MAIL-1"})
        assert_inconclusive(world.check("--json", *led, known=Known.HERE), pages)


def test_a_page_that_never_ends_is_judged_by_its_beginning_and_in_time(world: World) -> None:
    with Hostile(endless_body, trusted(world)) as secure, Hostile(endless_body) as plain:
        led = world.live(http=plain.address[1], https=secure.address[1])
        run = world.check("--json", *led)
    assert (run.code, run.err) == (1, ""), run.words
    assert run.seconds < 30


def test_it_ends_in_time_where_all_hang_at_once(world: World) -> None:
    with mood(Mood.SILENT)(world), Hostile(silent) as hung:
        port = hung.address[1]
        led = world.live(http=port, https=port, smtp=port)
        assert_inconclusive(world.check("--json", *led), (*NAMED, *SEEN))
