"""Heroku's Platform API v3: where it is, how its lists are paged, and what its errors ask for.

Compared with https://devcenter.heroku.com/articles/platform-api-reference.
"""

import time
from collections.abc import Callable
from typing import Any

from deploy.rest import Api, address, entries

ACCEPT = "application/vnd.heroku+json; version=3"
NEW_KEY = "make one with `heroku authorizations:create` and set HEROKU_API_KEY to it"
BILLING = "Put the account's billing right in Heroku's dashboard, then type the command again."
ADVICE: dict[str | int, str] = {
    400: "The request is not one that Heroku knows: update this copy of deploy/.",
    401: f"The key is missing, mistyped, expired or revoked: {NEW_KEY}.",
    402: BILLING,
    "delinquent": BILLING,
    403: "The key's account may not do this: have the team's admin give it the app's deploy, "
    "operate and view permissions. Where the team signs in through SSO, the key has to be made "
    "by an account that did.",
    "two_factor": "Heroku wants a second factor, which a script cannot give: in place of the "
    f"account's own key, {NEW_KEY}.",
    "suspended": "The account or the app is suspended: only Heroku's support can lift that.",
    404: "Look at `app` in launch.toml, and whether the key's account is a collaborator.",
    406: "Something between here and Heroku strips the Accept header: look for a proxy.",
    409: "Something else changes the app at this moment: wait until it is done, then type the "
    "command again.",
    410: "Heroku no longer has this part of its API: update this copy of deploy/.",
    416: "Heroku no longer takes this page of a list: update this copy of deploy/.",
    422: "Heroku does not take that as it is: mend what it names, then type the command again.",
    "verification_needed": "Enter billing information for the account in Heroku's dashboard.",
    "verification_required": "Enter billing information for the account in Heroku's dashboard.",
    429: "The account's requests of this hour are used up, and waiting did not help: try again "
    "in some minutes, and look for what else uses the key.",
    503: "Heroku is in maintenance or overloaded: look at https://status.heroku.com, then type "
    "the command again.",
}


def client(*, key: str, base: str, wait: Callable[[float], None] = time.sleep) -> Api:
    """Heroku's API, entered with an API key. Raises ApiError for an address without https."""
    return Api(
        name="Heroku",
        base=address("HEROKU_API_URL", base),
        key=key,
        advice=ADVICE,
        status_page="https://status.heroku.com",
        accept=ACCEPT,
        # 75 requests come back a minute, and no header says when.
        pause=lambda headers: 15.0,
        wait=wait,
    )


def newest(api: Api, path: str, *, by: str, enough: int) -> list[dict[str, Any]]:
    """The newest entries of a list, which Heroku pages by the headers Range and Next-Range."""
    asked = f"{by} ..; max={enough}, order=desc"
    found: list[dict[str, Any]] = []
    while asked and len(found) < enough:
        answer = api.get(path, {"Range": asked})
        found += entries(answer.body)
        asked = answer.headers.get("Next-Range", "") if answer.status == 206 else ""
    return found[:enough]
