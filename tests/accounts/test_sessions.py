"""Sessions: where somebody is signed in, how each ends, and what keeping track of them costs."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import sessions
from apps.accounts.models import User
from apps.accounts.tasks import purge_sessions
from tests.accounts.conftest import is_signed_in, link_in, sign_in_by_password
from tests.accounts.factors import confirm
from tests.conftest import PASSWORD, Browser

LIST = "/accounts/sessions/"
OTHERS = "/accounts/sessions/others/delete/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"
NEW = "a quite different staple of horses"


def opened(user: User, user_agent: str = FIREFOX, address: str = "203.0.113.7") -> Browser:
    """A browser in which somebody has signed in by password."""
    browser = Browser(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    sign_in_by_password(browser, user.email, PASSWORD)
    assert is_signed_in(browser)
    return browser


def row_of(browser: Browser) -> Session:
    return Session.objects.get(pk=browser.cookies["__Host-session"].value)


def tracked(browser: Browser) -> UserSession:
    return UserSession.objects.get(session_key=browser.cookies["__Host-session"].value)


def delete_page(browser: Browser) -> str:
    return f"{LIST}{tracked(browser).pk}/delete/"


def age(browser: Browser, by: timedelta) -> None:
    """Let time pass since the browser was last used."""
    row = row_of(browser)
    Session.objects.filter(pk=row.pk).update(expire_date=row.expire_date - by)
    UserSession.objects.filter(session_key=row.pk).update(last_seen_at=timezone.now() - by)


# The list


def test_the_list_names_each_device_its_address_and_which_one_this_is(ada: User) -> None:
    here = opened(ada)
    opened(ada, SAFARI, "198.51.100.4")
    page = here.get(LIST).content.decode()
    this, other = page.split("This device")
    assert "Firefox on Linux" in this
    assert "203.0.113.7" in other  # its address is written below the badge
    assert "Safari on iPhone" in other
    assert "198.51.100.4" in other
    assert f'href="{OTHERS}"' in page


def test_somebody_who_is_signed_in_here_alone_is_offered_no_others(ada: User) -> None:
    assert f'href="{OTHERS}"' not in opened(ada).get(LIST).content.decode()


def test_nobody_elses_sessions_are_listed(ada: User, make_user: Callable[..., User]) -> None:
    opened(make_user("ben@example.com", password=PASSWORD), SAFARI)
    page = opened(ada).get(LIST).content.decode()
    assert "Safari on iPhone" not in page


def test_the_list_costs_the_same_with_many_sessions(
    ada: User, django_assert_num_queries: Any
) -> None:
    here = opened(ada)
    for _ in range(4):
        opened(ada, SAFARI)
    # session, person, sessions (2), memberships of the menu
    with django_assert_num_queries(5):
        here.get(LIST)


def test_a_session_that_is_dead_is_not_listed(ada: User) -> None:
    here, idle, old = opened(ada), opened(ada, SAFARI), opened(ada, "curl/8")
    age(idle, sessions.IDLE)
    end_long_ago(old)
    assert [each.pk for each in sessions.open_sessions(ada)] == [tracked(here).pk]
    ada.set_password(NEW)
    ada.save()
    assert sessions.open_sessions(ada) == []


# Ending them


def test_a_session_that_is_ended_elsewhere_is_dead_at_its_next_request(ada: User) -> None:
    here, there = opened(ada), opened(ada, SAFARI, "198.51.100.4")
    confirm(here)
    page = here.get(delete_page(there)).content.decode()
    assert "Sign out Safari on iPhone?" in page
    assert "198.51.100.4" in page
    answer = here.post(delete_page(there), follow=True)
    assert "Safari on iPhone is signed out." in answer.content.decode()
    assert not is_signed_in(there)
    assert is_signed_in(here)


def test_all_others_are_ended_at_once(ada: User) -> None:
    here, *others = (opened(ada) for _ in range(4))
    confirm(here)
    assert here.get(OTHERS).status_code == 200
    assert all(map(is_signed_in, others))
    here.post(OTHERS)
    assert not any(map(is_signed_in, others))
    assert is_signed_in(here)
    assert len(sessions.open_sessions(ada)) == 1


def test_this_device_is_signed_out_by_signing_out(ada: User) -> None:
    here = opened(ada)
    confirm(here)
    assert here.get(delete_page(here)).headers["Location"] == "/accounts/logout/"
    here.post("/accounts/logout/")
    assert sessions.open_sessions(ada) == []


def test_ending_a_session_asks_who_it_is(ada: User) -> None:
    here, there = opened(ada), opened(ada, SAFARI)
    for path in (delete_page(there), OTHERS):
        for answer in (here.get(path), here.post(path)):
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert is_signed_in(there)


def test_nobody_ends_somebody_elses_session(ada: User, make_user: Callable[..., User]) -> None:
    theirs = opened(make_user("ben@example.com", password=PASSWORD))
    here = opened(ada)
    confirm(here)
    for path in (delete_page(theirs), f"{LIST}9000000/delete/"):
        assert here.get(path).status_code == 404
        assert here.post(path).status_code == 404
    here.post(OTHERS)
    assert is_signed_in(theirs)


def test_signing_out_kills_the_key(ada: User) -> None:
    here, thief = opened(ada), Browser()
    thief.cookies.load({"__Host-session": here.cookies["__Host-session"].value})
    assert is_signed_in(thief)
    here.post("/accounts/logout/")
    assert not is_signed_in(thief)


def test_a_changed_password_ends_every_other_session_and_leaves_no_trace_of_them(
    ada: User,
) -> None:
    here, there = opened(ada), opened(ada, SAFARI)
    key = row_of(there).pk
    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    )
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert not Session.objects.filter(pk=key).exists()
    assert UserSession.objects.get().pk == tracked(here).pk


def test_a_reset_password_ends_every_session(
    ada: User, anonymous: Browser, read_mail: Callable[[], EmailMessage]
) -> None:
    here, there = opened(ada), opened(ada, SAFARI)
    anonymous.post("/accounts/password/reset/", {"email": ada.email})
    form = anonymous.get(urlsplit(link_in(read_mail())).path).headers["Location"]
    anonymous.post(form, {"password1": NEW, "password2": NEW})
    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert not UserSession.objects.exists()


def test_the_sessions_of_somebody_who_is_shut_out_are_dead(ada: User) -> None:
    here = opened(ada)
    User.objects.update(is_active=False)
    assert not is_signed_in(here)


def test_a_session_that_was_known_before_the_sign_in_is_not_signed_in(ada: User) -> None:
    """Session fixation, by a key of ours and by one that was made up."""
    victim, attacker = Browser(), Browser()
    victim.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    planted = row_of(victim).pk
    for key in (planted, "k" * 32):
        victim.cookies["__Host-session"] = attacker.cookies["__Host-session"] = key
        sign_in_by_password(victim, ada.email, PASSWORD)
        assert is_signed_in(victim)
        assert victim.cookies["__Host-session"].value != key
        attacker.cookies["__Host-session"] = key
        assert not is_signed_in(attacker)
        victim.post("/accounts/logout/")


# When they end by themselves


def end_long_ago(browser: Browser) -> None:
    """Date the browser's sign-in back by two weeks."""
    store = sessions.SessionStore(row_of(browser).pk)
    store["_session_expiry"] = timezone.now().isoformat()
    store.save()


