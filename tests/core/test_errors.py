"""Error pages: the right status, in the house's look or as JSON, with nothing behind them."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test.utils import CaptureQueriesContext

from apps.core import errors
from apps.core.request_id import request_id
from config.product import PRODUCT
from tests.conftest import Browser

PAGES = {
    "/nowhere/": 404,
    "/forbidden/": 403,
    "/busy/": 429,
    "/away/": 503,
    "/form/": 405,
    "/database-down/": 500,
    "/explosion/": 500,
}


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_an_error_page_is_styled_and_carries_the_requests_id(
    troubled: Browser, path: str, status: int
) -> None:
    # Without the database's mark, a query here would fail the test.
    answer = troubled.get(path, headers={"x-request-id": "asked-for-1"})
    html = answer.content.decode()
    assert answer.status_code == status
    assert "<h1>" in html
    assert 'rel="stylesheet"' in html
    assert PRODUCT.name in html
    assert "asked-for-1" in html
    assert str(status) in html
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_a_client_that_prefers_json_gets_json(troubled: Browser, path: str, status: int) -> None:
    headers = {"accept": "application/json", "x-request-id": "asked-for-1"}
    answer = troubled.get(path, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert answer.json() == {
        "error": {
            "status": status,
            "message": errors.MESSAGES[status],
            "request_id": "asked-for-1",
        }
    }


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/html, application/json",
        ";;q=x",
    ],
)
def test_others_get_the_page(troubled: Browser, accept: str) -> None:
    answer = troubled.get("/nowhere/", headers={"accept": accept})
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("status", errors.MESSAGES)
def test_each_status_has_a_page_of_its_own_that_carries_the_requests_id(status: int) -> None:
    token = request_id.set("asked-for-1")
    html = errors.page(status).content.decode()
    request_id.reset(token)
    assert "asked-for-1" in html
    assert 'rel="stylesheet"' in html
    assert html.count("<h1>") == 1
    assert (django_settings.BASE_DIR / f"templates/errors/{status}.html").exists()


JSON = "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "sent", "answered"),
    [
        ({"accept": JSON}, "text/plain", JSON),
        ({"accept": f"{JSON}, text/plain, */*"}, "text/plain", JSON),
        ({"accept": "*/*"}, JSON, JSON),
        ({}, JSON, JSON),
        ({"accept": "text/html, */*"}, JSON, "text/html"),
        ({"accept": "*/*"}, "application/x-www-form-urlencoded", "text/html"),
        ({"accept": JSON, "hx-request": "true"}, JSON, "text/html"),
    ],
)
def test_a_program_gets_json_and_a_page_in_a_browser_a_page(
    troubled: Browser, headers: dict[str, str], sent: str, answered: str
) -> None:
    """A program says so, or sends JSON itself; htmx puts into the page what it gets."""
    for path, status in (("/nowhere/", 404), ("/robots.txt", 405)):
        answer = troubled.post(path, "{}", content_type=sent, headers=headers)
        assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (status, answered)


def test_a_refused_method_says_which_are_not(troubled: Browser) -> None:
    answer = troubled.get("/form/")
    assert answer["Allow"] == "POST"
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_busy_answer_says_when_to_come_back(troubled: Browser) -> None:
    assert troubled.get("/busy/")["Retry-After"] == "30"
    assert "Retry-After" not in troubled.get("/away/")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "[::1"])
def test_a_host_that_is_not_ours_gets_the_same_page_for_bad_requests(
    troubled: Browser, host: str
) -> None:
    answer = troubled.get("/", headers={"host": host, "x-request-id": "asked-for-1"})
    assert answer.status_code == 400
    assert "asked-for-1" in answer.content.decode()
    assert host not in answer.content.decode()


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_refused_as_such(troubled: Browser, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = troubled.post("/form/", "x" * 101, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert 'rel="stylesheet"' in answer.content.decode()


@pytest.mark.django_db
def test_a_form_of_too_many_fields_is_refused_as_such(troubled: Browser, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert troubled.post("/form/", {str(n): n for n in range(4)}).status_code == 413
    assert troubled.post("/form/", {str(n): n for n in range(3)}).status_code == 200


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_what_to_do(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"
    answer = Browser(enforce_csrf_checks=True).post("/form/", headers={"x-request-id": "asked-1-2"})
    assert answer.status_code == 403
    assert "asked-1-2" in answer.content.decode()


def test_an_error_page_that_cannot_be_drawn_is_still_an_answer(
    troubled: Browser, settings: Any
) -> None:
    (engine,) = django_settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]
    answer = troubled.get("/explosion/", headers={"x-request-id": "asked-for-1"})
    assert answer.status_code == 500
    assert errors.MESSAGES[500] in answer.content.decode()
    assert "asked-for-1" in answer.content.decode()


@pytest.mark.django_db
def test_an_error_page_of_somebody_signed_in_asks_the_database_nothing_more(
    troubled: Browser, make_user: Any, django_assert_num_queries: Any
) -> None:
    troubled.force_login(make_user("ada@example.com"))
    with django_assert_num_queries(0) as captured:
        assert troubled.get("/explosion/").status_code == 500
    assert isinstance(captured, CaptureQueriesContext)


def test_in_development_a_missing_page_looks_as_it_will_to_customers(
    anonymous: Browser, settings: Any, db: None
) -> None:
    settings.DEBUG = True
    response = anonymous.get("/no-such-page/")
    assert response.status_code == 404
    assert b"DEBUG = True" not in response.content
    assert response.headers["X-Request-ID"] in response.content.decode()
