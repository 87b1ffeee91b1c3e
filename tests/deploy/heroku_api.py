"""A small Heroku on loopback that speaks Platform API v3, with what it remembers of one app.

What is pending moves on as it is looked at, so no test waits. It refuses what the reference says
that Heroku refuses: another Accept header, no key, unknown parameters, a wrong checksum.
"""

import hashlib
import io
import os
import re
import secrets
import ssl
import subprocess
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.deploy.platform import Asked, Platform, Refused, Told, only

Thing = dict[str, Any]

ACCEPT = "application/vnd.heroku+json; version=3"
KEY = "HRKU-of-loopback"
APP = "slipway-test"


class Dynos(ThreadingTCPServer):
    """The rendezvous server: over TLS, a secret in, then a real command's words out."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        self.commands: dict[str, str] = {}
        self.variables = dict(os.environ)
        self.greeting = b"rendezvous\r\n"
        self.ends_early = False
        dynos = self

        class Dyno(StreamRequestHandler):
            def handle(self) -> None:
                command = dynos.commands.pop(self.rfile.readline().decode().strip(), None)
                if command is None:
                    return
                self.wfile.write(dynos.greeting)
                given = b""
                while not given.endswith(b"\x04"):
                    got = self.rfile.read(1)
                    if not got:
                        return
                    given += got
                done = subprocess.run(
                    ["sh", "-c", command],
                    input=given[:-1],
                    env=dynos.variables,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
                words = done.stdout.replace(b"\n", b"\r\n")
                self.wfile.write(words[:3] if dynos.ends_early else words)

        super().__init__(("127.0.0.1", 0), Dyno)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing to standard error."""

    def url(self, command: str) -> str:
        secret = secrets.token_hex(8)
        self.commands[secret] = command
        return f"rendezvous://127.0.0.1:{self.server_address[1]}/{secret}"


