"""Somebody who speaks HTTP to a running portal, as the proxy in front of it would pass it on."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import requests

from dev.portal import Portal

PASSWORD = "launch-day-harbour"  # of everybody whom `manage.py seed` makes
REFUSED = 429
CSRF_COOKIE, SESSION_COOKIE = "__Host-csrf", "__Host-session"


def all_addresses() -> Iterator[str]:
    """Addresses of the network for tests (RFC 2544), each once."""
    for number in count(1):
        yield f"198.18.{number // 250}.{number % 250 + 1}"


addresses = all_addresses()


class Visitor:
    """A browser without a screen, whose requests come from `address`.

    What it claims of itself, `forged`, stands where a client's own words arrive: to the left of
    what the proxy appends.
    """

    def __init__(self, portal: Portal, address: str, forged: str = "") -> None:
        self.portal, self.address, self.forged = portal, address, forged
        self.session = requests.Session()
        self.session.trust_env = False  # or a variable of the machine's names other authorities
        self.session.verify = str(authority_of(portal))

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request and follow nothing."""
        headers = {
            "X-Forwarded-For": ", ".join(filter(None, [self.forged, self.address])),
            "X-Forwarded-Proto": "https",
            "Origin": self.portal.url,
            **options.pop("headers", {}),
        }
        return self.session.request(
            method,
            self.portal.url + path,
            headers={name: value for name, value in headers.items() if value},
            allow_redirects=False,
            timeout=60,
            **options,
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, data: dict[str, Any], **options: Any) -> requests.Response:
        """Send a form with the token that a page of the product gave this visitor."""
        if CSRF_COOKIE not in self.session.cookies:
            self.get("/accounts/password/reset/")
        token = self.session.cookies[CSRF_COOKIE]
        return self.ask("POST", path, data={"csrfmiddlewaretoken": token, **data}, **options)

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/accounts/login/", {"login": email, "password": password})

    @property
    def is_signed_in(self) -> bool:
        """Whether a page for people who are signed in opens."""
        return self.get("/workspaces/").status_code == 200


def authority_of(portal: Portal) -> Path:
    """The certificate of the authority that the portal's own comes from."""
    path = portal.folder / "authority.pem"
    if not path.exists():
        portal.authority.cert_pem.write_to_path(str(path))
    return path
