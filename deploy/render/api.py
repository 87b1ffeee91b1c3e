"""Render's API v1: where it is, how its lists are paged, and what its errors ask for.

Compared with https://api-docs.render.com/reference: pagination, rate-limiting, and the pages of
the endpoints that are used.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from deploy.rest import Api, address, entries

Thing = dict[str, Any]  # as the API describes it

PAGE = 20
ADVICE: dict[str | int, str] = {
    400: "Render does not take that as it is: mend what it names, then type the command again.",
    401: "The key is missing, mistyped or revoked: make one in Render's account settings and set "
    "RENDER_API_KEY to it.",
    402: "Put the workspace's billing right in Render's dashboard, then type the command again.",
    403: "The key's account may not do this: have a workspace admin let it, or use a key of an "
    "account that may.",
    404: "Look at `services` and `database` in launch.toml, and whether the key's account is in "
    "their workspace.",
    406: "Something between here and Render strips the Accept header: look for a proxy.",
    409: "Something else changes the service at this moment: wait until it is done, then type the "
    "command again.",
    410: "What was asked for is gone: look at `services` and `database` in launch.toml.",
    429: "The account's requests of this while are used up, and waiting did not help: try again "
    "in some minutes, and look for what else uses the key.",
    503: "Render is in maintenance or overloaded: look at https://status.render.com, then type "
    "the command again.",
}


def client(*, key: str, base: str, wait: Callable[[float], None] = time.sleep) -> Api:
    """Render's API, entered with an API key. Raises ApiError for an address without https."""
    return Api(
        name="Render",
        base=address("RENDER_API_URL", base),
        key=key,
        advice=ADVICE,
        status_page="https://status.render.com",
        pause=until_reset,
        wait=wait,
    )


def until_reset(headers: Mapping[str, str]) -> float | None:
    """The seconds until the rate limit's window begins anew.

    The page on rate limits calls the header a time since the epoch, and shows it as 45.
    """
    try:
        reset = float(headers.get("Ratelimit-Reset", ""))
    except ValueError:
        return None
    return max(1.0, reset - time.time() if reset > 1_000_000 else reset)


def listed(api: Api, path: str, name: str, *, enough: int) -> list[Thing]:
    """The newest entries of a list, which Render pages by the cursor of the last one seen."""
    found: list[Thing] = []
    query: dict[str, str | int] = {"limit": PAGE}
    while len(found) < enough:
        page = entries(api.get(f"{path}?{urlencode(query)}").body)
        found += [entry[name] for entry in page]
        if len(page) < PAGE:
            break
        query["cursor"] = page[-1]["cursor"]
    return found[:enough]
