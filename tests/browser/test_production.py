"""The first customer's journey on the processes that production runs."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from dev.portal import Portal
from tests.accounts.conftest import text_of
from tests.browser.journey import whole_journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class ProductionSite:
    """The portal under production settings; its mail is what a real SMTP server took in."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.url = portal, portal.url
        logins = json.loads(portal.manage("seed", "--logins", "--json", settings="development"))
        self.password: str = logins[0]["password"]

    def read_mail(self, to: str, subject: str) -> str:
        return text_of(self.portal.mailbox.wait_for(to, subject))


def test_a_customer_gets_from_sign_in_to_a_colleague_at_work(
    portal: Portal, chromium: Browser, tmp_path: Path
) -> None:
    try:
        whole_journey(ProductionSite(portal), chromium, tmp_path)
    except (AssertionError, Error) as error:
        error.add_note(portal.log()[-20_000:])
        raise
