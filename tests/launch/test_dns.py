"""Name servers, asked over real UDP and TCP in every mood, and what comes of it."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

import pytest

from apps.launch.facts.dns import Dns
from apps.launch.facts.unasked import Unasked
from apps.launch.findings import Status
from apps.launch.gathering.names import look_up
from apps.launch.probes.target import Target
from apps.launch.registry import known_checks, run
from tests.launch.fabricated import PLAN, SOUND
from tests.launch.sound.dns import NAMES, RECORDS
from tests.world.nameserver import EVERYTHING, Mood, NameServer

PORTAL, MAIL = "portal.harbourside.co", "mail.harbourside.co"
AREAS = ("LC-DNS", "LC-EMAIL")
BAD_MOODS = [
    (Mood.SILENT, "was not answered in time"),
    (Mood.SERVFAIL, "was answered SERVFAIL"),
    (Mood.REFUSE, "was answered REFUSED"),
    (Mood.LIE, "was not answered in time"),
    (Mood.STRANGER, "was not answered in time"),
    (Mood.GARBAGE, "was not answered in time"),
    (Mood.TRUNCATE, "was answered in part"),
]


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(RECORDS) as server:
        yield server


def ask(server: NameServer, **target: object) -> Dns:
    """Look up the sound plan at a server."""
    at = Target(url=f"https://{PORTAL}", dns=server.address)
    return look_up(replace(at, **target), PLAN, MAIL)


def statuses(dns: Dns) -> dict[str, Status]:
    """How the checks of both areas end with these answers."""
    findings = run(replace(SOUND, dns=dns), known_checks()).findings
    return {f.id: f.status for f in findings if f.id.startswith(AREAS)}


def test_what_a_real_server_says_of_sound_zones_passes_every_check(server: NameServer) -> None:
    begun = monotonic()
    dns = ask(server)
    assert monotonic() - begun < 5
    assert set(statuses(dns).values()) == {Status.PASS}
    assert dns.addresses[PORTAL] == ("81.2.69.142", "2a02:6b8::142")
    assert dns.addresses["www.harbourside.co"] == ("81.2.69.144",)
    assert set(dns.addresses) == set(NAMES)
    host, port = server.address
    assert dns.ask(PORTAL, "A").asked.startswith(f"asked {host}:{port}, ")


def test_all_questions_go_to_the_server_of_the_option_and_each_goes_once(
    server: NameServer,
) -> None:
    dns = ask(server)
    assert set(server.asked) == set(dns.answers)
    assert len(server.asked) == len(set(server.asked))


@pytest.mark.parametrize(("mood", "words"), BAD_MOODS, ids=[mood.name for mood, _ in BAD_MOODS])
def test_a_server_in_a_bad_mood_makes_everything_unknown_within_its_bound(
    server: NameServer, mood: Mood, words: str
) -> None:
    server.moods[EVERYTHING] = mood
    begun = monotonic()
    dns = ask(server)
    assert monotonic() - begun < 10
    assert all(isinstance(each, Unasked) for each in dns.addresses.values())
    assert words in str(dns.answers[PORTAL, "A"])
    found = statuses(dns)
    assert found.pop("LC-EMAIL-001") is Status.PASS, "the plan and the settings tell"
    assert set(found.values()) == {Status.UNKNOWN}


def test_a_port_where_nobody_listens_makes_everything_unknown() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    dns = look_up(Target(url=f"https://{PORTAL}", dns=("127.0.0.1", port)), PLAN, MAIL)
    assert all(isinstance(each, Unasked) for each in dns.answers.values())


def test_one_name_that_is_not_answered_leaves_the_others_known(server: NameServer) -> None:
    server.moods["spf.postbird.net"] = Mood.SERVFAIL
    found = statuses(ask(server))
    unknown = {id for id, status in found.items() if status is not Status.PASS}
    assert unknown == {f"LC-EMAIL-{number:03}" for number in range(2, 7)}
    assert {found[id] for id in unknown} == {Status.UNKNOWN}


def test_wrong_signatures_are_the_one_finding_and_the_rest_is_still_judged(
    server: NameServer,
) -> None:
    server.moods[EVERYTHING] = Mood.BOGUS
    found = statuses(ask(server))
    assert {id for id, s in found.items() if s is not Status.PASS} == {"LC-DNS-010"}
    assert found["LC-DNS-010"] is Status.FAIL


def test_absence_is_a_finding_and_no_failure(server: NameServer) -> None:
    server.records["status.harbourside.co", "CNAME"] = ["gone.status.net."]
    server.records["mail.harbourside.co", "MX"] = []
    found = statuses(ask(server))
    failed = {id for id, status in found.items() if status is not Status.PASS}
    assert failed == {"LC-DNS-002", "LC-EMAIL-013"}
    assert {found[id] for id in failed} == {Status.FAIL}


def test_a_policy_too_long_for_a_datagram_and_in_many_strings_is_whole(server: NameServer) -> None:
    hosts = " ".join(f"ip4:81.2.{n}.0/24" for n in range(150))
    server.records["spf.postbird.net", "TXT"] = [f"v=spf1 {hosts} ~all"]
    dns = ask(server)
    assert dns.ask("spf.postbird.net", "TXT").records == (f"v=spf1 {hosts} ~all",)
    assert set(statuses(dns).values()) == {Status.PASS}


def test_names_that_connect_to_leads_elsewhere_are_noted(server: NameServer) -> None:
    for name in NAMES:
        server.records[name, "A"] = ["127.0.0.1"]
        server.records.pop((name, "CNAME"), None)
    there = {("", 443): ("127.0.0.1", 8443)}
    detoured = ask(server, connect_to=there)
    assert detoured.detoured == set(NAMES)
    assert statuses(detoured)["LC-DNS-011"] is Status.PASS
    assert statuses(ask(server))["LC-DNS-011"] is Status.FAIL
