"""What --live and its companions take, and what they refuse in one harmless line."""

from pathlib import Path

import pytest
import trustme

from apps.launch.probes.target import (
    BadTarget,
    Target,
    authorities,
    detour,
    live_url,
    name_server,
)

LIVE = [
    ("https://portal.example.com", "https://portal.example.com"),
    ("HTTPS://Portal.Example.COM/", "https://portal.example.com"),
    ("https://portal.example.com.:443", "https://portal.example.com"),
    ("https://portal.example.com:8443", "https://portal.example.com:8443"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://localhost:8443", "https://localhost:8443"),
    ("https://127.0.0.1", "https://127.0.0.1"),
    ("https://[::1]:8443", "https://[::1]:8443"),
]


@pytest.mark.parametrize(("given", "taken"), LIVE, ids=[given for given, _ in LIVE])
def test_the_address_of_the_running_product_is_taken(given: str, taken: str) -> None:
    assert live_url(given) == taken


HOSTILE = [
    "",
    " ",
    "portal.example.com",
    "http://portal.example.com",
    "ftp://portal.example.com",
    "https://",
    "https:///",
    "https://portal.example.com/login",
    "https://portal.example.com?a",
    "https://portal.example.com#a",
    "https://user@portal.example.com",
    "https://@portal.example.com",
    "https://user:pass@portal.example.com",
    "https://portal.example.com:99999",
    "https://portal.example.com:x",
    "https://portal.exa\nmple.com",
    "https://portal.example.com\t",
    "https://portal.example.com\r\nHost: evil",
    "https://[::1",
    "https://[zz]",
    "https://a..example",
    "https://-.example",
    "https://a\\b",
    "https://\x1b[2J",
    "https://\x00",
    "https://" + "a" * 300 + ".example",
    "https://*.example.com",
    "https://$(id).example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("given", HOSTILE, ids=range(len(HOSTILE)))
def test_any_other_address_is_refused_in_one_harmless_line(given: str) -> None:
    with pytest.raises(BadTarget, match=r"^--live takes an address such as") as refused:
        live_url(given)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 160


SERVERS = [
    ("127.0.0.1:5353", ("127.0.0.1", 5353)),
    ("127.0.0.1", ("127.0.0.1", 53)),
    ("127.0.0.1:", ("127.0.0.1", 53)),
    ("[::1]:5353", ("::1", 5353)),
    ("[::1]", ("::1", 53)),
    ("::1", ("::1", 53)),
]


@pytest.mark.parametrize(("given", "taken"), SERVERS, ids=[given for given, _ in SERVERS])
def test_a_name_server_is_an_address_with_or_without_a_port(
    given: str, taken: tuple[str, int]
) -> None:
    assert name_server(given) == taken


@pytest.mark.parametrize(
    "given",
    [
        *("", ":", "localhost:53", "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:5 3", "1.2.3:53"),
        *("127.0.0.1:٣", "[::1:53", "127.0.0.1:0x35", "\x1b[2J:53", "127.0.0.1:53:53"),
    ],
)
def test_any_other_name_server_is_refused(given: str) -> None:
    with pytest.raises(BadTarget, match="--dns takes an address") as refused:
        name_server(given)
    assert str(refused.value).isprintable()


DETOURS = [
    (":443:127.0.0.1:8443", (("", 443), ("127.0.0.1", 8443))),
    (":::8443", (("", 0), ("", 8443))),
    ("Portal.Example.com:443:localhost:", (("portal.example.com", 443), ("localhost", 0))),
    ("[::1]:443:[::2]:8443", (("::1", 443), ("::2", 8443))),
    ("::127.0.0.1:8443", (("", 0), ("127.0.0.1", 8443))),
]


@pytest.mark.parametrize(("given", "taken"), DETOURS, ids=[given for given, _ in DETOURS])
def test_a_detour_is_written_as_for_curl(given: str, taken: object) -> None:
    assert detour(given) == taken


@pytest.mark.parametrize(
    "given",
    [
        *("", ":", "::", "a:1:b", "a:1:b:2:3", "a:x:b:2", "a:1:b:70000", "a:1:b c:2", "a:-1:b:2"),
        *("::1:443:a:1", "a:1:b\n:2", "\x1b:1:b:2"),
    ],
)
def test_any_other_detour_is_refused(given: str) -> None:
    with pytest.raises(BadTarget, match="--connect-to takes HOST1") as refused:
        detour(given)
    assert str(refused.value).isprintable()


def test_the_nearest_detour_is_taken_and_what_it_leaves_out_stays() -> None:
    target = Target(
        url="https://a.example",
        connect_to=dict(map(detour, ["a.example:443:x:1", "a.example::y:", ":443::2", ":::3"])),
    )
    assert target.way_to("a.example", 443) == ("x", 1)
    assert target.way_to("a.example", 80) == ("y", 80)
    assert target.way_to("b.example", 443) == ("b.example", 2)
    assert target.way_to("b.example", 80) == ("b.example", 3)
    assert Target(url="https://a.example").way_to("a.example", 443) is None


def test_a_target_knows_its_host_and_port() -> None:
    assert (Target(url="https://a.example").host, Target(url="https://a.example").port) == (
        "a.example",
        443,
    )
    assert Target(url="https://[::1]:8443").host == "::1"
    assert Target(url="https://[::1]:8443").port == 8443


def test_authorities_are_a_file_of_certificates(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    assert authorities(file) == file


def no_certificates(folder: Path) -> dict[str, Path]:
    """Files that hold no certificate, by what they are."""
    key, empty, text = folder / "key.pem", folder / "empty.pem", folder / "text.pem"
    key.write_bytes(trustme.CA().issue_cert("a.example").private_key_pem.bytes())
    empty.touch()
    text.write_bytes(b"-----BEGIN CERTIFICATE-----\n\x00\xff\n-----END CERTIFICATE-----\n")
    return {"key": key, "empty": empty, "broken": text}


@pytest.mark.parametrize("kind", ["key", "empty", "broken"])
def test_a_file_without_a_certificate_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(BadTarget, match="holds no certificate in PEM"):
        authorities(no_certificates(tmp_path)[kind])


@pytest.mark.parametrize("name", ["none.pem", "", "a\x00b", "\x1b[2J"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadTarget, match=r"cannot be read|holds no certificate") as refused:
        authorities(tmp_path / name)
    assert str(refused.value).isprintable()
