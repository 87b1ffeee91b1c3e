"""With --live, too, who judges a part asks nobody for what that part does not read."""

import pytest

from apps.launch import gathering
from apps.launch.facts import Facts
from apps.launch.gathering import Request, gather
from apps.launch.probes.target import Target
from apps.launch.registry import chosen_checks, run
from tests.launch.fabricated import SOUND

TARGET = Target(url="https://portal.harbourside.co")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was asked, in order; each answers as at the sound launch."""
    whom: list[str] = []

    def answer(name: str, fact: object) -> object:
        whom.append(name)
        return fact

    monkeypatch.setattr(gathering, "names", lambda *_: answer("dns", SOUND.dns))
    monkeypatch.setattr(
        gathering, "certificates_and_pages", lambda *_: answer("shown", (SOUND.tls, SOUND.web))
    )
    monkeypatch.setattr(gathering, "launch_plan", lambda path: SOUND.plan)
    monkeypatch.setattr(gathering, "messages", lambda: answer("django", ()))
    monkeypatch.setattr(gathering, "rehearsal", lambda _: answer("rehearsal", SOUND.rehearsal))
    return whom


def part() -> Facts:
    return gather(Request(as_read=True, target=TARGET))


@pytest.mark.parametrize(
    ("area", "whom"),
    [
        ("LC-SET-003", []),
        ("LC-DNS-001", ["dns"]),
        ("LC-TLS", ["dns", "shown"]),
        ("LC-HEAD", ["dns", "shown"]),
        ("LC-TENANT-005", ["rehearsal"]),
    ],
)
def test_nobody_is_asked_for_what_no_check_reads(
    area: str, whom: list[str], asked: list[str], db: None
) -> None:
    run(part(), chosen_checks([area]))
    assert asked == whom


def test_certificates_and_pages_are_asked_for_once(asked: list[str], db: None) -> None:
    facts = part()
    assert (facts.web, facts.tls, facts.dns) == (SOUND.web, SOUND.tls, SOUND.dns)
    run(facts, chosen_checks(["LC-TLS", "LC-HEAD", "LC-EDGE"]))
    assert asked == ["dns", "shown"]
