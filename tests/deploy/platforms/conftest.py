"""Platforms on loopback, a clean checkout to ship, and steps that keep what they tell."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.heroku.api import client
from deploy.heroku.app import App
from deploy.heroku.target import Heroku as HerokuTarget
from deploy.render.api import client as render_client
from deploy.render.service import Service
from deploy.render.target import Render as RenderTarget
from deploy.steps import Steps
from deploy.target import Source
from tests.deploy.heroku_api import APP, KEY, Dynos, Heroku
from tests.deploy.render_api import KEY as RENDER_KEY
from tests.deploy.render_api import Render
from tests.world.tls import Authority

OLD, NEW, NEXT = "1" * 40, "2" * 40, "3" * 40


@dataclass(frozen=True)
class Repository:
    """A clone, two commits of it that its remote has, and one that it has not."""

    folder: Path
    former: str
    pushed: str
    unpushed: str


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular, and return what it says."""
    nobody = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(
        ["git", *nobody, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--message=A commit")
    return git(folder, "rev-parse", "HEAD")


class Told(Steps):
    """Steps whose words a test can read."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.lines: list[str] = []
        super().__init__(dry_run=dry_run, tell=self.lines.append)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture(scope="session")
def rendezvous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dynos, Path]]:
    """Where one-off dynos are attached, and the authority that clients are told to believe."""
    authority = Authority()
    root = authority.write(tmp_path_factory.mktemp("authority") / "root.pem")
    dynos = Dynos(authority.issue("127.0.0.1").context())
    thread = threading.Thread(target=dynos.serve_forever, args=(0.05,))
    thread.start()
    yield dynos, root
    dynos.shutdown()
    thread.join()
    dynos.server_close()


@pytest.fixture
def heroku(rendezvous: tuple[Dynos, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Heroku]:
    """A Heroku whose app runs the commit OLD."""
    dynos, root = rendezvous
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    monkeypatch.setattr(dynos, "greeting", b"rendezvous\r\n")
    monkeypatch.setattr(dynos, "ends_early", False)
    with Heroku(dynos) as platform:
        platform.deployed(OLD)
        yield platform


@pytest.fixture
def waits() -> list[float]:
    """The seconds that a target would have waited, one wait after the other."""
    return []


@pytest.fixture
def app(heroku: Heroku, waits: list[float]) -> HerokuTarget:
    """The target of that app, which does not wait."""
    return HerokuTarget(App(client(key=KEY, base=heroku.url, wait=waits.append), APP))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A clean checkout of the commit NEW."""
    folder = tmp_path / "source"
    (folder / "apps").mkdir(parents=True)
    (folder / "requirements.txt").write_text("-r requirements/production.txt\n")
    (folder / "apps" / "__init__.py").touch()
    (folder / ".git").write_text("gitdir: elsewhere\n")
    return Source(commit=NEW, folder=folder, by="ada")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone with commits that have been pushed, and one that has not."""
    folder = tmp_path_factory.mktemp("repository")
    there, here = folder / "there.git", folder / "here"
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(there))
    git(folder, "clone", "--quiet", str(there), str(here))
    (here / "requirements.txt").write_text("-r requirements/production.txt\n")
    (here / "manage.py").write_text("")  # which says that the migrations are fine
    git(here, "add", "--all")
    former, pushed = commit(here), commit(here)
    git(here, "push", "--quiet", "origin", "HEAD:main")
    return Repository(here, former, pushed, commit(here))


@pytest.fixture
def render() -> Iterator[Render]:
    """A Render whose three services run the commit OLD."""
    with Render() as platform:
        platform.deployed(OLD)
        yield platform


@pytest.fixture
def services(render: Render, repository: Repository, waits: list[float]) -> RenderTarget:
    """The target of those services, which does not wait."""
    render.pushed.add(repository.pushed)
    api = render_client(key=RENDER_KEY, base=render.base, wait=waits.append)
    found = [Service(api, id) for id in render.services]
    return RenderTarget(api, found, root=repository.folder)


@pytest.fixture
def pushed(source: Source, repository: Repository) -> Source:
    """A checkout of a commit that has been pushed."""
    return replace(source, commit=repository.pushed)
