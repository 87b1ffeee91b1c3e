"""The smoke test: tries the running product as a customer would, after a deploy and by the clock.

What it tries stands in smoke_steps.py. It needs an account of its own, without two-step sign-in,
that is an admin of a workspace for such tests.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import indent

from urllib3.exceptions import SSLError

from apps.launch.facts.unasked import Unasked
from apps.launch.harmless import harmless
from apps.launch.probes.target import BadTarget
from apps.launch.probes.walker import Astray, Limited
from config.env import operator
from deploy import smoke_session
from deploy.smoke_session import BadSession
from deploy.smoke_steps import NAMES, STEPS, NotNeeded, Step, Tester, Wrong, sign_out
from deploy.smoke_way import visitor_of

VERSION = 1  # of the JSON
OK, FAILED, USAGE, UNKNOWN = 0, 1, 2, 3
SECONDS = 30
MARKS = {"passed": "✓", "failed": "✗", "unknown": "?", "skipped": "-"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a step ended: passed, failed, unknown (nothing was reached) or skipped."""

    name: str
    outcome: str
    ms: int = 0
    said: str = ""
    do: str = ""


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="deploy/smoke",
        description="Try the running product as SMOKE_EMAIL with SMOKE_PASSWORD. Exit codes: 0 all "
        "is well; 1 something failed; 2 usage; 3 it could not be reached.",
    )
    add = found.add_argument
    add("url", metavar="URL", help="the product's address, such as https://portal.example.com")
    add("--release", default="", metavar="NAME", help="which release has to answer: a commit")
    add("--workspace", default="", metavar="SLUG", help="where to write; else the account's home")
    add("--session", type=Path, metavar="FILE", help="keep the session there between runs")
    add("--skip", action="append", default=[], choices=NAMES, metavar="STEP", help=", ".join(NAMES))
    add("--seconds", type=int, default=SECONDS, metavar="N", help="for all of it (30)")
    add(
        "--connect-to",
        action="append",
        default=[],
        metavar="HOST1:PORT1:HOST2:PORT2",
        help="connect to the second for the first, as curl does; or unix:/PATH, a web process's "
        "own socket, spoken to as nginx would",
    )
    add("--ca-file", type=Path, metavar="FILE", help="the authorities to believe, in PEM")
    add("--json", action="store_true", help="one JSON object in place of lines")
    return found


def main(arguments: Sequence[str]) -> int:
    """Run it and tell; return the exit code. argparse itself leaves with 2."""
    top, began = parser(), time.monotonic()
    options, who = top.parse_args(arguments), operator()
    absent = [name for name in ("SMOKE_EMAIL", "SMOKE_PASSWORD") if not getattr(who, name)]
    if absent:
        top.error(f"{' and '.join(absent)} must be set: the account that the test signs in with")
    words = {"email": who.SMOKE_EMAIL, "password": who.SMOKE_PASSWORD, "slug": options.workspace}
    try:
        visitor = visitor_of(options.url, options.connect_to, options.ca_file)
        if options.session:
            visitor.cookies = smoke_session.kept(options.session, options.url, who.SMOKE_EMAIL)
        end = began + options.seconds
        tester = Tester(visitor, words, end=end, expected=options.release)
        results = [*run(tester, set(options.skip))]
        leave(tester, options, who.SMOKE_EMAIL)
    except (BadTarget, BadSession) as bad:
        top.error(str(bad))
    except Unasked as unasked:
        results = [Result(name="address", outcome="unknown", said=str(unasked))]
    code = verdict(results)
    took = round((time.monotonic() - began) * 1000)
    told = as_json(options, results, code, took) if options.json else as_lines(results, took)
    # Also where the terminal knows no UTF-8.
    encoding = sys.stdout.encoding or "ascii"
    print(told.encode(encoding, "replace").decode(encoding))
    return code


def run(tester: Tester, left_out: set[str]) -> Iterator[Result]:
    """Take each step whose needs stand. Where nothing was ever reached, the rest is not tried."""
    stand: set[str] = set()
    for step in STEPS:
        needs = [name for name in step.needs if name not in stand]
        if step.name in left_out:
            yield Result(name=step.name, outcome="skipped", said="left out by --skip")
        elif needs:
            yield Result(name=step.name, outcome="skipped", said=f"needs {', '.join(needs)}")
        else:
            result = attempted(step, tester)
            if result.outcome == "passed":
                stand.add(step.name)
            yield result
            if result.outcome == "unknown":
                return


def attempted(step: Step, tester: Tester) -> Result:
    """Take one step; whatever is found is a result."""
    began = time.monotonic()
    outcome, said, do = "failed", "", step.do
    try:
        said, outcome, do = step.attempt(tester), "passed", ""
    except NotNeeded as reason:
        outcome, said, do = "skipped", str(reason), ""
    except Wrong as wrong:
        said, do = str(wrong), wrong.do or step.do
    except Limited as limited:
        said, do = str(limited), "It is run too often: keep a session with --session."
    except Astray as astray:
        said = str(astray)
    except Unasked as unasked:
        said = str(unasked)
        # A certificate that does not hold is an answer, too: customers are sent away by it.
        if not (tester.reached or isinstance(unasked.__cause__, SSLError)):
            outcome, do = "unknown", "See whether the address is right and the network is there."
    ms = round((time.monotonic() - began) * 1000)
    return Result(name=step.name, outcome=outcome, ms=ms, said=harmless(said, 300), do=do)


def leave(tester: Tester, options: argparse.Namespace, email: str) -> None:
    """Keep the session for the next run, or end it: sessions must not pile up."""
    if options.session and tester.visitor.cookies:
        smoke_session.keep(options.session, options.url, email, tester.visitor.cookies)
    elif tester.entered:
        try:
            sign_out(tester)
        except (Astray, Limited, Unasked):
            return  # it ends by itself after days that nobody uses it


def verdict(results: Sequence[Result]) -> int:
    """The exit code."""
    outcomes = {result.outcome for result in results}
    return FAILED if "failed" in outcomes else UNKNOWN if "unknown" in outcomes else OK


def as_lines(results: Sequence[Result], took: int) -> str:
    """A line for each step, and under one that failed what to do."""
    lines = []
    for one in results:
        ms = f"{one.ms} ms" if one.outcome != "skipped" else ""
        lines.append(f"{MARKS[one.outcome]} {one.name:<12}{ms:>9}  {one.said}".rstrip())
        if one.do:
            lines.append(indent(one.do, "  → "))
    words = {OK: "All is well", FAILED: "It failed", UNKNOWN: "It could not be told"}
    lines.append(f"{words[verdict(results)]}, after {took / 1000:.1f} s.")
    return "\n".join(lines)


def as_json(options: argparse.Namespace, results: Sequence[Result], code: int, took: int) -> str:
    told = {
        "version": VERSION,
        "url": options.url,
        "expected": options.release,
        "ok": code == OK,
        "exit": code,
        "took_ms": took,
        "steps": [asdict(one) for one in results],
    }
    return json.dumps(told, indent=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
