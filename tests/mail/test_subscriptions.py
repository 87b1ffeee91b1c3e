"""Mail that is not needed is stopped with one click, by RFC 8058, and needed mail never.

The test mail stands for any that can be stopped, and one test looks at those that really can.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings

from apps.accounts.models import User
from apps.core import mailing
from apps.mail import catalogue
from apps.mail.models import Mail, Subscription
from dev.portal import Mailbox
from tests.conftest import Browser

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the test mail one that its reader can do without."""
    entry = replace(catalogue.BY_TEMPLATE["test"], topic=catalogue.WORK)
    monkeypatch.setitem(catalogue.BY_TEMPLATE, "test", entry)


@pytest.fixture
def link(db: None) -> str:
    """The path of the link in a mail to Ada."""
    mailing.send("test", to=ADA)
    return path_in(Mail.objects.get())


def path_in(mail: Mail) -> str:
    return urlsplit(mail.headers["List-Unsubscribe"].strip("<>")).path


def is_sent(to: str = ADA) -> bool:
    before = Mail.objects.count()
    mailing.send("test", to=to)
    return Mail.objects.count() > before


def test_both_headers_and_both_parts_say_how_to_stop_it(
    mailbox: Mailbox, do_jobs: Callable[[], int], link: str
) -> None:
    do_jobs()
    [message] = mailbox.messages
    url = f"{django_settings.SITE_URL}{link}"
    assert url.startswith("https://")
    assert message["List-Unsubscribe"].strip() == f"<{url}>"  # a long one is folded
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        part: Any = message.get_body((kind,))
        assert url in part.get_content()


def test_the_link_tells_nobodys_address(link: str) -> None:
    assert re.fullmatch(r"/unsubscribe/\d+:[\w-]{40,}/", link)


def test_a_mail_program_stops_it_at_once_without_cookie_token_or_redirect(link: str) -> None:
    stranger = Browser(enforce_csrf_checks=True)
    answer = stranger.post(link, ONE_CLICK)
    assert answer.status_code == 200
    assert not is_sent()


def test_to_stop_twice_is_to_stop_once(link: str, anonymous: Browser) -> None:
    anonymous.post(link, ONE_CLICK)
    since = Subscription.objects.get().stopped_at
    assert since is not None
    assert anonymous.post(link, ONE_CLICK).status_code == 200
    assert Subscription.objects.get().stopped_at == since


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_the_link_stops_nothing(
    link: str, anonymous: Browser, method: str
) -> None:
    assert getattr(anonymous, method)(link).status_code == 200
    assert is_sent()


def test_the_page_has_a_button_that_works_without_script(link: str, anonymous: Browser) -> None:
    page = anonymous.get(link).content.decode()
    assert f'<form method="post" action="{link}">' in page
    assert ADA not in page
    said = anonymous.post(link, {}).content.decode()
    assert "You get no more of these mails" in said
    assert not is_sent()


def test_there_is_a_way_back(link: str, anonymous: Browser) -> None:
    page = anonymous.post(link, ONE_CLICK).content.decode()
    found = re.search(r'action="([^"]+/undo/)"', page)
    assert found
    assert anonymous.post(found[1]).status_code == 302
    assert is_sent()


def test_each_reader_stops_their_own_mail_alone(link: str, anonymous: Browser) -> None:
    anonymous.post(link, ONE_CLICK)
    assert is_sent("grace@example.com")


@pytest.mark.parametrize("change", [lambda s: s[:-3] + "/", lambda s: s.replace("/1", "/2", 1)])
def test_a_link_that_was_cut_or_changed_is_no_page(
    link: str, anonymous: Browser, change: Callable[[str], str]
) -> None:
    pk = Subscription.objects.get().pk
    changed = change(link) if change(link) != link else link.replace(f"/{pk}:", f"/{pk + 1}:")
    assert anonymous.get(changed).status_code == 404
    assert anonymous.post(changed, ONE_CLICK).status_code == 404
    assert is_sent()


def test_needed_mail_comes_all_the_same_and_cannot_be_stopped(
    link: str, anonymous: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    anonymous.post(link, ONE_CLICK)
    mailing.send("two_step_removed", to=ADA)
    mail = Mail.objects.get(template="two_step_removed")
    assert "List-Unsubscribe" not in mail.headers
    assert "Stop these mails" not in mail.text


def test_whoever_has_an_account_keeps_the_choice_when_the_address_changes(
    make_user: Callable[..., User], anonymous: Browser
) -> None:
    user = make_user(ADA)
    mailing.send("test", to="Ada@Example.com")
    anonymous.post(path_in(Mail.objects.get()), ONE_CLICK)
    user.email = "ada.lovelace@example.com"
    user.save()
    assert not is_sent("ada.lovelace@example.com")


def test_the_end_of_an_import_is_such_mail(db: None, anonymous: Browser) -> None:
    sample = catalogue.BY_TEMPLATE["import_finished"].sample
    mailing.send("import_finished", to=ADA, context=sample)
    anonymous.post(path_in(Mail.objects.get()), ONE_CLICK)
    mailing.send("import_finished", to=ADA, context=sample)
    assert Mail.objects.count() == 1


# On one's own page


def test_one_chooses_on_ones_own_page(
    make_user: Callable[..., User], sign_in: Callable[[User], Browser]
) -> None:
    browser = sign_in(make_user(ADA))
    assert "/account/mail/" in browser.get("/account/").content.decode()
    assert re.search(r'value="work"[^>]*checked', browser.get("/account/mail/").content.decode())
    browser.post("/account/mail/", {})
    assert not is_sent()
    page = browser.get("/account/mail/").content.decode()
    assert not re.search(r'value="work"[^>]*checked', page)
    browser.post("/account/mail/", {"topic": "work"})
    assert is_sent()


def test_where_all_mail_is_needed_the_page_says_so(
    make_user: Callable[..., User],
    sign_in: Callable[[User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, entry in catalogue.BY_TEMPLATE.items():
        monkeypatch.setitem(catalogue.BY_TEMPLATE, name, replace(entry, topic=None))
    page = sign_in(make_user(ADA)).get("/account/mail/").content.decode()
    assert "All mail that you get is needed." in page