class Heroku(Platform):
    """One app; `moves_after` is how many looks it takes until what is pending moves on."""

    limit_headers = {"RateLimit-Remaining": "4499", "Request-Id": "of-loopback"}
    routes = (
        ("GET", f"/apps/{APP}", "about"),
        ("POST", f"/apps/{APP}/sources", "make_source"),
        ("PUT", "/store/(.+)", "store"),
        ("GET", f"/apps/{APP}/builds", "list_builds"),
        ("POST", f"/apps/{APP}/builds", "make_build"),
        ("GET", f"/apps/{APP}/builds/(.+)", "see_build"),
        ("GET", f"/apps/{APP}/releases", "list_releases"),
        ("POST", f"/apps/{APP}/releases", "make_release"),
        ("GET", f"/apps/{APP}/releases/([^/]+)", "see_release"),
        ("GET", f"/apps/{APP}/releases/([^/]+)/config-vars", "see_former_variables"),
        ("GET", f"/apps/{APP}/config-vars", "see_variables"),
        ("GET", f"/apps/{APP}/slugs/(.+)", "see_slug"),
        ("GET", f"/apps/{APP}/formation", "list_formation"),
        ("GET", f"/apps/{APP}/dynos", "list_dynos"),
        ("POST", f"/apps/{APP}/dynos", "make_dyno"),
        ("GET", f"/apps/{APP}/dynos/(.+)", "see_dyno"),
        ("GET", "/streams/(.+)", "stream"),
    )

    def __init__(self, rendezvous: Dynos) -> None:
        super().__init__(KEY)
        self.moves_after = 1
        self.maintenance = False
        self.builds: list[Thing] = []
        self.releases: list[Thing] = []
        self.slugs: dict[str, str] = {}
        self.sources: dict[str, bytes] = {}
        self.files: list[str] = []
        self.variables = {"SECRET_KEY": "a", "SITE_URL": "https://app.example.com"}
        self.variables_of: dict[str, dict[str, str]] = {}
        self.formation = {"web": 1, "worker": 1, "beat": 1}
        self.logs: dict[str, bytes] = {}
        # How a commit fares: "build", "release" or "boot" is where it fails.
        self.fails_at: dict[str, str] = {}
        self.looks: dict[str, int] = {}
        self.one_offs: dict[str, Thing] = {}
        self.dyno_state = "up"
        self.attach_url = ""
        self.rendezvous = rendezvous

    def admit(self, asked: Asked) -> None:
        if asked.path.startswith(("/store/", "/streams/")):
            # Elsewhere than the API: whoever sends the key there gives it away.
            if "Authorization" in asked.headers:
                raise Refused(400, "bad_request", "Only one auth mechanism allowed")
            return
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refused(401, "unauthorized", "Invalid credentials provided.")
        if asked.headers.get("Accept") != ACCEPT:
            raise Refused(406, "not_acceptable", f"Set Accept: {ACCEPT} header and try again.")

    # What a test sets up and looks at

    def deployed(self, commit: str) -> Thing:
        """An earlier release of a commit, through and live."""
        release = self._released(self._slug(commit), f"Deploy {commit[:7]}")
        self._settle(release, "succeeded")
        return release

    def changed_variables(self) -> None:
        """A release of the live code, because somebody has set a variable."""
        self._settle(self._released(self.live["slug"]["id"], "Set SITE_URL"), "succeeded")

    @property
    def live(self) -> Thing:
        return next(one for one in self.releases if one["current"])

    def commit_of(self, release: Thing) -> str:
        return self.slugs[release["slug"]["id"]]

    # Sources and builds

    def make_source(self, asked: Asked) -> Told:
        id = secrets.token_hex(8)
        self.sources[id] = b""
        blob = {"get_url": f"{self.url}/store/{id}", "put_url": f"{self.url}/store/{id}"}
        return Told(201, {"source_blob": blob})

    def store(self, asked: Asked, id: str) -> Told:
        if "Content-Type" in asked.headers:
            return Told(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        self.sources[id] = asked.raw
        return Told(200, b"")

    def make_build(self, asked: Asked) -> Told:
        body = only(asked, {"source_blob"}, {"buildpacks"})["source_blob"]
        if unknown := body.keys() - {"url", "version", "version_description", "checksum"}:
            raise Refused(422, "invalid_params", f"Invalid params: {', '.join(unknown)}")
        build = {
            "id": secrets.token_hex(8),
            "app": {"id": "01234567"},
            "created_at": self._now(),
            "output_stream_url": "",
            "release": None,
            "slug": None,
            "source_blob": body,
            "status": "pending",
        }
        build["output_stream_url"] = f"{self.url}/streams/{build['id']}"
        self.builds.insert(0, build)
        return Told(201, build)

    def list_builds(self, asked: Asked) -> Told:
        return self._paged(asked, self.builds, "created_at")

    def see_build(self, asked: Asked, id: str) -> Told:
        build = found(self.builds, lambda one: one["id"] == id)
        if build["status"] == "pending" and self._moves(id):
            self._finish(build)
        elif build["slug"] and not build["release"]:
            release = self._released(build["slug"]["id"], f"Deploy {version(build)[:8]}")
            build["release"] = {"id": release["id"]}
        return Told(200, build)

    def _finish(self, build: Thing) -> None:
        commit = version(build)
        packed = self.sources[build["source_blob"]["url"].rpartition("/")[2]]
        sum = f"SHA256:{hashlib.sha256(packed).hexdigest()}"
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as opened:
            self.files = opened.getnames()
        if build["source_blob"].get("checksum") != sum or "requirements.txt" not in self.files:
            log = b" !     Push rejected, the source is not what was announced.\n"
        elif self.fails_at.get(commit) == "build":
            log = b"-----> Building\0\n !     No matching distribution found for flask==99\n"
        else:
            build["status"], build["slug"] = "succeeded", {"id": self._slug(commit)}
            return
        build["status"], self.logs[build["id"]] = "failed", log

    # Releases

    def list_releases(self, asked: Asked) -> Told:
        return self._paged(asked, self.releases, "version")

    def see_release(self, asked: Asked, name: str) -> Told:
        release = self._release(name)
        if release["status"] == "pending" and self._moves(release["id"]):
            failed = self.fails_at.get(self.commit_of(release)) == "release"
            self._settle(release, "failed" if failed else "succeeded")
        return Told(200, release)

    def make_release(self, asked: Asked) -> Told:
        if "release" in asked.body:
            then = self._release(only(asked, {"release"})["release"])
            if then["status"] != "succeeded":
                raise Refused(422, "invalid_params", f"Cannot rollback to v{then['version']}")
            self.variables = dict(self.variables_of[then["id"]])
            return Told(201, self._released(then["slug"]["id"], f"Rollback to v{then['version']}"))
        body = only(asked, {"slug"}, {"description"})
        if body["slug"] not in self.slugs:
            raise Refused(422, "invalid_params", "Couldn't find that slug.")
        return Told(201, self._released(body["slug"], body.get("description", "Deploy")))

    def see_former_variables(self, asked: Asked, name: str) -> Told:
        return Told(200, self.variables_of[self._release(name)["id"]])

    def see_variables(self, asked: Asked) -> Told:
        return Told(200, self.variables)

    def see_slug(self, asked: Asked, id: str) -> Told:
        return Told(200, {"id": id, "commit": self.slugs[id], "process_types": {}})

    def _release(self, name: str) -> Thing:
        return found(self.releases, lambda one: name in (one["id"], str(one["version"])))

    def _released(self, slug: str, description: str) -> Thing:
        id = secrets.token_hex(8)
        release = {
            "id": id,
            "version": len(self.releases) + 1,
            "status": "pending",
            "current": False,
            "description": description,
            "slug": {"id": slug},
            "created_at": self._now(),
            "user": {"id": "01234567", "email": "ada@example.com"},
            "output_stream_url": f"{self.url}/streams/{id}",
            "eligible_for_rollback": True,
        }
        self.variables_of[id] = dict(self.variables)
        self.releases.insert(0, release)
        return release

    def _settle(self, release: Thing, status: str) -> None:
        release["status"] = status
        if status == "failed":
            self.logs[release["id"]] = b"django.db.utils.ProgrammingError: no such column\r\n"
            return
        for one in self.releases:
            one["current"] = one is release
        self.looks.pop("dynos", None)

    # Dynos

    def about(self, asked: Asked) -> Told:
        return Told(200, {"id": "01234567", "name": APP, "maintenance": self.maintenance})

    def list_formation(self, asked: Asked) -> Told:
        return Told(200, [{"type": name, "quantity": n} for name, n in self.formation.items()])

    def list_dynos(self, asked: Asked) -> Told:
        state = self.dyno_state if self._moves("dynos") else "starting"
        if self.fails_at.get(self.commit_of(self.live)) == "boot" and state == "up":
            state = "crashed"
        release = {"id": self.live["id"], "version": self.live["version"]}
        dynos = [
            {"name": f"{name}.{i + 1}", "type": name, "state": state, "release": release}
            for name, quantity in self.formation.items()
            for i in range(quantity)
        ]
        return Told(200, [*dynos, *self.one_offs.values()])

    def make_dyno(self, asked: Asked) -> Told:
        optional = {"attach", "env", "force_no_tty", "size", "time_to_live", "type"}
        body = only(asked, {"command"}, optional)
        name = f"run.{len(self.one_offs) + 1001}"
        self.one_offs[name] = dyno = {
            "attach_url": self.attach_url or self.rendezvous.url(body["command"]),
            "command": body["command"],
            "id": secrets.token_hex(8),
            "name": name,
            "release": {"id": self.live["id"], "version": self.live["version"]},
            "state": "starting",
            "type": "run",
        }
        return Told(201, dyno)

    def see_dyno(self, asked: Asked, name: str) -> Told:
        if name not in self.one_offs:
            raise Refused(404, "not_found", "Couldn't find that dyno.")
        return Told(200, self.one_offs[name])

    def stream(self, asked: Asked, id: str) -> Told:
        return Told(200, self.logs[id]) if id in self.logs else Told(404, b"")

    # How it is told

    def _paged(self, asked: Asked, things: list[Thing], by: str) -> Told:
        """At most three at a time, whatever is asked for, so that every list has pages."""
        given = asked.headers.get("Range", "")
        found = re.fullmatch(rf"{by} (\d*)\.\.; max=(\d+), order=desc", given)
        if not found:
            raise Refused(416, "requested_range_not_satisfiable", f"Invalid Range: {given}")
        start = int(found[1] or 0)
        page = things[start : start + min(3, int(found[2]))]
        rest = start + len(page)
        if rest >= len(things):
            return Told(200, page)
        return Told(206, page, {"Next-Range": f"{by} {rest}..; max={found[2]}, order=desc"})

    def _moves(self, id: str) -> bool:
        self.looks[id] = self.looks.get(id, 0) + 1
        return self.looks[id] > self.moves_after

    def _slug(self, commit: str) -> str:
        id = secrets.token_hex(8)
        self.slugs[id] = commit
        return id

    def _now(self) -> str:
        """Later than everything before, although a test takes no time."""
        began = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
        count = len(self.releases) + len(self.builds)
        return (began + timedelta(minutes=count)).isoformat().replace("+00:00", "Z")


def version(build: Thing) -> str:
    return str(build["source_blob"].get("version") or "")


def found(things: list[Thing], fits: Callable[[Thing], bool]) -> Thing:
    for one in things:
        if fits(one):
            return one
    raise Refused(404, "not_found", "Couldn't find that.")
