"""The load counts what fails, or else a deploy without a failed request would prove nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from urllib3 import HTTPResponse

from dev.valkey import free_port
from tests.rehearsal.load import LONGEST, RELEASE, Load, judged
from tests.world.nginx import Nginx
from tests.world.tls import Authority

pytestmark = pytest.mark.prove

EDGE = """
events {{ worker_connections 64; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/certificate.pem;
        location / {{ proxy_pass http://127.0.0.1:{web}; }}
    }}
}}
"""
WEB = """
events {{ worker_connections 64; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{web};
        add_header {header} first;
        return 200 "Welcome.";
    }}
}}
"""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Nginx]:
    """What answers behind the edge."""
    folder, port = tmp_path / "web", free_port()
    folder.mkdir()
    with Nginx(WEB.format(web=port, header=RELEASE), folder=folder, port=port) as running:
        yield running


@pytest.fixture
def load(tmp_path: Path, web: Nginx) -> Iterator[Load]:
    """Strangers before an edge, which is all that they know."""
    folder, https, authority = tmp_path / "edge", free_port(), Authority()
    folder.mkdir()
    (folder / "certificate.pem").write_bytes(authority.issue("localhost").pem())
    ca = authority.write(tmp_path / "ca.pem")
    edge = EDGE.format(https=https, web=web.port, folder=folder)
    with (
        Nginx(edge, folder=folder, port=https),
        Load(f"https://localhost:{https}", ca=ca, crowd=[], pause=0.4) as running,
    ):
        yield running


def test_what_fails_while_the_upstream_is_away_is_counted_and_nothing_else_is(
    load: Load, web: Nginx
) -> None:
    with load.span() as well:
        load.wait_for(10, lambda each: each.status == 200, "the site answers")
    assert well.failed == []
    assert set(well.releases) == {"first"}

    web.stop()
    load.wait_for(4, lambda each: "502" in each.fault, "each kind of stranger is refused twice")
    web.start()

    load.wait_for(4, lambda each: not each.fault, "the site answers again")
    with load.span() as again:
        load.wait_for(10, lambda each: each.status == 200, "the site goes on answering")
    assert again.failed == []


def test_a_connection_that_is_refused_is_counted(load: Load) -> None:
    load.ended.set()
    nobody = Load(f"https://localhost:{free_port()}", ca=load.ca, crowd=[], pause=0.4)
    with nobody:
        nobody.wait_for(2, lambda each: "refused" in each.fault, "nobody listens there")
    assert nobody.failed == nobody.answers


@pytest.mark.parametrize(
    ("status", "seconds", "fails"),
    [
        (200, 0.0, False),
        (200, LONGEST + 1, True),
        (302, 0.0, True),
        (403, 0.0, True),
        (404, 0.0, True),
        (429, 0.0, True),
        (500, 0.0, True),
        (502, 0.0, True),
    ],
)
def test_an_answer_that_nobody_expects_or_that_comes_late_is_counted(
    status: int, seconds: float, fails: bool
) -> None:
    came = HTTPResponse(b"a page", status=status)
    answer = judged(time.monotonic() - seconds, "GET /", came, expected=200, resent=False)
    assert bool(answer.fault) is fails
