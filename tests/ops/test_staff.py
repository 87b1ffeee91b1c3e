"""``manage.py staff``: who runs the product, and what the log keeps of a change."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from tests.core.conftest import Log


def staff(*arguments: str) -> str:
    out = io.StringIO()
    call_command("staff", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.com", name="Ada Okafor")


def is_staff(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_staff


def test_somebody_becomes_staff_and_is_it_no_longer(ada: User, log: Log) -> None:
    assert staff("list") == "Nobody is staff.\n"
    assert "ada@example.com is staff now" in staff("add", "Ada@Example.com")
    assert is_staff(ada)
    assert staff() == "ada@example.com  Ada Okafor\n"
    assert "no longer staff" in staff("remove", "ada@example.com")
    assert not is_staff(ada)
    kept = [(line["event"], line["user"], line["level"]) for line in log.lines]
    assert kept == [("staff.added", ada.pk, "warning"), ("staff.removed", ada.pk, "warning")]


def test_what_is_so_already_is_said_and_not_logged(ada: User, log: Log) -> None:
    assert "is not staff already" in staff("remove", "ada@example.com")
    staff("add", "ada@example.com")
    assert "is staff already" in staff("add", "ada@example.com")
    assert len(log.lines) == 1


def test_staff_whose_account_is_closed_are_told_apart(ada: User) -> None:
    staff("add", "ada@example.com")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert staff("list").endswith("(account closed)\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add"], "Say who"),
        (["list", "ada@example.com"], "Say who"),
        (["add", "nobody@example.com"], "Nobody has the address nobody@example.com"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    db: None, arguments: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        staff(*arguments)
