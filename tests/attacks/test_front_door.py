"""Attacks on the way in: other sites, other hosts, planted and ended sessions, used codes."""

import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from dev.portal import Portal
from tests.accounts.conftest import code_in, link_in, text_of
from tests.attacks.visitor import PASSWORD, SESSION_COOKIE, Visitor

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("attacks")]

NEW = "another-harbour-at-dawn"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http://localhost@evil.example/",
    "https://localhost.evil.example/",
    "/%2f%2fevil.example",
    "/\t/evil.example",
    "\x01//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://portal.example.dev:1/",
]


def new_address() -> str:
    return f"newcomer-{secrets.token_hex(4)}@example.com"


def stays(portal: Portal, answer: requests.Response) -> bool:
    """Whether a redirect leads to a page of the portal, as a browser would read it."""
    there = re.sub(r"[\x00-\x20]", "", answer.headers["Location"]).replace("\\", "/")
    url = urlsplit(there)
    return url.scheme in {"", "https"} and url.netloc in {"", urlsplit(portal.url).netloc}


@pytest.mark.parametrize("there", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(
    there: str, target: Portal, visitor: Callable[..., Visitor]
) -> None:
    ada = visitor()
    form = {"login": "ada@slipway.example", "password": PASSWORD, "next": there}
    answer = ada.post("/accounts/login/", form)
    assert answer.status_code == 302
    assert stays(target, answer)
    again = ada.get("/accounts/login/", params={"next": there})
    assert again.status_code == 302
    assert stays(target, again)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": "evil.example:443"},
        {"Host": "localhost:80#evil.example"},
    ],
    ids=str,
)
def test_a_host_that_is_not_ours_is_refused(
    headers: dict[str, str], visitor: Callable[..., Visitor]
) -> None:
    answer = visitor().get("/accounts/password/reset/", headers=headers)
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


def test_no_header_gets_another_host_into_a_mailed_link(
    target: Portal, visitor: Callable[..., Visitor]
) -> None:
    hostile = {
        "X-Forwarded-Host": "evil.example",
        "X-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "X-Original-URL": "//evil.example/",
        "Forwarded": "host=evil.example",
    }
    form = {"email": "lena@slipway.example"}
    answer = visitor().post("/accounts/password/reset/", form, headers=hostile)
    assert answer.status_code == 302
    mail = target.mailbox.wait_for("lena@slipway.example", "Choose a new password", seconds=40)
    links = re.findall(r"https?://\S+", text_of(mail))
    assert links
    assert {urlsplit(link).netloc for link in links} == {urlsplit(target.url).netloc}


def test_a_session_that_somebody_else_planted_is_not_the_one_that_is_signed_in(
    visitor: Callable[..., Visitor],
) -> None:
    mallory, ada = visitor(), visitor()
    planted = secrets.token_hex(16)
    for each in (mallory, ada):
        each.session.cookies.set(SESSION_COOKIE, planted, domain="localhost.local", secure=True)
    assert ada.sign_in("ada@slipway.example").status_code == 302
    assert ada.is_signed_in
    own = [cookie.value for cookie in ada.session.cookies if cookie.name == SESSION_COOKIE]
    assert own
    assert planted not in own
    assert not mallory.is_signed_in


def test_a_session_is_dead_once_its_owner_signs_out(visitor: Callable[..., Visitor]) -> None:
    ada, thief = visitor(), visitor()
    ada.sign_in("ada@slipway.example")
    stolen = ada.session.cookies[SESSION_COOKIE]
    assert ada.post("/accounts/logout/", {}).status_code == 302
    answer = thief.get("/workspaces/", headers={"Cookie": f"{SESSION_COOKIE}={stolen}"})
    assert answer.status_code == 302
    assert "/accounts/login/" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({"csrfmiddlewaretoken": ""}, {}),
        ({"csrfmiddlewaretoken": "x" * 64}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Origin": "http://localhost"}),
        ({}, {"Origin": "", "Referer": ""}),
        ({}, {"Origin": "", "Referer": "https://evil.example/"}),
    ],
    ids=str,
)
def test_another_site_cannot_act_as_somebody_who_is_signed_in(
    data: dict[str, str], headers: dict[str, str], visitor: Callable[..., Visitor]
) -> None:
    ada = visitor()
    ada.sign_in("ada@slipway.example")
    name = f"Forged {secrets.token_hex(4)}"
    answer = ada.post("/workspaces/new/", {"name": name, **data}, headers=headers)
    assert answer.status_code == 403
    assert name not in ada.get("/workspaces/").text


def test_a_code_and_a_session_of_a_sign_up_work_once(
    target: Portal, visitor: Callable[..., Visitor]
) -> None:
    newcomer, email = visitor(), new_address()
    form = {"name": "Noor", "email": email, "password1": "a-long-enough-secret"}
    assert newcomer.post("/accounts/signup/", form).status_code == 302
    waiting = newcomer.session.cookies[SESSION_COOKIE]
    code = code_in(target.mailbox.wait_for(email, "Your code", seconds=40))
    assert newcomer.post("/accounts/confirm-email/", {"code": code}).status_code == 302
    assert newcomer.is_signed_in
    thief = visitor()
    thief.session.cookies.set(SESSION_COOKIE, waiting, domain="localhost.local", secure=True)
    thief.post("/accounts/confirm-email/", {"code": code})
    assert not thief.is_signed_in


def test_a_link_to_a_new_password_works_once(
    target: Portal, visitor: Callable[..., Visitor]
) -> None:
    owner, thief = visitor(), visitor()
    email = "mateo@slipway.example"
    owner.post("/accounts/password/reset/", {"email": email})
    mail = target.mailbox.wait_for(email, "Choose a new password", seconds=40)
    path = urlsplit(link_in(mail)).path
    form_page = owner.get(path).headers["Location"]
    assert owner.post(form_page, {"password1": NEW, "password2": NEW}).status_code == 302
    answer = thief.get(path)
    for _ in range(2):
        assert 'name="password1"' not in answer.text
        if answer.status_code == 302:
            answer = thief.get(answer.headers["Location"])
    thief.post(form_page, {"password1": "the-thief-s-own-1", "password2": "the-thief-s-own-1"})
    assert owner.sign_in(email, NEW).status_code == 302


def test_an_invitation_works_once(target: Portal, visitor: Callable[..., Visitor]) -> None:
    ada, jun, sam = visitor(), visitor(), visitor()
    ada.sign_in("ada@slipway.example")
    email = "sam@slipway.example"
    sent = ada.post("/t/northwind/invitations/new/", {"emails": email, "role": "viewer"})
    assert sent.status_code == 302
    mail = target.mailbox.wait_for(email, "invites you", seconds=40)
    path = urlsplit(link_in(mail)).path
    jun.sign_in("jun@slipway.example")
    jun.post(path, {})
    sam.sign_in(email)
    assert sam.post(path, {}).status_code == 302
    assert sam.get("/t/northwind/").status_code == 200
    assert sam.post(path, {}).status_code == 404