def test_a_session_that_is_not_used_for_three_days_ends(ada: User) -> None:
    here = opened(ada)
    age(here, timedelta(days=2, hours=23))
    assert is_signed_in(here)
    age(here, timedelta(days=3))
    assert not is_signed_in(here)


def end_of(browser: Browser) -> Any:
    return sessions.SessionStore(row_of(browser).pk).get_expiry_date()


def test_a_session_ends_two_weeks_after_the_sign_in_however_much_it_is_used(ada: User) -> None:
    here = opened(ada)
    end = end_of(here)
    assert abs(end - timezone.now() - timedelta(days=14)) < timedelta(minutes=1)
    confirm(here)
    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    )
    age(here, timedelta(hours=1))
    assert is_signed_in(here)
    assert end_of(here) == end
    end_long_ago(here)
    assert not is_signed_in(here)


def test_a_public_page_does_not_know_somebody_whose_session_is_over(ada: User) -> None:
    here = opened(ada)
    end_long_ago(here)
    assert here.get("/accounts/login/").status_code == 200


def test_the_cookie_lasts_no_longer_than_the_session(ada: User) -> None:
    browser = Browser()
    answer = sign_in_by_password(browser, ada.email, PASSWORD)
    cookie = answer.cookies["__Host-session"]
    assert 0 <= 14 * 86400 - cookie["max-age"] < 60
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_what_is_left_of_dead_sessions_is_purged(ada: User) -> None:
    here, idle, ended = opened(ada), opened(ada, SAFARI), opened(ada, SAFARI)
    age(idle, sessions.IDLE)
    row_of(ended).delete()
    purge_sessions()
    assert UserSession.objects.get().pk == tracked(here).pk
    assert Session.objects.get().pk == row_of(here).pk


