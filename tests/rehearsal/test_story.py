"""Ship, go back, ship what is broken: with people at work all the time.

The tests are a story on one machine. Each says first what has to be live and ships that if it is
not, so that one can be run alone.
"""

import pytest

from tests.rehearsal.host import Host
from tests.rehearsal.load import Load
from tests.rehearsal.seen import assert_one_switch, assert_well, bring, short
from tests.rehearsal.versions import FIRST, MARK, NEXT

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("story")]

# Each broken version, and what the last words of its deploy have to name.
BROKEN = {
    "broken at boot": "a_module_that_is_not_there",
    "broken at migration": "division by zero",
    "broken at smoke": "/t/smoke/ answered 500",
}
# A minute, as the product promises.
ROLLBACK_SECONDS = 60
CLIENTS = "SELECT count(*) FROM clients_client WHERE reference = '{}'"


def test_the_next_version_is_shipped_and_no_request_fails(host: Host, load: Load) -> None:
    bring(host, FIRST)
    with load.span() as span:
        done = host.deploy(NEXT)
    assert done.code == 0, done.text
    assert_well(host, span, NEXT)
    assert_one_switch(span, short(host, FIRST), short(host, NEXT))
    load.wait_for(5, lambda each: each.what.endswith("/clients/new/"), "clients are added")
    assert host.sql(CLIENTS.format(MARK))[0][0] > 0


def test_a_rollback_takes_less_than_a_minute_and_no_request_fails(host: Host, load: Load) -> None:
    bring(host, NEXT)
    with load.span() as span:
        done = host.rollback()
    assert done.code == 0, done.text
    assert done.seconds < ROLLBACK_SECONDS
    assert_well(host, span, FIRST)
    assert_one_switch(span, short(host, NEXT), short(host, FIRST))

    # The old code does not know the column, and the database fills it in.
    before = host.sql(CLIENTS.format(""))[0][0]
    load.wait_for(5, lambda each: each.what.endswith("/clients/new/"), "clients are added")
    assert host.sql(CLIENTS.format(""))[0][0] > before


@pytest.mark.parametrize("version", BROKEN)
def test_a_version_that_is_broken_never_serves_anybody(
    host: Host, load: Load, version: str
) -> None:
    bring(host, FIRST)
    with load.span() as span:
        done = host.deploy(version)
    assert done.code == 1, done.text
    assert_well(host, span, FIRST)
    assert set(span.releases) == {short(host, FIRST)}
    last = done.text[done.text.rindex("\n✗ ") :]
    assert BROKEN[version] in last
    assert "the release that was live still is" in last
