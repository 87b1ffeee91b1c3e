"""The loopback name server, asked as any name server is."""

from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.world.nameserver import EVERYTHING, Mood, NameServer

SOA = "ns1.harbourside.co. hostmaster.harbourside.co. 1 7200 900 1209600 300"
RECORDS = {
    ("co", "SOA"): [SOA],
    ("harbourside.co", "SOA"): [SOA],
    ("harbourside.co", "DS"): ["12345 13 2 " + "ab" * 32],
    ("portal.harbourside.co", "CNAME"): ["edge.harbourside.co."],
    ("edge.harbourside.co", "A"): ["192.0.2.7"],
    ("gone.harbourside.co", "CNAME"): ["nobody.harbourside.co."],
    ("long.harbourside.co", "TXT"): ["x" * 3000],
    ("*.any.harbourside.co", "TXT"): ["v=DMARC1"],
}


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(RECORDS) as server:
        yield server


def ask(
    server: NameServer, name: str, type: str, *, timeout: float = 2, flags: int = dns.flags.RD
) -> dns.message.Message:
    query = dns.message.make_query(name, type, flags=flags | dns.flags.AD)
    host, port = server.address
    return dns.query.udp_with_fallback(query, host, port=port, timeout=timeout)[0]


def test_an_alias_is_followed_and_an_absent_target_is_an_absent_name(server: NameServer) -> None:
    followed = ask(server, "Portal.harbourside.co", "A")
    assert [rrset.to_text().lower() for rrset in followed.answer] == [
        "portal.harbourside.co. 3600 in cname edge.harbourside.co.",
        "edge.harbourside.co. 3600 in a 192.0.2.7",
    ]
    gone = ask(server, "gone.harbourside.co", "A")
    assert gone.rcode() == dns.rcode.NXDOMAIN
    assert len(gone.answer) == 1


def test_an_absent_type_is_not_an_absent_name_and_both_come_with_their_zone(
    server: NameServer,
) -> None:
    no_type, no_name = ask(server, "edge.harbourside.co", "MX"), ask(server, "x.co", "A")
    assert (no_type.rcode(), no_name.rcode()) == (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    assert str(no_type.authority[0].name) == "harbourside.co."
    assert str(no_name.authority[0].name) == "co."


def test_what_is_too_long_for_a_datagram_comes_over_tcp(server: NameServer) -> None:
    (rrset,) = ask(server, "long.harbourside.co", "TXT").answer
    assert b"".join(rrset[0].strings) == b"x" * 3000
    assert max(map(len, rrset[0].strings)) == 255


def test_a_wildcard_stands_in_and_signed_zones_are_validated(server: NameServer) -> None:
    assert ask(server, "a.b.any.harbourside.co", "TXT").answer
    assert ask(server, "edge.harbourside.co", "A").flags & dns.flags.AD
    assert not ask(server, "co", "SOA").flags & dns.flags.AD


def test_it_can_be_changed_while_it_runs(server: NameServer) -> None:
    server.records["new.harbourside.co", "A"] = ["192.0.2.8"]
    server.ttls["new.harbourside.co", "A"] = 60
    assert ask(server, "new.harbourside.co", "A").answer[0].ttl == 60


@pytest.mark.parametrize("name", [EVERYTHING, "edge.harbourside.co"])
def test_it_fails_and_refuses_when_in_the_mood(server: NameServer, name: str) -> None:
    server.moods[name] = Mood.SERVFAIL
    assert ask(server, "edge.harbourside.co", "A").rcode() == dns.rcode.SERVFAIL
    server.moods[name] = Mood.REFUSE
    assert ask(server, "edge.harbourside.co", "A").rcode() == dns.rcode.REFUSED
    server.moods[name] = Mood.BOGUS
    assert ask(server, "edge.harbourside.co", "A").rcode() == dns.rcode.SERVFAIL
    unchecked = ask(server, "edge.harbourside.co", "A", flags=dns.flags.RD | dns.flags.CD)
    assert unchecked.rcode() == dns.rcode.NOERROR
    server.moods[name] = Mood.TRUNCATE
    assert ask(server, "edge.harbourside.co", "A").flags & dns.flags.TC


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.LIE, Mood.STRANGER, Mood.GARBAGE])
def test_nothing_that_answers_the_question_comes_when_it_is_so_minded(
    server: NameServer, mood: Mood
) -> None:
    server.moods[EVERYTHING] = mood
    with pytest.raises(dns.exception.DNSException):
        ask(server, "edge.harbourside.co", "A", timeout=0.3)
