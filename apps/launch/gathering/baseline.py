"""Reads and writes the stored baseline, `launch-baseline.json` beside the launch plan."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from apps.launch.facts.baseline import Baseline, Journey, Measurement
from apps.launch.facts.unasked import Unasked
from apps.launch.files import write

FILE = "launch-baseline.json"
SCHEMA_VERSION = 1
MAX_BYTES = 1_000_000
LARGEST = 1e12  # milliseconds and kilobytes alike
UNKNOWN = "unknown"  # what the product says of a release that it does not know
KINDS = ("api", "html", "job")


def beside(plan: Path) -> Path:
    """Where the baseline of a plan lies."""
    return plan.with_name(FILE)


def read(path: Path) -> Baseline:
    """Read it; a Baseline without anything where there is no file. Raises Unasked, OSError."""
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode()
        if len(text) > MAX_BYTES:
            refuse("is larger than a megabyte")
        return parsed(json.loads(text, parse_constant=no_number))
    except FileNotFoundError:
        return Baseline()
    except json.JSONDecodeError as error:
        raise Unasked(f"{FILE}:{error.lineno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unasked(f"{FILE}:{line}: is not UTF-8 text") from None
    except RecursionError:
        raise Unasked(f"{FILE}: is nested too deeply") from None
    except ValueError:
        raise Unasked(f"{FILE}: holds a number that is none") from None


def parsed(said: Any) -> Baseline:
    """The baseline of a document. Raises Unasked."""
    if not isinstance(said, dict):
        refuse("is not an object")
    if said.get("schema_version") != SCHEMA_VERSION:
        refuse(f"schema_version is not {SCHEMA_VERSION}")
    before = said.get("previous")
    return Baseline(
        current=measurement(said, ""),
        previous=None if before is None else measurement(before, "previous."),
    )


def measurement(said: Any, place: str) -> Measurement:
    """One measurement of a document; `place` is where it stands there."""
    if not isinstance(said, dict):
        refuse(f"{place.rstrip('.')} is not an object")
    try:
        at = datetime.fromisoformat(said.get("measured_at", ""))
    except (TypeError, ValueError):
        refuse(f"{place}measured_at is no time")
    if at.utcoffset() is None:
        refuse(f"{place}measured_at has no time zone")
    release, journeys = said.get("release"), said.get("journeys")
    if not isinstance(release, str):
        refuse(f"{place}release is no text")
    if not isinstance(journeys, dict):
        refuse(f"{place}journeys is not an object")
    return Measurement(
        measured_at=at,
        release=release,
        concurrency=whole(said, "concurrency", place),
        journeys={name: journey(one, f"{place}journeys.{name}.") for name, one in journeys.items()},
    )


def journey(said: Any, place: str) -> Journey:
    if not isinstance(said, dict):
        refuse(f"{place.rstrip('.')} is not an object")
    if said.get("kind") not in KINDS:
        refuse(f"{place}kind is none of {', '.join(KINDS)}")
    ended = said.get("ended", "")
    if not isinstance(ended, str):
        refuse(f"{place}ended is no text")
    return Journey(
        kind=said["kind"],
        ended=ended,
        queries=None if said.get("queries") is None else whole(said, "queries", place),
        samples=whole(said, "samples", place),
        p50_ms=number(said, "p50_ms", place),
        p95_ms=number(said, "p95_ms", place),
        slowest_ms=number(said, "slowest_ms", place),
        errors=whole(said, "errors", place),
        kilobytes=number(said, "kilobytes", place),
    )


def whole(said: Mapping[str, Any], name: str, place: str) -> int:
    value = said.get(name)
    if type(value) is not int or value < 0:  # True is an int, too
        refuse(f"{place}{name} is no count")
    return value


def number(said: Mapping[str, Any], name: str, place: str) -> float:
    value: Any = said.get(name)
    # True is an int, too, and an int can be too large for a float.
    if type(value) not in {int, float} or not 0 <= value <= LARGEST:
        refuse(f"{place}{name} is no number of 0 or more")
    return float(value)


def no_number(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's reader takes and JSON does not have."""
    raise ValueError(word)


def refuse(reason: str) -> NoReturn:
    raise Unasked(f"{FILE}: {reason}")


def store(path: Path, now: Measurement) -> Baseline:
    """Put `now` in the place of what the file holds, which becomes the one before.

    A release that is measured once more is still compared with the release before it; one that is
    not known is always another. Raises Unasked for a file that cannot be read, and OSError.
    """
    had = read(path)
    again = had.current is not None and had.current.release == now.release != UNKNOWN
    kept = had.previous if again and had.previous is not None else had.current
    write(path, as_json(Baseline(current=now, previous=kept)))
    return Baseline(current=now, previous=kept)


def as_json(baseline: Baseline) -> str:
    """The file's text, for a baseline that has something."""
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    if baseline.current:
        document |= plain(baseline.current)
    document["previous"] = plain(baseline.previous) if baseline.previous else None
    return json.dumps(document, indent=2) + "\n"


def as_text(one: Measurement) -> str:
    """One measurement as text, as it stands in the file."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **plain(one)}, indent=2)


def plain(one: Measurement) -> dict[str, Any]:
    return {
        "measured_at": one.measured_at.isoformat(timespec="seconds"),
        "release": one.release,
        "concurrency": one.concurrency,
        "journeys": {name: asdict(each) for name, each in one.journeys.items()},
    }
