"""Sessions: when they end, when they were last used, and which of a person's are open.

This module is SESSION_ENGINE. A session ends SESSION_COOKIE_AGE after the sign-in, whatever happens
in between, and IDLE after its last use (OWASP ASVS v5.0.0-7.3.1 and 7.3.2). Its row's expire_date
is the last use and IDLE, so that Django's own query finds no session that was left alone; that the
sign-in is too long ago, `load` finds in the data. Django's default moves the end on with each save.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.accounts.models import User

IDLE = timedelta(days=3)
# The last use is written down no more often than this, so that a page view costs no write.
PRECISION = timedelta(minutes=5)


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with ends that nothing moves."""

    seen_at: datetime | None = None

    def load(self) -> dict[str, Any]:
        alive = Session.objects.filter(expire_date__gt=timezone.now())
        row = alive.filter(session_key=self.session_key).first()
        data = self.decode(row.session_data) if row else {}
        if row is None or self.is_over(data):
            self._session_key = None
            return {}
        self.seen_at = row.expire_date - IDLE
        return data

    def is_over(self, data: dict[str, Any]) -> bool:
        """Whether the sign-in of a session with this data is too long ago."""
        return self.get_expiry_date(expiry=data.get("_session_expiry")) <= timezone.now()

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.expire_date = (self.seen_at or timezone.now()) + IDLE
        return row

    def set_expiry(self, value: object) -> None:
        """Leave the end where it is. Libraries ask for one that moves on with each save."""

    def begin(self) -> None:
        """Start the session's life, at a sign-in."""
        super().set_expiry(timedelta(seconds=settings.SESSION_COOKIE_AGE))
        self.seen_at = timezone.now()

    def is_due(self) -> bool:
        """Whether this use is to be written down. A session that nobody opened is left closed."""
        if self.seen_at is None or self.seen_at > timezone.now() - PRECISION:
            return False
        return SESSION_KEY in self

    def touch(self) -> None:
        """Write down that the session is in use; its data, which others may save now, stays."""
        self.seen_at = timezone.now()
        rows = Session.objects.filter(session_key=self.session_key)
        rows.update(expire_date=self.seen_at + IDLE)


class ActivityMiddleware:
    """Write down when, from where and by which browser a session was last used.

    It asks after the answer is made, and only about a session that was opened for it: a public
    page stays one that depends on no cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session = request.session
        if isinstance(session, SessionStore) and session.is_due() and request.user.is_authenticated:
            UserSession.objects.create_from_request(request)
            session.touch()
        return response


@receiver(user_logged_in)
def begin(request: HttpRequest, **kwargs: Any) -> None:
    if isinstance(request.session, SessionStore):
        request.session.begin()


def open_sessions(user: User) -> list[UserSession]:
    """A person's sessions that are still good, the last used first. Two queries."""
    known = {each.session_key: each for each in UserSession.objects.filter(user_id=user.pk)}
    rows = Session.objects.filter(session_key__in=known, expire_date__gt=timezone.now())
    good = [known[row.session_key] for row in rows if is_good(row, user)]
    return sorted(good, key=lambda each: each.last_seen_at, reverse=True)


def is_good(row: Session, user: User) -> bool:
    """Whether a session's row signs the person in: neither too old nor of a former password."""
    store = SessionStore(row.session_key)
    data = store.decode(row.session_data)
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    return data.get(HASH_SESSION_KEY) in hashes and not store.is_over(data)


@receiver([password_changed, password_set, password_reset])
def end_others(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """End every session of a person but the one that asks; it is dead at its next request."""
    others = UserSession.objects.filter(user_id=user.pk)
    for session in others.exclude(session_key=request.session.session_key or ""):
        session.end()


def purge() -> None:
    """Delete what is left of sessions that have ended."""
    SessionStore.clear_expired()
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(living)).delete()
