"""Every name of the product leads to its one address, and no page but that address's is served."""

from typing import Any

import pytest
from django.test import Client

from tests.conftest import Browser

pytestmark = pytest.mark.django_db
ALIAS = "www.example.com"
OVER_THERE = {"host": ALIAS}


@pytest.fixture(autouse=True)
def has_an_alias(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, ALIAS]


@pytest.mark.parametrize("path", ["/", "/accounts/login/?next=/a%2Fb&q=1", "//evil.example/", "/é"])
def test_another_name_of_the_product_leads_to_the_same_page_at_its_address(
    anonymous: Browser, path: str
) -> None:
    asked = path.replace("é", "%C3%A9")
    answer = anonymous.get(f"https://{ALIAS}{asked}", headers=OVER_THERE)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://testserver{asked}"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_name_with_a_port_is_led_there_too(anonymous: Browser) -> None:
    answer = anonymous.get("/", headers={"host": f"{ALIAS}:8443"})
    assert answer.headers["Location"] == "https://testserver/"


def test_the_address_itself_is_answered(anonymous: Browser) -> None:
    assert anonymous.get("/").status_code == 200


def test_plain_http_leads_to_https_on_the_name_that_was_typed() -> None:
    answer = Client().get("/a?b=1", headers=OVER_THERE)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{ALIAS}/a?b=1")


def test_a_form_is_taken_where_it_was_sent(anonymous: Browser) -> None:
    answer = anonymous.post("/accounts/login/", {"login": "a@example.com"}, headers=OVER_THERE)
    assert answer.status_code == 200


def test_health_is_answered_under_any_name(anonymous: Browser) -> None:
    assert anonymous.get("/healthz", headers=OVER_THERE).status_code == 200


def test_a_name_that_is_not_the_products_is_refused_and_led_nowhere(anonymous: Browser) -> None:
    answer = anonymous.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
