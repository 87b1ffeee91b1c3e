"""Whether CI has passed a commit, asked of a small GitHub on loopback and of .ci/run's record."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.passed import objection

COMMIT = "4f2c91a" + "0" * 33
ORIGINS = [
    "https://github.com/harbourside/portal.git",
    "git@github.com:harbourside/portal.git",
    "ssh://git@github.com/harbourside/portal",
]


class GitHub(HTTPServer):
    """Answers about one commit, as docs.github.com says of check runs and combined statuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {"state": "pending", "total_count": 0}
        self.broken = False
        self.tokens: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        self.server.tokens.add(self.headers["Authorization"])
        path, _, query = self.path.partition("?")
        at = f"/repos/harbourside/portal/commits/{COMMIT}"
        page = int(query.rpartition("=")[2] or 1) if query else 1
        answers: dict[str, Any] = {
            f"{at}/status": self.server.status,
            f"{at}/check-runs": {
                "total_count": len(self.server.runs),
                "check_runs": self.server.runs[(page - 1) * 100 : page * 100],
            },
        }
        self.send_response(500 if self.server.broken else 200 if path in answers else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(path, {})).encode())

    def log_message(self, *words: object) -> None:
        """Stay quiet."""


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(name: str, conclusion: str | None = "success") -> dict[str, Any]:
    status = "completed" if conclusion else "in_progress"
    return {"name": name, "status": status, "conclusion": conclusion}


def said(github: GitHub, tmp_path: Path, **more: str) -> str:
    given = {"origin": ORIGINS[0], "token": "t0ken", **more}
    return objection(commit=COMMIT, record=tmp_path / "ci-passed", api=github.url, **given)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_commit_whose_checks_are_all_good_has_passed(
    github: GitHub, tmp_path: Path, origin: str
) -> None:
    github.runs = [run("test"), run("docs", "skipped"), run("optional", "neutral")]
    assert said(github, tmp_path, origin=origin) == ""
    assert github.tokens == {"Bearer t0ken"}


def test_a_job_that_ships_does_not_wait_for_itself(github: GitHub, tmp_path: Path) -> None:
    github.runs = [run("test"), run("deploy staging", None)]
    assert said(github, tmp_path) == ""
    github.runs = [run("deploy staging")]
    assert said(github, tmp_path) == "GitHub knows of no check that has passed"


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", None])
def test_a_check_that_is_not_good_is_named(
    github: GitHub, tmp_path: Path, conclusion: str | None
) -> None:
    github.runs = [*(run(f"part {n}") for n in range(100)), run("browser", conclusion)]
    assert said(github, tmp_path) == f"browser is {conclusion or 'in_progress'}"


def test_a_commit_status_counts_where_there_is_one(github: GitHub, tmp_path: Path) -> None:
    github.status = {"state": "success", "total_count": 1}
    assert said(github, tmp_path) == ""
    github.runs, github.status = [run("test")], {"state": "failure", "total_count": 1}
    assert said(github, tmp_path) == "the commit's status is failure"


def test_what_cannot_be_found_out_is_an_objection(github: GitHub, tmp_path: Path) -> None:
    assert said(github, tmp_path) == "GitHub knows of no check that has passed"
    github.broken = True
    assert said(github, tmp_path).startswith("GitHub could not be asked: HTTP Error 500")
    (tmp_path / "ci-passed").write_text(f"{COMMIT}\n")
    assert said(github, tmp_path), "with a token, GitHub alone is asked"


def test_without_a_token_the_record_of_this_clone_counts(github: GitHub, tmp_path: Path) -> None:
    assert "no GITHUB_TOKEN" in said(github, tmp_path, token="")
    (tmp_path / "ci-passed").write_text(f"{'0' * 40}\n{COMMIT}\n")
    assert said(github, tmp_path, token="") == ""
    assert said(github, tmp_path, origin="https://git.example/a/b", token="t0ken") == ""
    (tmp_path / "ci-passed").write_text(f"{'0' * 40}\n{COMMIT[:7]}\n")
    assert ".ci/run has not passed it" in said(github, tmp_path, origin="", token="")
    assert github.tokens == set()
