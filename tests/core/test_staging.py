"""What staging says of itself to search engines and to people, on whatever it answers."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from apps.core import errors
from apps.tenants.models import Tenant
from tests.config.processes import COMPLETE, python
from tests.conftest import Browser

# A page, a redirect, files, health, a refused method, an error, JSON and a sign-in page.
KINDS = [
    ("get", "/", 200),
    ("get", "/accounts/login/", 200),
    ("get", "/robots.txt", 200),
    ("get", "/brand.css", 200),
    ("get", "/static/css/app.css", 200),
    ("get", "/healthz", 200),
    ("get", "/workspaces/", 302),
    ("get", "/no/such/page/", 404),
    ("post", "/", 405),
]


class Texts(HTMLParser):
    """The words of each labelled section of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.label, self.words = "", dict[str, str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.label = dict(attributes).get("aria-label") or ""

    def handle_endtag(self, tag: str) -> None:
        self.label = "" if tag == "section" else self.label

    def handle_data(self, data: str) -> None:
        self.words[self.label] = self.words.get(self.label, "") + data


@pytest.fixture
def staging(settings: Any) -> None:
    settings.NOINDEX, settings.SHOWN_AS = True, "Staging"


def tag(response: Any) -> str:
    return str(response.headers.get("X-Robots-Tag", ""))


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "status"), KINDS)
def test_every_kind_of_answer_keeps_search_engines_out(
    client: Client, staging: None, method: str, path: str, status: int
) -> None:
    response = getattr(client, method)(path, secure=True)
    response.close()
    assert (response.status_code, tag(response)) == (status, "noindex, nofollow")


def test_so_does_the_way_to_https_a_foreign_host_and_what_breaks(
    client: Client, staging: None, settings: Any
) -> None:
    assert tag(client.get("/")) == "noindex, nofollow"
    assert tag(client.get("/", headers={"host": "elsewhere.example"})) == "noindex, nofollow"
    settings.ROOT_URLCONF = "tests.core.urls"
    client.raise_request_exception = False
    broken = client.get("/explosion/", secure=True)
    assert (broken.status_code, tag(broken)) == (500, "noindex, nofollow")


def test_robots_may_ask_for_everything_or_they_would_never_see_it(
    client: Client, staging: None
) -> None:
    told = client.get("/robots.txt", secure=True).content.decode()
    assert told == "User-agent: *\nDisallow:\n"


def test_production_is_found_and_closes_what_is_nobodys_search_result(client: Client) -> None:
    for _, path, _ in KINDS:
        response = client.get(path, secure=True)
        response.close()
        assert tag(response) == ""
    told = client.get("/robots.txt", secure=True).content.decode()
    assert told.splitlines()[1:] == [
        "Disallow: /t/",
        "Disallow: /accounts/",
        "Disallow: /workspaces/",
    ]


def test_every_page_says_where_one_is(
    acme: Tenant, sign_in: Callable[..., Browser], client: Client, staging: None
) -> None:
    browser = sign_in(acme.memberships.get().user)
    pages = [
        *(client.get(path, secure=True) for path in ("/", "/accounts/login/", "/no/such/page/")),
        *(browser.get(path) for path in (f"/t/{acme.slug}/", "/account/", "/t/elsewhere/")),
    ]
    for page in pages:
        said = " ".join(Texts(page.content.decode()).words.get("Environment", "").split())
        assert said.startswith("Staging"), page.request["PATH_INFO"]


def test_so_does_an_error_page_whose_template_is_broken(staging: None) -> None:
    assert b"<p>Staging</p>" in errors.page(500, "errors/there-is-none.html").content


def test_production_has_no_banner(client: Client) -> None:
    for path in ("/", "/accounts/login/", "/no/such/page/"):
        assert b"Environment" not in client.get(path, secure=True).content
    assert b"</title><h1>" in errors.page(500, "errors/there-is-none.html").content


def test_staging_does_not_start_without_a_list_of_who_gets_its_mail() -> None:
    without = {name: value for name, value in COMPLETE.items() if name != "MAIL_ALLOWLIST"}
    settings = "config.settings.staging"
    done = python("manage.py", "check", variables={**without, "DJANGO_SETTINGS_MODULE": settings})
    assert done.returncode != 0
    assert "MAIL_ALLOWLIST is not set" in done.stderr


def test_the_variable_alone_keeps_no_mail_of_productions_back() -> None:
    script = "from django.conf import settings; print(settings.MAIL_ALLOWLIST)"
    for name, printed in (("staging", COMPLETE["MAIL_ALLOWLIST"]), ("production", None)):
        module = f"config.settings.{name}"
        done = python("-c", script, variables={**COMPLETE, "DJANGO_SETTINGS_MODULE": module})
        expected = printed.split(",") if printed else None
        assert done.stdout.strip() == str(expected)
