"""launch-baseline.json: what is stored is read again, and what is no baseline is told."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.launch.facts import Unasked
from apps.launch.facts.baseline import Baseline
from apps.launch.gathering.baseline import FILE, MAX_BYTES, beside, read, store
from tests.launch.sound.baseline import BEFORE, CURRENT, PAGE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return beside(tmp_path / "launch.toml")


def whole(**changes: Any) -> dict[str, Any]:
    """A document that is a baseline, with changes."""
    page = {"kind": "html", "samples": 4, "errors": 0, "queries": 6, "kilobytes": 9.5}
    times = {"p50_ms": 30, "p95_ms": 40.5, "slowest_ms": 41.0}
    return {
        "schema_version": 1,
        "measured_at": "2026-11-28T09:00:00Z",
        "release": "4f2c91a",
        "concurrency": 8,
        "journeys": {"list": {**page, **times, **changes.pop("page", {})}},
        **changes,
    }


def test_it_lies_beside_the_plan(tmp_path: Path) -> None:
    assert beside(tmp_path / "launch.toml") == tmp_path / FILE


def test_where_there_is_none_there_is_nothing(path: Path) -> None:
    assert read(path) == Baseline()


def test_what_is_stored_is_read(path: Path) -> None:
    uncounted = {**CURRENT.journeys, "list": replace(PAGE, queries=None, ended="it was limited")}
    now = replace(CURRENT, journeys=uncounted)
    assert store(path, now) == read(path) == Baseline(current=now)
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(path.parent) == [FILE]


def test_another_release_is_compared_with_the_one_before(path: Path) -> None:
    store(path, BEFORE)
    store(path, CURRENT)
    assert read(path) == Baseline(current=CURRENT, previous=BEFORE)


def test_a_release_that_is_measured_again_is_compared_with_the_same_one(path: Path) -> None:
    again = replace(CURRENT, journeys={"list": replace(PAGE, p95_ms=1.0)})
    for one in (BEFORE, CURRENT, again):
        store(path, one)
    assert read(path) == Baseline(current=again, previous=BEFORE)


def test_a_release_that_is_not_known_is_another_each_time(path: Path) -> None:
    first, second, third = (
        replace(CURRENT, release="unknown", concurrency=number) for number in (1, 2, 3)
    )
    for one in (first, second, third):
        store(path, one)
    assert read(path) == Baseline(current=third, previous=second)


def test_what_cannot_be_read_is_not_overwritten(path: Path) -> None:
    path.write_text("{")
    with pytest.raises(Unasked):
        store(path, CURRENT)
    assert path.read_text() == "{"


def test_a_document_is_read(path: Path) -> None:
    path.write_text(json.dumps(whole(previous=whole(release="90ab12c"))))
    found = read(path)
    assert found.current
    assert found.previous
    assert (found.current.release, found.previous.release) == ("4f2c91a", "90ab12c")
    assert found.current.journeys["list"].p95_ms == 40.5


WRONG: list[tuple[Callable[[], str], str]] = [
    (lambda: "", "launch-baseline.json:1: Expecting value"),
    (lambda: "[]", "is not an object"),
    (lambda: '{"schema_version": 1,\n}', "launch-baseline.json:2: "),
    (lambda: "[" * 100_000, "is nested too deeply"),
    (lambda: f'"{"a" * MAX_BYTES}"', "is larger than a megabyte"),
    (lambda: json.dumps(whole(schema_version=2)), "schema_version is not 1"),
    (lambda: json.dumps(whole(measured_at="today")), "measured_at is no time"),
    (lambda: json.dumps(whole(measured_at=5)), "measured_at is no time"),
    (lambda: json.dumps(whole(measured_at="2026-11-28T09:00:00")), "measured_at has no time zone"),
    (lambda: json.dumps(whole(release=None)), "release is no text"),
    (lambda: json.dumps(whole(concurrency=True)), "concurrency is no count"),
    (lambda: json.dumps(whole(journeys=[])), "journeys is not an object"),
    (lambda: json.dumps(whole(journeys={"list": 1})), "journeys.list is not an object"),
    (lambda: json.dumps(whole(page={"kind": "x"})), "journeys.list.kind is none of api, html, job"),
    (lambda: json.dumps(whole(page={"kind": []})), "journeys.list.kind is none of api, html, job"),
    (lambda: json.dumps(whole(page={"ended": 1})), "journeys.list.ended is no text"),
    (lambda: json.dumps(whole(page={"samples": -1})), "journeys.list.samples is no count"),
    (lambda: json.dumps(whole(page={"queries": 1.5})), "journeys.list.queries is no count"),
    (lambda: json.dumps(whole(page={"p95_ms": -1})), "journeys.list.p95_ms is no number"),
    (lambda: json.dumps(whole(page={"p95_ms": "1"})), "journeys.list.p95_ms is no number"),
    (lambda: json.dumps(whole(page={"p95_ms": float("nan")})), "holds a number that is none"),
    (lambda: json.dumps(whole()).replace("40.5", "1e999"), "journeys.list.p95_ms is no number"),
    (lambda: json.dumps(whole()).replace("40.5", "9" * 5000), "holds a number that is none"),
    (lambda: json.dumps(whole(previous=[])), "previous is not an object"),
    (lambda: json.dumps(whole(previous=whole(page={"errors": None}))), "previous.journeys.list.er"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_no_baseline_is_told(path: Path, text: Callable[[], str], said: str) -> None:
    path.write_text(text())
    with pytest.raises(Unasked) as told:
        read(path)
    assert said in str(told.value)


def test_what_is_no_text_is_told(path: Path) -> None:
    path.write_bytes(b"{\n\xff}")
    with pytest.raises(Unasked, match=r"launch-baseline\.json:2: is not UTF-8 text"):
        read(path)
