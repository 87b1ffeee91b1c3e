"""The header that names the release: on what is one person's, and on nothing that an edge keeps."""

from typing import Any

import pytest

from tests.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def named(settings: Any) -> None:
    settings.RELEASE = "4f2c91a"


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/nowhere/", "/workspaces/"])
def test_an_answer_names_the_release_that_made_it(path: str, anonymous: Browser) -> None:
    assert anonymous.get(path)["X-Release"] == "4f2c91a"


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/static/css/app.css"])
def test_what_an_edge_may_keep_does_not(path: str, anonymous: Browser) -> None:
    answer: Any = anonymous.get(path)
    if answer.streaming:
        answer.getvalue()  # which closes the file
    assert "public" in answer["Cache-Control"]
    assert "X-Release" not in answer


def test_the_header_has_another_name_or_none_at_all(anonymous: Browser, settings: Any) -> None:
    settings.RELEASE_HEADER = "X-Version"
    assert anonymous.get("/healthz")["X-Version"] == "4f2c91a"
    settings.RELEASE_HEADER = ""
    assert "4f2c91a" not in "".join(anonymous.get("/healthz").headers.values())
