"""The verbs that a person or CI types: deploy, rollback, status, smoke, backup, restore."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from apps.launch.plan import Environment
from config.env import Operator, operator
from deploy import places, reporting
from deploy.checkout import Git
from deploy.deploying import Deploy
from deploy.returning import Rollback
from deploy.steps import Steps
from deploy.target import Stopped, Target
from deploy.verb import Verb

STOPPED = 1
V = TypeVar("V", bound=Verb)


def parser() -> argparse.ArgumentParser:
    """The verbs and their flags."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--environment",
        default="production",
        metavar="NAME",
        help="an [[environments]] of launch.toml (default: production)",
    )
    common.add_argument(
        "--plan",
        type=Path,
        default=places.ROOT / "launch.toml",
        metavar="FILE",
        help="another file in place of launch.toml",
    )
    changing = argparse.ArgumentParser(add_help=False)
    changing.add_argument("--dry-run", action="store_true", help="say each step and change nothing")
    changing.add_argument(
        "--despite",
        default="",
        metavar="REASON",
        help="go on where a gate refuses; the reason is shown and recorded",
    )
    top = argparse.ArgumentParser(
        prog="deploy",
        description="Ships the product, takes it back, and says what runs where. "
        "docs/deploy.md is a walk through all of it.",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verb = verbs.add_parser("deploy", parents=[common, changing], help="ship a commit")
    verb.add_argument("commit", nargs="?", default="HEAD", help="which one (default: HEAD)")
    verb = verbs.add_parser("rollback", parents=[common, changing], help="back to a release")
    verb.add_argument("release", nargs="?", default="", help="which one (default: the previous)")
    verb = verbs.add_parser("status", parents=[common], help="what is live, and how it is")
    verb.add_argument("--json", action="store_true", help="for programs")
    verbs.add_parser("smoke", parents=[common], add_help=False, help="try the running product")
    for name, words in (("backup", "take a backup"), ("restore", "bring one back, or rehearse")):
        verbs.add_parser(
            name,
            parents=[common],
            add_help=False,
            help=f"{words}, where the product runs; more arguments go to manage.py {name}",
        )
    return top


@dataclass(frozen=True)
class Call:
    """One call of a verb: what was typed, and where it leads."""

    options: argparse.Namespace
    rest: list[str]
    environment: Environment
    operator: Operator

    @property
    def target(self) -> Target:
        return places.target(self.environment, self.operator)


def deploy(call: Call) -> int:
    """Gates, backup, ship, smoke, record; on failure the way back."""
    verb = made(Deploy, call)
    released = verb.carry_out(call.options.commit)
    return done(call, verb.steps, f"{released.name} is live")


def rollback(call: Call) -> int:
    """Make an earlier release live again, unless the schema forbids it."""
    verb = made(Rollback, call)
    release = verb.carry_out(call.options.release)
    return done(call, verb.steps, f"{release.name} is live again; the database was left as it is")


def made(kind: type[V], call: Call) -> V:
    """A verb, as it was called."""
    return kind(
        environment=call.environment,
        operator=call.operator,
        target=call.target,
        git=Git(places.ROOT),
        steps=Steps(dry_run=call.options.dry_run),
        despite=call.options.despite.strip(),
    )


def done(call: Call, steps: Steps, what: str) -> int:
    """Say how a verb ended."""
    if call.options.dry_run:
        steps.tell("Nothing was changed: this was a dry run.")
    else:
        took = sum(seconds for _, seconds in steps.done)
        steps.tell(f"{what}, on {call.environment.name}, after {took:.0f} s.")
    return 0


def status(call: Call) -> int:
    """Say what is live and how it is; 1 where something is not well."""
    found = reporting.report(call.environment, call.target)
    print(json.dumps(found, indent=2) if call.options.json else reporting.text(found))
    return 0 if found["is_well"] else STOPPED


def smoke(call: Call) -> int:
    """Try what customers do, against the environment's address."""
    from deploy.smoke import main as try_it  # it needs more than the other verbs

    return try_it([call.environment.url, *call.rest])


def on_target(call: Call) -> int:
    """Run `manage.py VERB` where the product runs; its words and its exit status are ours."""
    # A private key comes on standard input, where nobody else sees it.
    text = sys.stdin.read() if "-" in call.rest else ""
    ended = call.target.run(["python", "manage.py", call.options.verb, *call.rest], text=text)
    sys.stdout.write(ended.text)
    return ended.status


VERBS: dict[str, Callable[[Call], int]] = {
    "deploy": deploy,
    "rollback": rollback,
    "status": status,
    "smoke": smoke,
    "backup": on_target,
    "restore": on_target,
}
PASSES_ON = {"smoke", "backup", "restore"}


def main(arguments: Sequence[str]) -> int:
    """Carry out a verb: 0 went well, 1 stopped, 2 was not understood."""
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if rest and options.verb not in PASSES_ON:
        top.error(f"{options.verb} does not know {' '.join(rest)}")
    try:
        where = places.environment(options.environment, places.plan(options.plan))
        return VERBS[options.verb](Call(options, rest, where, operator()))
    except Stopped as stopped:
        for line in (f"✗ {stopped.what}: {stopped.why}", f"  {stopped.way_back}"):
            print(line, file=sys.stderr)
        return STOPPED
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"✗ {error}\n  nothing more was done: see deploy/status", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(STOPPED)
