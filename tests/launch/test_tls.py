"""What is read of real TLS servers, sound, faulty and hostile."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.launch.facts import Unasked, known
from apps.launch.facts.tls import Endpoint
from apps.launch.findings import Status
from apps.launch.gathering.tls import tls
from apps.launch.probes.target import Address, Target
from apps.launch.probes.tls import OLD
from apps.launch.registry import chosen_checks, run
from tests.launch.fabricated import with_facts
from tests.launch.sound.tls import TLS
from tests.world.hostile import Behaviour, Hostile, garbage, reset, silent
from tests.world.listener import Handler, Listener
from tests.world.tls import DAY, Authority, Issued, self_signed

NAME = "portal.harbourside.co"
NOW = datetime.now(UTC)
AUTHORITY = Authority()


class Silent(Handler):
    """It answers whatever it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[Address], "Endpoint | Unasked"]:
    """Ask an address of loopback for TLS under the portal's name."""

    def asked(address: Address) -> Endpoint | Unasked:
        target = Target(
            url=f"https://{NAME}",
            connect_to={("", 443): address},
            ca_file=AUTHORITY.write(tmp_path / "root.pem"),
        )
        ((_, _, found),) = tls(target, [NAME], {}).each()
        return found

    return asked


Ask = Callable[[Address], "Endpoint | Unasked"]


def serve(stack: ExitStack, context: ssl.SSLContext | None) -> Address:
    listener = stack.enter_context(Listener(Silent, context))
    return "127.0.0.1", listener.port


def test_a_sound_server_is_read_whole(stack: ExitStack, ask: Ask) -> None:
    ends = (NOW + 60 * DAY).replace(microsecond=0)
    issued = AUTHORITY.issue(NAME, "127.0.0.1", ends=ends)
    found = known(ask(serve(stack, issued.context())))
    assert (found.refusal, found.code, found.words) == ("", 0, "")
    assert found.version == "TLSv1.3"
    assert found.old_versions == {"TLSv1": False, "TLSv1.1": False}
    own, middle = found.chain
    assert own.issuer == middle.issuer == "Loopback Trust"
    assert own.names == (NAME, "127.0.0.1")
    assert own.not_after == ends
    assert (own.key, own.key_bits, own.self_issued) == ("EC", 256, False)


@pytest.mark.parametrize(
    ("issued", "code", "certificates"),
    [
        (lambda own: own.issue(NAME, begins=NOW - 9 * DAY, ends=NOW - DAY), 10, 2),
        (lambda own: own.issue(NAME, begins=NOW + DAY), 9, 2),
        (lambda own: own.issue("www.harbourside.co"), 62, 2),
        (lambda own: own.issue(common=NAME), 62, 2),
        (lambda own: self_signed(NAME), 18, 1),
        (lambda own: own.issue(NAME, complete=False), 20, 1),
        (lambda own: Authority().issue(NAME), 20, 2),
        (lambda own: own.issue(NAME, bits=1024), 66, 2),
    ],
    ids=["expired", "not yet", "name", "CN only", "self-signed", "incomplete", "unknown", "weak"],
)
def test_a_fault_is_told_by_its_code_and_the_chain_is_read_all_the_same(
    stack: ExitStack, ask: Ask, issued: Callable[[Authority], Issued], code: int, certificates: int
) -> None:
    found = known(ask(serve(stack, issued(AUTHORITY).context())))
    assert (found.code, len(found.chain), found.refusal) == (code, certificates, "")
    assert found.words


def test_old_versions_that_are_accepted_are_seen(stack: ExitStack, ask: Ask) -> None:
    context = AUTHORITY.issue(NAME).context(oldest=ssl.TLSVersion.TLSv1)
    assert known(ask(serve(stack, context))).old_versions == dict.fromkeys(OLD, True)


def test_a_server_that_has_only_old_versions_is_a_refusal(stack: ExitStack, ask: Ask) -> None:
    context = AUTHORITY.issue(NAME).context(oldest=ssl.TLSVersion.TLSv1)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    found = known(ask(serve(stack, context)))
    assert found.refusal == "it answered tlsv1 alert protocol version"


def test_a_server_that_answers_in_an_old_version_unasked_is_a_refusal(
    stack: ExitStack, ask: Ask
) -> None:
    def answer_in_tls_1(connection: socket.socket) -> None:
        connection.recv(65536)
        hello = b"\x03\x01" + bytes(32) + b"\x00" + b"\x00\x2f" + b"\x00"  # RFC 2246 §7.4.1.3
        message = b"\x02" + len(hello).to_bytes(3) + hello
        connection.sendall(b"\x16\x03\x01" + len(message).to_bytes(2) + message)

    assert known(ask(hostile(stack, answer_in_tls_1))).refusal == "it speaks no TLS newer than 1.1"


def test_plain_http_where_tls_is_expected_is_a_refusal(stack: ExitStack, ask: Ask) -> None:
    assert "plain HTTP" in known(ask(serve(stack, None))).refusal


def test_a_server_that_does_not_know_the_name_refuses(stack: ExitStack, ask: Ask) -> None:
    def unknown(socket: ssl.SSLSocket | ssl.SSLObject, name: str, context: object) -> int:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context = AUTHORITY.issue(NAME).context()
    context.sni_callback = unknown
    assert known(ask(serve(stack, context))).refusal == "it answered tlsv1 unrecognized name"


def hostile(stack: ExitStack, behave: Behaviour) -> Address:
    return stack.enter_context(Hostile(behave)).address


def test_what_is_not_tls_is_unknown(stack: ExitStack, ask: Ask) -> None:
    found = ask(hostile(stack, garbage))
    assert isinstance(found, Unasked)
    assert "not TLS" in str(found)


def test_a_reset_is_unknown(stack: ExitStack, ask: Ask) -> None:
    assert isinstance(ask(hostile(stack, reset)), Unasked)


def test_a_closed_port_is_unknown(ask: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = ask(taken.getsockname())
    assert isinstance(found, Unasked)
    assert "refused" in str(found)


def test_a_server_that_hangs_is_unknown_within_the_patience(stack: ExitStack, ask: Ask) -> None:
    began = time.monotonic()
    assert isinstance(ask(hostile(stack, silent)), Unasked)
    assert time.monotonic() - began < timedelta(seconds=11).total_seconds()


def test_every_address_of_a_name_is_asked_and_a_name_without_them_is_unknown(
    tmp_path: Path,
) -> None:
    target = Target(url=f"https://{NAME}:1", ca_file=AUTHORITY.write(tmp_path / "root.pem"))
    addresses = {
        NAME: ("127.0.0.1", "::1"),
        "a.harbourside.co": Unasked("no answer"),
        "b.harbourside.co": (),
    }
    found = tls(target, list(addresses), addresses).endpoints
    assert known(found[NAME]).keys() == {"127.0.0.1:1", "[::1]:1"}
    assert str(found["a.harbourside.co"]) == "no answer"
    assert str(found["b.harbourside.co"]) == "b.harbourside.co has no address"


def test_a_subdomain_without_https_that_hsts_covers_is_told_as_locked() -> None:
    covered, free = "files.portal.harbourside.co", "www.harbourside.co"
    titles = []
    for name in (covered, free):
        endpoints = {**TLS.endpoints, name: {"203.0.113.8": Endpoint(refusal="it hung up")}}
        facts = with_facts(tls=replace(TLS, endpoints=endpoints))
        (found,) = run(facts, chosen_checks(["LC-TLS"])).having(Status.FAIL)
        titles.append(found.title)
    assert "locks visitors out" in titles[0]
    assert titles[1] == "A name does not speak HTTPS"
