"""A real Chromium and a whole portal as production runs it, shared by all browser tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from config.env import SOCIAL_PROVIDERS
from dev.portal import Portal

pytest.register_assert_rewrite("tests.browser.journey")

# A machine that runs the whole suite is slow at times; what is expected comes all the same.
expect.set_options(timeout=20_000)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A context that ignores them breaks off each handshake and begins another: on a busy machine
    # the unfinished ones keep all of the portal's threads waiting.
    "--ignore-certificate-errors",
)


# With these the buttons are on the pages. Nobody presses them.
SOCIAL = {
    f"{provider.upper()}_CLIENT_{half}": "of-a-loopback-portal"
    for provider in SOCIAL_PROVIDERS
    for half in ("ID", "SECRET")
}


def find_chromium() -> str | None:
    """The Chromium of this machine, or None."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (MAC if Path(MAC).exists() else None)


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium. Skips the test where this machine has none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium found; install chromium or Google Chrome to run this")
    # Chromium's own sandbox does not start as root, as in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    with Portal(servers=os.environ, folder=folder, variables=SOCIAL) as running:
        yield running
