"""Journeys are walked against a real server that limits, breaks off, leads away or hangs."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from apps.core.timing import HEADER, signer
from apps.launch.facts.baseline import Journey
from apps.launch.journeys import FOLLOWING, Act, Step, Walk, opening, sending
from apps.launch.measuring import Amount, NotLetIn, leave, percentile, release, summed, together
from apps.launch.probes.target import Target
from apps.launch.probes.walker import Cost, Trip, Walker
from tests.world.listener import Handler, Listener
from tests.world.tls import Authority

HOST = "portal.harbourside.co"
AUTHORITY = Authority()
RECORDS = '<a href="/t/acme/clients/new/">New</a><a href="/t/acme/clients/7/">baseline-1 7</a>'
HEALTH = r'{"status": "ok", "release": "\u001b[31m4f2c91a"}'
FORM = '<form method=post action="/here"><input name=a><input type=file name=f></form>'


class Product(Handler):
    """A product of a few pages."""

    asked: list[tuple[str, str, str | None]] = []
    tickets: list[str | None] = []
    health = HEALTH
    left = 0  # how often /limited may be asked for

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Cookie")))
        self.tickets.append(self.headers.get(HEADER))
        match self.path:
            case "/away":
                self.tell(302, Location="https://elsewhere.example/form")
            case "/form-away":
                self.tell(200, '<form method=post action="https://elsewhere.example/form"></form>')
            case "/limited" if not self.left:
                self.tell(429, **{"Retry-After": "40"})
            case "/limited":
                type(self).left -= 1
                self.tell(200)
            case "/broken":
                self.tell(500)
            case "/t/acme/clients/?q=baseline-1":
                self.tell(200, RECORDS)
            case "/t/acme/clients/7/delete/":
                self.tell(403)
            case "/gone":
                self.close_connection = True
            case "/healthz":
                self.tell(200, self.health)
            case "/counted":
                self.tell(200, "a" * 2500, **{"Server-Timing": 'app;dur=3, db;dur=1.5;desc="7"'})
            case "/file":
                self.tell(200, "a" * 9000, **{"Content-Type": "text/csv"})
            case _:
                self.tell(200, FORM)

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.asked.append((self.command, self.path, self.rfile.read(size).decode()))
        self.tell(302, Location="/", **{"Set-Cookie": "mine=1; Path=/; Secure"})

    def tell(self, status: int, body: str = "", **headers: str) -> None:
        self.send_response(status)
        kind = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**kind, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture
def walker(tmp_path: Path) -> Iterator[Walker]:
    Product.asked, Product.tickets, Product.left, Product.health = [], [], 0, HEALTH
    with Listener(Product, AUTHORITY.issue(HOST).context()) as server:
        target = Target(
            url=f"https://{HOST}",
            connect_to={("", 443): ("127.0.0.1", server.port)},
            ca_file=AUTHORITY.write(tmp_path / "ca.pem"),
        )
        yield Walker(target, {}, {"slug": "acme", "mark": "baseline-1"}, Event())


def walk(*steps: Step, kind: str = "html") -> Walk:
    return Walk(name="some", steps=steps, kind=kind)


def test_a_walk_fills_forms_and_follows_and_keeps_its_cookies(walker: Walker) -> None:
    trip = walker.walk(walk(opening("/"), sending("/here", a="{mark} {n}"), FOLLOWING), 5)
    assert (trip.wrong, len(trip.costs)) == ("", 3)
    assert Product.asked == [
        ("GET", "/", None),
        ("POST", "/here", "a=baseline-1+5"),
        ("GET", "/", "mine=1"),
    ]


def test_a_file_of_a_few_records_is_sent_along_with_the_form(walker: Walker) -> None:
    trip = walker.walk(walk(opening("/"), sending("/here", file="f")), 5)
    assert trip.wrong == ""
    sent = str(Product.asked[1][2])
    assert 'name="f"; filename="baseline-1-5.csv"' in sent
    assert "Name,E-mail\r\nbaseline-1 5-0,baseline-1-5-0@clients.example\r\n" in sent


def test_a_form_that_is_not_there_is_told(walker: Walker) -> None:
    trip = walker.walk(walk(opening("/"), sending("/here", b="1")), 5)
    assert trip.wrong == "/ has no form to /here with b"


@pytest.mark.parametrize(
    "steps",
    [
        (Step(act=Act.OPEN, path="/away", status=302), FOLLOWING),
        (opening("/form-away"), sending("/form")),
    ],
)
def test_nobody_is_followed_to_another_host(walker: Walker, steps: tuple[Step, ...]) -> None:
    trip = walker.walk(walk(*steps), 1)
    assert trip.wrong == "elsewhere.example is somebody else's host"
    assert len(Product.asked) == 1


def test_what_the_server_counts_is_noted_for_a_ticket_of_the_key(walker: Walker) -> None:
    trip = walker.walk(walk(opening("/counted"), opening("/")), 1)
    assert [cost.queries for cost in trip.costs] == [7, None]
    assert len(Product.tickets) == 2
    assert signer().unsign(str(Product.tickets[0])) == "queries"


def test_the_weight_is_that_of_pages_and_not_of_files(walker: Walker) -> None:
    trips = [walker.walk(walk(opening("/counted"), opening("/file")), 1)]
    found = summed(walk(), trips)
    assert (found.kilobytes, found.queries) == (2.5, 7)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/broken", "/broken answered 500, not 200"),
        ("/away", "/away answered 302 to /form, not 200"),
        ("/gone", f"{HOST} did not answer: RemoteDisconnected"),
    ],
)
def test_a_wrong_answer_is_told_and_counted(walker: Walker, path: str, said: str) -> None:
    trip = walker.walk(walk(opening("/"), opening(path)), 1)
    assert trip.wrong == said
    assert len(trip.costs) == 2


def test_a_job_that_is_never_over_is_not_waited_for_for_ever(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.launch.probes.walker.JOB_LONGEST", 0.1)
    trip = walker.walk(walk(opening("/"), Step(act=Act.WAIT, shows="Done"), kind="job"), 1)
    assert trip.wrong == "the job of / was not over after 0.1 s"


def test_a_limit_ends_a_journey_and_is_no_error(walker: Walker) -> None:
    Product.left = 3
    limited = walk(opening("/limited"))
    trips = together([walker], limited, deque(range(9)), Amount(samples=9, seconds=30))
    found = summed(limited, trips)
    assert (found.samples, found.errors) == (3, 0)
    assert found.ended == "a limit was met, to be tried again in 40 s"
    assert len(Product.asked) == 4, "nobody knocks again"


def test_time_that_is_up_ends_a_journey(walker: Walker) -> None:
    assert together([walker], walk(opening("/")), deque([1]), Amount(samples=1, seconds=0)) == []


def test_whoever_stops_the_crowd_is_heard_before_the_next_request(walker: Walker) -> None:
    walker.stop.set()
    assert walker.walk(walk(opening("/")), 1).limited == "it was interrupted"
    assert Product.asked == []


def test_the_release_is_told_without_what_steers_a_terminal(walker: Walker) -> None:
    assert release(walker) == r"\x1b[31m4f2c91a"


def test_there_is_no_product_where_something_else_answers(walker: Walker) -> None:
    Product.health = "<p>parked</p>"
    with pytest.raises(NotLetIn, match="what answers at /healthz is something else"):
        release(walker)


def test_what_the_account_may_not_delete_is_told(walker: Walker) -> None:
    assert leave(walker, []) == "/t/acme/clients/7/delete/ answered 403, not 200"
    assert len(Product.asked) == 2


TEN = [float(number) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("times", "part", "found"),
    [([], 0.95, 0.0), ([3.0], 0.95, 3.0), (TEN, 0.95, 10.0), (TEN, 0.9, 9.0)],
)
def test_a_percentile_is_a_time_that_was_seen(
    times: list[float], part: float, found: float
) -> None:
    assert percentile(times, part) == found


def test_a_page_is_timed_by_its_requests_and_a_job_as_a_whole() -> None:
    trips = [
        Trip(ms=900.0, costs=[Cost(ms=10.0, queries=3), Cost(ms=20.0, queries=5)]),
        Trip(ms=700.0, costs=[Cost(ms=30.0), Cost(ms=40.0)]),
        Trip(ms=5.0, costs=[Cost(ms=31_000.0, queries=99)], wrong="it broke"),
    ]
    shared = {"slowest_ms": 31_000.0, "errors": 1, "queries": 5, "kilobytes": 0.0}
    assert summed(walk(), trips) == Journey(
        kind="html", samples=4, p50_ms=30.0, p95_ms=40.0, ended="it broke", **shared
    )
    assert summed(walk(kind="job"), trips) == Journey(
        kind="job", samples=2, p50_ms=900.0, p95_ms=900.0, ended="it broke", **shared
    )
