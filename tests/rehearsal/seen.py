"""What has to hold of a machine and of what its people saw, whatever was done meanwhile."""

from tests.rehearsal.host import KINDS, Host
from tests.rehearsal.load import Span


def short(host: Host, version: str) -> str:
    """What answers call a version."""
    return host.versions.commits[version][:7]


def bring(host: Host, version: str) -> None:
    """Let that version be the live one."""
    if host.live() != short(host, version):
        done = host.deploy(version)
        assert done.code == 0, done.text


def assert_well(host: Host, span: Span, version: str) -> None:
    """Nobody was let down, and the version is live: one of each process, and nothing left."""
    assert span.failed == [], "\n".join(map(str, span.failed[:20]))
    assert host.live() == short(host, version)
    assert host.main_processes() == sorted(f"{kind} {short(host, version)}" for kind in KINDS)
    assert host.unfinished() == []


def assert_one_switch(span: Span, before: str, after: str) -> None:
    """Both served, one after the other: nobody who asked after the switch met the old one."""
    assert set(span.releases) == {before, after}
    assert span.overlap(before, after) <= 0


def assert_served(host: Host, span: Span, versions: set[str]) -> None:
    """Nobody was let down, and nobody met any other version."""
    assert span.failed == [], "\n".join(map(str, span.failed[:20]))
    assert set(span.releases) <= {short(host, each) for each in versions}
