"""What a stranger is told by real HTTP servers, sound and hostile, and by a real mail server."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.web import LANDING, MailServer, Web
from apps.launch.findings import Status
from apps.launch.gathering.asking import ask
from apps.launch.gathering.network import certificates_and_pages
from apps.launch.gathering.web import web
from apps.launch.plan import Plan, Redirect, Site
from apps.launch.probes.mail import mail_server
from apps.launch.probes.target import Address, Target
from apps.launch.probes.web import MEGABYTE, Visitor, cookie
from apps.launch.registry import known_checks, run
from tests.launch.faults import tls as faults_of_tls
from tests.launch.faults import web as faults_of_web
from tests.world import hostile
from tests.world.hostile import Behaviour, Hostile
from tests.world.listener import Handler, Listener
from tests.world.tls import Authority

NAME = "portal.harbourside.co"
AUTHORITY = Authority()
# The probe silences this for the command, and pytest lets it be heard again.
UNVERIFIED = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
NOBODY = ("127.0.0.1", 9)
SILENT_SMTP = {"host": "127.0.0.1", "port": 9, "use_tls": False, "use_ssl": False, "password": ""}


class Product(Handler):
    """Some pages, and what they were asked with."""

    asked: list[dict[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        if self.path == "/loop":
            return self.tell(302, Location="/loop")
        if self.path == "/away":
            return self.tell(301, Location="https://elsewhere.example/")
        return self.tell(200, **{"Set-Cookie": "a=1; Path=/; Secure; HttpOnly; SameSite=lax"})

    def do_POST(self) -> None:
        self.asked.append(dict(self.headers))
        self.tell(429, **{"Retry-After": "60"})

    def tell(self, status: int, **headers: str) -> None:
        body = b"<p>hello</p>"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def target(tmp_path: Path) -> Callable[[Address], Target]:
    """Make the target whose every connection leads to an address."""

    def make(address: Address) -> Target:
        return Target(
            url=f"https://{NAME}",
            connect_to={("", 0): address, NOBODY: NOBODY},
            ca_file=AUTHORITY.write(tmp_path / "root.pem"),
        )

    return make


MakeTarget = Callable[[Address], Target]


@pytest.fixture
def secure(target: MakeTarget) -> Iterator[Visitor]:
    """A visitor of a product with a certificate that holds."""
    Product.asked = []
    with Listener(Product, AUTHORITY.issue(NAME).context()) as listener:
        yield Visitor(target(("127.0.0.1", listener.port)), {})


def test_an_answer_is_told_whole(secure: Visitor) -> None:
    answer = secure.get(f"https://{NAME}/a?b=1")
    assert (answer.status, answer.body, answer.untrusted) == (200, "<p>hello</p>", "")
    assert answer.headers["content-length"] == ("12",)
    (one,) = answer.cookies
    assert (one.name, one.secure, one.http_only, one.same_site) == ("a", True, True, "Lax")
    assert 0 < answer.ms < 5000


def test_the_name_is_sent_and_cookies_come_back_the_next_time(secure: Visitor) -> None:
    secure.get(f"https://{NAME}/")
    secure.post(f"https://{NAME}/", {"x": "1"}, {"Origin": "null"})
    first, second = Product.asked
    assert first["Host"] == NAME
    assert "Cookie" not in first
    assert (second["Cookie"], second["Origin"]) == ("a=1", "null")


def test_nothing_is_followed(secure: Visitor) -> None:
    answer = secure.get(f"https://{NAME}/away")
    assert (answer.status, answer.leads_to) == (301, "https://elsewhere.example/")
    assert len(Product.asked) == 1


@UNVERIFIED
def test_a_certificate_that_does_not_hold_is_told_and_the_page_read_all_the_same(
    target: MakeTarget,
) -> None:
    with Listener(Product, AUTHORITY.issue("other.example").context()) as listener:
        answer = Visitor(target(("127.0.0.1", listener.port)), {}).get(f"https://{NAME}/")
    assert answer.status == 200
    assert "Hostname mismatch" in answer.untrusted


@pytest.mark.parametrize(
    "behave",
    [hostile.garbage, hostile.reset, hostile.endless_head],
    ids=lambda behave: behave.__name__,
)
def test_a_server_that_lies_or_breaks_off_is_unknown(target: MakeTarget, behave: Behaviour) -> None:
    with Hostile(behave) as server:
        visitor = Visitor(target(server.address), {})
        for scheme in ("http", "https"):
            answer = ask(NAME, lambda at=scheme: visitor.get(f"{at}://{NAME}/"))
            assert isinstance(answer, Unasked)
            assert NAME in str(answer)


def test_an_endless_page_is_read_up_to_a_megabyte(target: MakeTarget) -> None:
    with Hostile(hostile.endless_body) as server:
        answer = Visitor(target(server.address), {}).get(f"http://{NAME}/")
    assert len(answer.body) == MEGABYTE


@pytest.mark.parametrize("behave", [hostile.silent, hostile.half_a_body])
def test_a_server_that_hangs_is_unknown_in_time(target: MakeTarget, behave: Behaviour) -> None:
    began = time.monotonic()
    with Hostile(behave) as server:
        visitor = Visitor(target(server.address), {}, patience=1)
        answer = ask(NAME, lambda: visitor.get(f"http://{NAME}/"))
    assert isinstance(answer, Unasked)
    assert time.monotonic() - began < 3


def test_the_next_address_is_asked_where_one_is_not_reached(tmp_path: Path) -> None:
    with Listener(Product) as listener:
        target = Target(url=f"https://{NAME}")
        visitor = Visitor(target, {NAME: ("127.0.0.2", "127.0.0.1")})
        answer = visitor.get(f"http://{NAME}:{listener.port}/")
    assert answer.status == 200


def test_a_connection_that_is_refused_is_not_told_as_one_that_took_too_long() -> None:
    target = Target(url=f"https://{NAME}", connect_to={("", 0): ("127.0.0.1", free_port())})
    with pytest.raises(Unasked, match="Connection refused"):
        Visitor(target, {}).get(f"https://{NAME}/")


def test_a_name_that_dns_could_not_tell_is_not_asked() -> None:
    visitor = Visitor(Target(url=f"https://{NAME}"), {NAME: Unasked("SERVFAIL")})
    assert str(ask(NAME, lambda: visitor.get(f"https://{NAME}/"))) == "SERVFAIL"


@pytest.mark.parametrize(
    ("line", "same_site", "domain"),
    [
        ("s=1; samesite=strict; domain=.a.example", "Strict", "a.example"),
        ("s=1", "", ""),
        ("s", "", ""),
    ],
)
def test_cookies_are_read_as_browsers_read_them(line: str, same_site: str, domain: str) -> None:
    assert (cookie(line).same_site, cookie(line).domain) == (same_site, domain)


@pytest.mark.parametrize(("facts", "ids"), [*faults_of_tls.PARTLY, *faults_of_web.PARTLY])
def test_what_is_seen_in_part_is_unknown_and_never_a_pass(facts: Facts, ids: set[str]) -> None:
    report = run(facts, known_checks())
    assert {found.id for found in report.having(Status.UNKNOWN)} == ids
    assert not report.having(Status.FAIL)


def everything(target: Target, plan: Plan) -> Web:
    settings = {"SMTP": SILENT_SMTP, "STATIC_URL": "/static/"}
    return web(target, plan, {}, settings)


PLAN = Plan(
    site=Site(canonical=NAME, aliases=("harbourside.co",)),
    redirects=(Redirect(source=f"https://{NAME}/loop", target=f"https://{NAME}/"),),
)


@UNVERIFIED
def test_a_loop_ends_where_it_closes_and_a_product_without_forms_is_unknown(
    target: MakeTarget,
) -> None:
    with Listener(Product, AUTHORITY.issue(NAME).context()) as listener:
        found = everything(target(("127.0.0.1", listener.port)), PLAN)
    (answers,) = found.moved.values()
    assert [answer.status for answer in known(answers)] == [302]
    assert str(found.bursts["account_login"]) == "the sign-in page has no form"
    assert len(known(found.pages[LANDING])) == 2


def test_a_product_that_hangs_is_unknown_throughout_and_soon(target: MakeTarget) -> None:
    began = time.monotonic()
    with Hostile(hostile.silent) as server:
        tls, found = certificates_and_pages(
            target(server.address),
            PLAN,
            Unasked("no name server"),
            {"SMTP": SILENT_SMTP, "STATIC_URL": "/static/"},
        )
    assert time.monotonic() - began < 19
    assert all(isinstance(each, Unasked) for _, _, each in known(tls).each())
    pages = known(found)
    for kind in (pages.chains, pages.pages, pages.origins, pages.bursts, pages.moved):
        assert all(isinstance(each, Unasked) for each in kind.values())


class Account:
    """A mail server's one account."""

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture
def smtp(target: MakeTarget) -> Iterator[Callable[..., MailServer]]:
    """Greet a real mail server whose certificate is for `names`, with a password."""
    running: list[Controller] = []

    def greet(*names: str, password: str = "", at_once: bool = False) -> MailServer:
        context = AUTHORITY.issue(*names).context() if names else None
        port = free_port()
        how: dict[str, Any] = {"ssl_context": context} if at_once else {"tls_context": context}
        server = Controller(
            object(),
            hostname="127.0.0.1",
            port=port,
            authenticator=Account(),
            auth_require_tls=not at_once,
            **how,
        )
        server.start()
        running.append(server)
        settings: Mapping[str, Any] = {
            "host": "smtp.harbourside.co",
            "port": port,
            "username": "harbourside",
            "password": password,
            "use_tls": not at_once,
            "use_ssl": at_once,
        }
        return mail_server(target(("127.0.0.1", port)), settings)

    yield greet
    for server in running:
        server.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


