"""Which journeys are measured: launch_baseline walks them and launch_check expects them."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Act(Enum):
    """What a step does."""

    OPEN = "open"  # asks for an address
    CLICK = "click"  # asks for the link of the page whose path ends with this
    SEND = "send"  # fills the form of the page that goes to this address, and sends it
    FOLLOW = "follow"  # goes where the last answer led
    WAIT = "wait"  # asks for the page again until its job is over


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request, or several for a job that is waited for.

    In `path` and `fields`, {slug} is the workspace, {mark} what each made-up record bears, {n} a
    number that no other walk has, {email} and {password} the login. What `fields` leaves out is
    sent as the page has it. `file` is the form's field that a CSV of a few records goes into.
    The answer's status is `status`, and after a WAIT its page contains `shows`.
    """

    act: Act
    path: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    file: str = ""
    status: int = 200
    shows: str = ""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A journey: a page's is timed by its requests, a job's as a whole.

    `most` is how often it is walked at most, which keeps it within apps/core/limits.py; 0 is as
    often as asked for. Who walks it is signed in, unless it `starts_outside`; if it `enters` they
    are at the end.
    """

    name: str
    steps: tuple[Step, ...]
    kind: str = "html"
    most: int = 0
    starts_outside: bool = False
    enters: bool = False


def opening(path: str) -> Step:
    return Step(act=Act.OPEN, path=path)


def sending(path: str, *, status: int = 302, file: str = "", **fields: Any) -> Step:
    return Step(act=Act.SEND, path=path, status=status, file=file, fields=fields)


FOLLOWING = Step(act=Act.FOLLOW)
SIGN_IN = "/accounts/login/"
SIGN_UP = "/accounts/signup/"
SIGN_OUT = "/accounts/logout/"
CLIENTS = "/t/{slug}/clients/"
NEW_CLIENT = f"{CLIENTS}new/"
NEW_EXPORT = "/t/{slug}/exports/new/clients/"
NEW_IMPORT = "/t/{slug}/imports/new/clients/"
# The columns of the file that is imported, and one row of it.
HEADERS = ("Name", "E-mail")
ROW = ("{mark} {n}", "{mark}-{n}@clients.example")

JOURNEYS = (
    # The form is refused for want of a password, so that no account is made and no mail sent.
    Walk(
        name="sign-up",
        steps=(opening(SIGN_UP), sending(SIGN_UP, status=200, email="{mark}-{n}@nobody.invalid")),
        most=3,
        starts_outside=True,
    ),
    Walk(
        name="sign-in",
        steps=(opening(SIGN_IN), sending(SIGN_IN, login="{email}", password="{password}")),  # noqa: S106  # a place
        # With the one before all others, four of the five that an account has in five minutes.
        most=3,
        starts_outside=True,
        enters=True,
    ),
    Walk(name="dashboard", steps=(opening("/t/{slug}/"),)),
    Walk(name="list", steps=(opening(CLIENTS),)),
    Walk(name="search", steps=(opening(f"{CLIENTS}?q=har"),)),
    Walk(
        name="record create",
        steps=(
            opening(NEW_CLIENT),
            sending(NEW_CLIENT, name=ROW[0], email=ROW[1]),
            FOLLOWING,
        ),
        most=20,
    ),
    Walk(
        name="export",
        kind="job",
        steps=(
            opening(NEW_EXPORT),
            sending(NEW_EXPORT),
            FOLLOWING,
            Step(act=Act.WAIT, shows="Download"),
            Step(act=Act.CLICK, path="/file/"),
        ),
        most=3,
    ),
    Walk(
        name="import",
        kind="job",
        steps=(
            opening(NEW_IMPORT),
            sending(NEW_IMPORT, file="file"),
            FOLLOWING,
            sending("/trial/"),
            FOLLOWING,
            Step(act=Act.WAIT, shows="Import now"),
            sending("/start/"),
            FOLLOWING,
            Step(act=Act.WAIT, shows="Done"),
        ),
        most=3,
    ),
)
NAMES = tuple(one.name for one in JOURNEYS)
# Where the made-up records are listed, and what to add to a record's address to delete it.
LEFT_BEHIND = f"{CLIENTS}?q={{mark}}"
RECORD = f"{CLIENTS}[0-9]+/"
REMOVAL = "delete/"
