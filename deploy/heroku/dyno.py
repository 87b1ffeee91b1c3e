"""A one-off dyno: a command in the app's current release, its words and its exit status.

How a client attaches is not in the reference; it was compared with what Heroku's own CLI does
(heroku/cli, packages/cli/src/lib/run/dyno.ts).
"""

import re
import shlex
import socket
import ssl
from typing import Any
from urllib.parse import quote, urlsplit

from deploy.rest import Api, ApiError
from deploy.target import Output

# What the shell says last; no text of ours holds this character.
MARK = "\uffff heroku-command-exit-status: "
ENDED = re.compile(rf"{MARK}(\d+)\r?\n?")
QUIET = 30.0
LONGEST = 3600
HELLO = b"rendezvous"
END_OF_INPUT = b"\x04"


def run(api: Api, app: str, command: list[str], text: str = "") -> Output:
    """Run a command in a one-off dyno and wait for its end; `text` is its input.

    Raises ApiError where the dyno cannot be attached, or ends without its exit status.
    """
    dyno = start(api, app, command)
    parts = urlsplit(dyno.get("attach_url") or "")
    if parts.scheme != "rendezvous" or not parts.hostname or not parts.port:
        raise ApiError(
            "Heroku gave a dyno that is attached through SSH, as in private spaces and on Fir, "
            f"which deploy/ does not speak. Run it yourself: heroku run -- {shlex.join(command)}"
        )
    return Attached(api, app, dyno["name"]).listen(parts.hostname, parts.port, parts.path[1:], text)


def start(api: Api, app: str, command: list[str]) -> dict[str, Any]:
    """Create the dyno; a release that is seconds old is met with 409, as Heroku's CLI knows."""
    body = {
        "command": f'{shlex.join(command)}; echo "{MARK}$?"',
        "attach": True,
        "force_no_tty": True,
        "time_to_live": LONGEST,
        "type": "run",
    }
    for _ in range(2):
        try:
            return dict(api.post(f"/apps/{app}/dynos", body).body)
        except ApiError as error:
            if error.status != 409:
                raise
        api.wait(1.0)
    return dict(api.post(f"/apps/{app}/dynos", body).body)


class Attached:
    """The connection to a dyno, through Heroku's rendezvous server."""

    def __init__(self, api: Api, app: str, name: str) -> None:
        self.api, self.app, self.name = api, app, name

    def listen(self, host: str, port: int, secret: str, text: str) -> Output:
        """Read until the command has ended."""
        try:
            with (
                socket.create_connection((host, port), timeout=10) as plain,
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) as line,
            ):
                line.settimeout(QUIET)
                line.sendall(f"{secret}\r\n".encode())
                return self._until_the_end(line, text)
        except (OSError, ssl.SSLError) as error:
            raise self._lost(type(error).__name__) from error

    def _until_the_end(self, line: ssl.SSLSocket, text: str) -> Output:
        heard, greeted = b"", False
        while True:
            try:
                chunk = line.recv(65_536)
            except TimeoutError:
                if not self._is_there():
                    raise self._lost("the dyno is gone") from None
                continue
            if not chunk:
                raise self._lost("the connection was closed")
            heard += chunk
            if not greeted and b"\n" in heard:
                greeting, _, heard = heard.partition(b"\n")
                if not greeting.startswith(HELLO):
                    raise self._lost("the rendezvous server said something else")
                greeted = True
                line.sendall(text.encode() + END_OF_INPUT)
            said = heard.decode(errors="replace")
            if greeted and (ended := ENDED.search(said)):
                words = said[: ended.start()] + said[ended.end() :]
                return Output(status=int(ended[1]), text=words.replace("\r\n", "\n"))

    def _is_there(self) -> bool:
        """Whether the dyno still runs; a command may be silent for long."""
        try:
            found = self.api.get(f"/apps/{self.app}/dynos/{quote(self.name)}")
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return found.body["state"] in ("starting", "up")

    def _lost(self, why: str) -> ApiError:
        return ApiError(
            f"The one-off dyno {self.name} did not say how it ended ({why}). See what it did with "
            f"`heroku logs --app {self.app} --dyno {self.name}` before you type the command again."
        )
