"""What all tests share: the database as the runtime role, people, workspaces, browsers, mail."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis

from apps.accounts.models import User
from apps.core.owner import as_owner
from apps.jobs.models import Job
from apps.jobs.runner import Run, attempt
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import Scope, entered, outside
from config.celery import app as celery_app
from config.settings import test as declared
from dev.portal import OTHER_NAME, Mailbox, Portal
from tests.world.clock import Clock

PASSWORD = "correct horse battery staple"


def pytest_configure(config: pytest.Config) -> None:
    """Give each test process a Redis database of its own, and let what it starts hear Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Whoever starts the suite with a shell's & or nohup has it ignored, and that is inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    url = f"{settings.CELERY_BROKER_URL.rsplit('/', 1)[0]}/{int(worker.removeprefix('gw'))}"
    settings.CACHES["default"]["LOCATION"] = url
    celery_app.conf.broker_url = url


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Make the test database as its owner; the tests themselves run as the runtime role."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    original = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = name = f"test_slipway_{worker}"
    with django_db_blocker.unblock(), as_owner():
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock(), as_owner():
        connection.creation.destroy_test_db(original, verbosity=0)


@pytest.fixture(autouse=True)
def mail_leaves_through_the_queue(settings: Any) -> None:
    """Undo what the test runner does to mail, so that it takes the way it takes in production."""
    if hasattr(declared, "MAILERS"):
        settings.MAILERS = declared.MAILERS
    else:
        settings.EMAIL_BACKEND = declared.EMAIL_BACKEND


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Start each test with an empty cache and an empty queue."""
    cache.clear()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The limits' clock, which stands still, so that none of their windows ends during a test."""
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def pulse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold a job's pulse still in a test whose rows no other connection sees.

    It would find no row, take the job for another worker's, and stop it if it ran for a second.
    """
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        monkeypatch.setattr(Run, "PULSE", 3600.0)


@pytest.fixture(autouse=True)
def arranging() -> Iterator[None]:
    """Let a test's own words see all tenants; requests and jobs begin outside every scope."""
    with entered(Scope(platform=True)):
        yield


class Browser(Client):
    """A person's browser without a screen: it speaks HTTPS and can sign in."""

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        with outside():
            return super().generic(*args, **{**kwargs, "secure": True})


@pytest.fixture
def anonymous() -> Browser:
    return Browser()


@pytest.fixture
def sign_in() -> Callable[[User], Browser]:
    """Open a browser in which the given person is signed in."""

    def open_browser(user: User) -> Browser:
        browser = Browser()
        browser.force_login(user)
        return browser

    return open_browser


def new_user(email: str, name: str = "", password: str | None = None) -> User:
    """A person with a verified address."""
    user = User.objects.create_user(email, password, name=name or email.partition("@")[0].title())
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def new_tenant(name: str, owner: User | None = None) -> Tenant:
    """A workspace with an owner."""
    owner = owner or new_user(f"owner@{name.lower()}.example", name=f"{name} Owner")
    return Tenant.objects.found(name=name, owner=owner)


def seated(tenant: Tenant, role: Role, name: str = "") -> Membership:
    """A new person's seat in a workspace."""
    name = name or role.label
    user = new_user(f"{name.lower()}@{tenant.slug}.example", name=name)
    return tenant.memberships.create(user=user, role=role)


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make a person with a verified address: ``make_user("ada@example.com", name="Ada")``."""
    return new_user


@pytest.fixture
def make_tenant(db: None) -> Callable[..., Tenant]:
    """Make a workspace with an owner: ``make_tenant("Acme")``."""
    return new_tenant


@pytest.fixture
def acme(make_tenant: Callable[..., Tenant]) -> Tenant:
    """The workspace that the tests work in."""
    return make_tenant("Acme")


@pytest.fixture
def globex(make_tenant: Callable[..., Tenant]) -> Tenant:
    """The workspace next door, of which nothing may ever be seen."""
    return make_tenant("Globex")


@pytest.fixture
def join(db: None) -> Callable[..., Membership]:
    """Seat a new person in a workspace: ``join(acme, Role.VIEWER)``."""
    return seated


@pytest.fixture
def as_role(
    acme: Tenant, join: Callable[..., Membership], sign_in: Callable[[User], Browser]
) -> Callable[[Role], Browser]:
    """Open a browser signed in as a member of Acme with the given role."""

    def open_browser(role: Role) -> Browser:
        if role is Role.OWNER:
            return sign_in(acme.memberships.get(role=Role.OWNER).user)
        return sign_in(join(acme, role).user)

    return open_browser


@pytest.fixture
def do_jobs(db: None) -> Callable[[], int]:
    """Do all jobs that are due, as a worker would, in this process; return how many."""

    def work() -> int:
        count = 0
        while due := list(Job.objects.due(timezone.now()).values_list("pk", flat=True)):
            for pk in due:
                with outside():
                    attempt(pk)
                count += 1
        return count

    return work


class SmtpServer(Controller):
    """A real SMTP server on a free port of loopback, which is in `.port` once it has started."""

    def __init__(self, handler: object) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[SmtpServer]:
    controller = SmtpServer(Mailbox())
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def mailbox(smtp_server: SmtpServer, settings: Any) -> Mailbox:
    """A real SMTP server that outgoing mail is handed to; `.messages` is what it took."""
    settings.SMTP = {**settings.SMTP, "host": "127.0.0.1", "port": smtp_server.port}
    if hasattr(settings, "MAILERS"):
        smtp = {**settings.MAILERS["smtp"], "OPTIONS": settings.SMTP}
        settings.MAILERS = {**settings.MAILERS, "smtp": smtp}
    smtp_server.handler.messages.clear()
    box: Mailbox = smtp_server.handler
    return box


@pytest.fixture(scope="session")
def named_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal under a name such as customers find it by, for the tests of the group "portal".

    `folder`/root.pem is the authority of its certificate. Who changes more than a test would by
    using it changes it back.
    """
    variables = {"SITE_URL": f"https://{OTHER_NAME}"}
    folder = tmp_path_factory.mktemp("portal")
    with Portal(servers=os.environ, folder=folder, variables=variables) as running:
        running.authority.cert_pem.write_to_path(str(folder / "root.pem"))
        yield running


@pytest.fixture
def forgotten(named_portal: Portal) -> None:
    """Let it be as if nobody had signed in there lately."""
    forget_attempts(named_portal)


def forget_attempts(portal: Portal) -> None:
    """Empty the portal's counts of who tried what, and how often."""
    with Redis.from_url(portal.redis.url) as redis:
        if tried := list(redis.scan_iter("slipway:*:rl:*")):
            redis.delete(*tried)
