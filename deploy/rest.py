"""JSON over HTTPS with a key: time limits, bounded second tries, refusals in plain sentences."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from deploy.target import Stopped

Found = TypeVar("Found")

LIMIT = Timeout(connect=10, read=30)
UPLOAD_LIMIT = Timeout(connect=10, read=120)
TRIES = 5
LONGEST_PAUSE = 60.0
PASSING = (500, 502, 503, 504)
AT_HOME = ("127.0.0.1", "::1", "localhost")
LARGEST_LOG = 1_000_000


class ApiError(Exception):
    """A platform's API refused, or could not be reached; the text says what to do about it.

    `status` is the answer's, 0 where none came, and `id` the platform's own name for the trouble.
    """

    def __init__(self, text: str, *, status: int = 0, id: str = "") -> None:
        super().__init__(text)
        self.status, self.id = status, id


@dataclass(frozen=True)
class Answer:
    """What an API answered: the parsed body is None where there was none."""

    status: int
    headers: Mapping[str, str]
    body: Any


def address(name: str, value: str) -> str:
    """Take the address of an API, called `name` in the error: https, or http on this machine.

    Raises ApiError, since a key would otherwise cross the network in the clear.
    """
    parts = urlsplit(value)
    at_home = parts.scheme == "http" and parts.hostname in AT_HOME
    if not (parts.hostname and (parts.scheme == "https" or at_home)) or parts.username:
        raise ApiError(f"{name} must be an address that begins with https://.")
    return value.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class Api:
    """One platform's API.

    `advice` holds what to do, by the platform's name of an error or by its status. `pause` reads
    from the headers of an answer of 429 how many seconds to stay away, where it says so.
    """

    name: str
    base: str
    key: str = field(repr=False)
    advice: Mapping[str | int, str]
    status_page: str
    accept: str = "application/json"
    pause: Callable[[Mapping[str, str]], float | None] = lambda headers: None
    wait: Callable[[float], None] = time.sleep
    pool: PoolManager = field(default_factory=lambda: PoolManager(retries=False), repr=False)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for something; what passes by itself (429, 5xx, the network) is tried again."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object = None) -> Answer:
        """Have something done, once: only a refusal by the rate limit is tried again."""
        return self.ask("POST", path, body)

    def patch(self, path: str, body: object) -> Answer:
        return self.ask("PATCH", path, body)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return a good answer; raise ApiError for any other."""
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            again = method == "GET" and not last
            try:
                answer = self._once(method, path, body, headers or {})
            except HTTPError as error:
                if not again:
                    self._unreachable(method, path, error)
            except ValueError:
                if not again:
                    self._unreadable(method, path)
            else:
                limited = answer.status == 429 and not last
                if not limited and not (again and answer.status in PASSING):
                    return self._checked(method, path, answer)
                if limited and (asked := self.pause(answer.headers)) is not None:
                    self.wait(min(asked, LONGEST_PAUSE))
                    continue
            self.wait(min(2.0**attempt, LONGEST_PAUSE))
        raise AssertionError("the last try either returns or raises")

    def _once(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        sent = {"Accept": self.accept, "Authorization": f"Bearer {self.key}", **headers}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        # A redirect is never followed: it would carry the key to wherever it points.
        response = self.pool.request(
            method, f"{self.base}{path}", body=data, headers=sent, timeout=LIMIT, redirect=False
        )
        return Answer(response.status, response.headers, parsed(response))

    def _checked(self, method: str, path: str, answer: Answer) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        body = answer.body if isinstance(answer.body, dict) else {}
        id, message = str(body.get("id") or ""), str(body.get("message") or "").strip()
        said = f": {message.rstrip('.')}" if message else ""
        advice = self.advice.get(id) or self.advice.get(answer.status)
        if advice is None:
            advice = f"Look at {self.status_page} and type the command again."
        raise ApiError(
            f"{self.name} answered {answer.status} to {method} {path}{said}. {advice}",
            status=answer.status,
            id=id,
        )

    def _unreachable(self, method: str, path: str, error: HTTPError) -> NoReturn:
        raise ApiError(
            f"{self.name} could not be reached for {method} {path} ({kind(error)}). Look at your "
            f"network and at {self.status_page}, then type the command again: what was begun "
            "there is joined, not begun twice."
        ) from error

    def _unreadable(self, method: str, path: str) -> NoReturn:
        raise ApiError(
            f"{self.name} answered {method} {path} with something that is not JSON. Look at "
            f"{self.status_page}, and whether a proxy stands between; then type the command again."
        ) from None

    def upload(self, url: str, content: bytes) -> None:
        """Put a file where the platform said, without the key, which is not meant for there."""
        self._same_trust(url)
        try:
            # Without a content type, which the signature of the address does not cover.
            response = self.pool.request(
                "PUT", url, body=content, timeout=UPLOAD_LIMIT, redirect=False
            )
        except HTTPError as error:
            raise ApiError(
                f"The source could not be uploaded to {self.name}'s store ({kind(error)}). Look "
                "at your network and type the command again."
            ) from error
        if response.status not in (200, 201, 204):
            raise ApiError(
                f"{self.name}'s store refused the source with {response.status}. The address that "
                "it gives is good for an hour: type the command again.",
                status=response.status,
            )

    def log(self, url: str) -> str:
        """Read what a finished build or release command said; blank where it does not come."""
        self._same_trust(url)
        text = bytearray()
        try:
            response = self.pool.request(
                "GET", url, timeout=LIMIT, redirect=False, preload_content=False
            )
            with response:
                if response.status != 200:
                    return ""
                for chunk in response.stream(65_536):
                    text += chunk
                    if len(text) > LARGEST_LOG:
                        break
        except HTTPError:
            # A log that hangs must not hide the outcome, which is known by then.
            pass
        return text.decode(errors="replace").replace("\0", "").replace("\r\n", "\n")

    def _same_trust(self, url: str) -> None:
        """Refuse an address that is less safe than the API that named it."""
        if urlsplit(self.base).scheme == "https" and urlsplit(url).scheme != "https":
            raise ApiError(f"{self.name} named an address without https; nothing was sent there.")


@contextmanager
def stopping(platform: str, what: str, way_back: str) -> Iterator[None]:
    """Turn what went wrong at an API into Stopped, with the way back that is open now."""
    try:
        yield
    except ApiError as error:
        raise Stopped(what, str(error), way_back) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Stopped(
            what,
            f"{platform} answered otherwise than its documentation says "
            f"({type(error).__name__}: {error})",
            f"{way_back} See whether a newer deploy/ knows the answer.",
        ) from error


def until(
    look: Callable[[], Found | None],
    *,
    wait: Callable[[float], None],
    every: float,
    at_most: float,
) -> Found | None:
    """Look again and again until there is something to see; None once `at_most` seconds passed."""
    for _ in range(max(1, int(at_most / every))):
        found = look()
        if found is not None:
            return found
        wait(every)
    return look()


def entries(page: object) -> list[Any]:
    """A page of a list. Raises TypeError where it is something else."""
    if not isinstance(page, list):
        raise TypeError(f"a list was to come, and {type(page).__name__} came")
    return page


def parsed(response: BaseHTTPResponse) -> Any:
    """Parse the body of an answer; a refusal need not be JSON. Raises ValueError otherwise."""
    if not response.data.strip():
        return None
    try:
        return json.loads(response.data)
    except ValueError:
        if 200 <= response.status < 300:
            raise
        return None


def kind(error: HTTPError) -> str:
    """What kind of trouble an error of urllib3 is; its text may hold a signed address."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, Exception) else error).__name__


def tail(text: str, lines: int = 20) -> str:
    """The last lines of a log, without the blank ones."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