SMTP = "smtp.harbourside.co"


@pytest.mark.parametrize("at_once", [False, True])
def test_a_mail_server_that_is_well_has_nothing_to_tell(
    smtp: Callable[..., MailServer], at_once: bool
) -> None:
    found = smtp(SMTP, password="right", at_once=at_once)
    assert (found.refusal, found.certificate, found.login) == ("", "", "")
    assert found.address.startswith(f"{SMTP}:")


@pytest.mark.parametrize("at_once", [False, True])
def test_a_mail_servers_certificate_has_to_be_for_its_name(
    smtp: Callable[..., MailServer], at_once: bool
) -> None:
    found = smtp("other.example", password="right", at_once=at_once)
    assert "Hostname mismatch" in found.certificate


def test_a_mail_server_without_tls_is_told_no_password(smtp: Callable[..., MailServer]) -> None:
    assert smtp(password="right").certificate == "it offers no STARTTLS"


def test_a_wrong_login_is_told_without_the_password(smtp: Callable[..., MailServer]) -> None:
    assert smtp(SMTP, password="c4n4ry").login == "it answered 535"


def test_a_mail_server_that_is_not_reached_breaks_off_or_is_none_is_unknown(
    target: MakeTarget,
) -> None:
    found = ask("It", lambda: mail_server(target(NOBODY), SILENT_SMTP))
    assert isinstance(found, Unasked)
    elsewhere = {**SILENT_SMTP, "host": SMTP}
    for behave in (hostile.reset, hostile.garbage):
        with Hostile(behave) as server:
            found = ask("It", partial(mail_server, target(server.address), elsewhere))
        assert isinstance(found, Unasked)
