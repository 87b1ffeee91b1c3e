"""What a process has once it has started: no module for few, and a collector at work."""

import os

import pytest

from tests.config.processes import python

# What few pages and jobs need, and what each process would hold for it: 30 MiB in all.
FOR_FEW = {"fido2", "cryptography.hazmat", "requests", "boto3", "xlsxwriter", "rustpy_xlsxwriter"}
WRITES_A_LINK = "import django; django.setup(); from django.urls import reverse; reverse('landing')"
SERVES = "import config.wsgi"


def said(*arguments: str) -> list[str]:
    """The words that a process printed last."""
    ran = python(*arguments, variables=os.environ)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1].split()


def test_a_process_that_only_writes_links_has_not_loaded_what_few_pages_need() -> None:
    loaded = set(said("-c", f"{WRITES_A_LINK}; import sys; print(*sys.modules)"))
    assert "config.urls" in loaded
    assert FOR_FEW & loaded == set()


def test_web_has_loaded_every_view_before_it_forks() -> None:
    loaded = set(said("-c", f"{SERVES}; import sys; print(*sys.modules)"))
    assert {"fido2", "requests", "allauth.mfa.webauthn.views"} <= loaded


@pytest.mark.parametrize(
    "start",
    [("-c", f"{SERVES}; %s"), ("manage.py", "shell", "--no-imports", "-c", "%s")],
    ids=["web", "a command"],
)
def test_the_collector_is_at_work_and_passes_over_what_is_there_to_stay(
    start: tuple[str, ...],
) -> None:
    asked = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    assert said(*(part.replace("%s", asked) for part in start)) == ["True", "True"]
