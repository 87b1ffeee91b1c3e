"""The product itself, under gunicorn and production's settings, as the live checks meet it."""

import ssl
from dataclasses import replace

import pytest
from django.conf import settings

from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.web import FORGED, LANDING
from apps.launch.findings import Status
from apps.launch.gathering.network import certificates_and_pages
from apps.launch.plan import Plan, Site
from apps.launch.probes.target import Target
from apps.launch.registry import chosen_checks, run
from dev.portal import OTHER_NAME, Portal
from tests.conftest import forget_attempts
from tests.launch.fabricated import SOUND
from tests.world.observatory import judge, score, visit

pytestmark = pytest.mark.xdist_group("portal")
AREAS = ("LC-TLS", "LC-HEAD", "LC-EDGE", "LC-LIMIT", "LC-HEALTH", "LC-MAIL-101", "LC-REDIR-006")
NOBODY = ("127.0.0.1", 9)


@pytest.fixture(scope="module")
def portal(named_portal: Portal) -> Portal:
    return named_portal


@pytest.fixture(scope="module")
def facts(portal: Portal) -> Facts:
    """The sound launch, but with the certificates and pages of a running portal."""
    forget_attempts(portal)
    target = Target(
        url=f"https://{OTHER_NAME}",
        connect_to={("", 443): ("127.0.0.1", portal.port), ("", 80): NOBODY},
        ca_file=portal.folder / "root.pem",
    )
    smtp = {
        "host": "127.0.0.1",
        "port": portal.smtp.port,
        "use_tls": False,
        "use_ssl": False,
        "password": "",
    }
    own = {**SOUND.settings, "SMTP": smtp, "STATIC_URL": settings.STATIC_URL}
    tls, web = certificates_and_pages(
        target, Plan(site=Site(canonical=OTHER_NAME)), Unasked("no name server"), own
    )
    return replace(SOUND, settings={**own, "RELEASE": "loopback"}, tls=tls, web=web)


def test_the_product_passes_what_it_is_answerable_for(facts: Facts) -> None:
    report = run(facts, chosen_checks(AREAS))
    found = {f.id: (f.status, f.title, f.evidence) for f in report.findings}
    assert found.pop("LC-HEALTH-104")[0] is Status.SKIPPED
    assert [each for each in found.items() if each[1][0] is not Status.PASS] == []
    assert len(found) > 35


def test_attempts_are_told_to_wait_after_a_handful(facts: Facts) -> None:
    bursts = {name: known(burst) for name, burst in known(facts.web).bursts.items()}
    assert all(burst.refused for burst in bursts.values())
    assert len(bursts["account_login"].statuses) <= 6
    assert len(bursts[FORGED].statuses) <= 41


def test_the_landing_page_names_no_cookie(facts: Facts) -> None:
    assert known(facts.web).page(LANDING).cookies == ()


# The landing page sets no cookie, so that an edge may keep it, and does without their 5 points.
@pytest.mark.parametrize(("path", "reached"), [("/", 160), ("/accounts/login/", 165)])
def test_under_a_name_that_browsers_know_the_observatory_gives_all_it_has(
    portal: Portal, path: str, reached: int
) -> None:
    trust = ssl.create_default_context()
    portal.authority.configure_trust(trust)
    results = judge(visit(OTHER_NAME, portal.port, path, trust))
    assert [one for one in results if not one.passed] == []
    assert score(results) == reached