# What keeping track costs


def writes(captured: CaptureQueriesContext) -> list[str]:
    return [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    ]


def test_a_page_view_writes_nothing_about_the_session(ada: User) -> None:
    here = opened(ada)
    with CaptureQueriesContext(connection) as captured:
        for path in ("/account/", "/workspaces/", LIST):
            here.get(path)
    assert writes(captured) == []


def test_the_last_use_is_written_down_once_in_five_minutes(ada: User) -> None:
    here = opened(ada)
    age(here, timedelta(minutes=6))
    here.defaults.update(HTTP_USER_AGENT=SAFARI, REMOTE_ADDR="198.51.100.4")
    before = timezone.now()
    assert is_signed_in(here)
    used = tracked(here)
    assert used.last_seen_at >= before
    assert (used.user_agent, used.ip) == (SAFARI, "198.51.100.4")
    assert row_of(here).expire_date >= before + sessions.IDLE
    with CaptureQueriesContext(connection) as captured:
        assert is_signed_in(here)
    assert writes(captured) == []


def test_saving_a_session_does_not_count_as_its_last_use_alone(ada: User) -> None:
    """Otherwise a form every four minutes would keep the list from ever being right."""
    here = opened(ada)
    age(here, timedelta(minutes=4))
    confirm(here)
    age(here, timedelta(minutes=4))
    before = timezone.now()
    here.get("/account/")
    assert tracked(here).last_seen_at >= before


def test_a_session_that_nobody_wrote_down_is_found_within_minutes(
    ada: User, sign_in: Callable[[User], Browser]
) -> None:
    browser = sign_in(ada)
    assert not UserSession.objects.exists()
    age(browser, timedelta(minutes=6))
    browser.get("/account/")
    assert tracked(browser).user_id == ada.pk


def test_a_public_page_stays_one_that_looks_at_no_session(ada: User) -> None:
    here = opened(ada)
    age(here, timedelta(minutes=6))
    with CaptureQueriesContext(connection) as captured:
        answer = here.get("/")
    assert captured.captured_queries == []
    assert "Cookie" not in answer.get("Vary", "")
    assert "public" in answer["Cache-Control"]


@pytest.mark.parametrize("key", ["", "short", "k" * 400, "'; DROP TABLE x", "\x00" * 32])
def test_a_key_that_is_none_is_nobody(db: None, anonymous: Browser, key: str) -> None:
    anonymous.cookies["__Host-session"] = key
    assert not is_signed_in(anonymous)
