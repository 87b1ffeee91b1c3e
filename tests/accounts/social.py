"""The steps of somebody who signs in through a provider, and the keys that it takes."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse

from config.env import read
from config.social import social_providers
from tests.config.processes import COMPLETE
from tests.conftest import Browser
from tests.world.oauth import SECRET, Provider

NAMES = ("google", "github", "microsoft")
SIGN_UP, CONNECTIONS = "/accounts/3rdparty/signup/", "/accounts/3rdparty/"
BUTTON = re.compile(r'action="/accounts/(\w+)/login/')


def keys(*names: str) -> dict[str, Any]:
    """The setting as production would have it with the keys of these providers."""
    variables = dict(COMPLETE)
    for name in names:
        variables |= {f"{name.upper()}_CLIENT_ID": f"our-id-at-{name}"}
        variables |= {f"{name.upper()}_CLIENT_SECRET": SECRET}
    return social_providers(read(variables))


def begin(browser: Browser, name: str, **query: str) -> str:
    """Press the button; return the address that the page goes on to."""
    page = browser.post(reverse(f"{name}_login", query=query)).content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def way_back(provider: Provider, url: str) -> str:
    """Answer the provider's page; return the path that it sends one back to."""
    back = urlsplit(provider.visit(url))
    assert (back.scheme, back.netloc) == ("https", "testserver")
    return f"{back.path}?{back.query}"


def sign_in_at(browser: Browser, provider: Provider, name: str = "google", **query: str) -> Any:
    """Press the button, agree at the provider, come back."""
    return browser.get(way_back(provider, begin(browser, name, **query)))
