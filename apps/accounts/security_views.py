"""The pages about how a person signs in that django-allauth lacks: the overview, the sessions."""

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.accounts import sessions
from apps.accounts.devices import describe
from apps.core.access import Plane, access
from apps.core.http import SignedInRequest

Type = Authenticator.Type
FEW_CODES = 3


@access(Plane.ACCOUNT)
def security(request: SignedInRequest) -> HttpResponse:
    """Show all that a person signs in with, and where they are signed in."""
    mine = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("created_at"))
    single = {each.type: each for each in mine if each.type != Type.WEBAUTHN}
    codes = single.get(Type.RECOVERY_CODES)
    left = len(codes.wrap().get_unused_codes()) if codes else 0
    context = {
        "app": single.get(Type.TOTP),
        "passkeys": [each for each in mine if each.type == Type.WEBAUTHN],
        "codes": codes,
        "codes_left": left,
        "few_codes": codes is not None and left <= FEW_CODES,
        "session_count": len(sessions.open_sessions(request.user)),
    }
    return render(request, "mfa/index.html", context)


@access(Plane.ACCOUNT)
def session_list(request: SignedInRequest) -> HttpResponse:
    """Show where a person is signed in."""
    own = request.session.session_key
    rows = [
        {
            "session": each,
            "device": describe(each.user_agent),
            "is_this": each.session_key == own,
        }
        for each in sessions.open_sessions(request.user)
    ]
    rows.sort(key=lambda row: not row["is_this"])
    context = {
        "rows": rows,
        "idle_days": sessions.IDLE.days,
        "lifetime_days": settings.SESSION_COOKIE_AGE // 86400,
    }
    return render(request, "usersessions/usersession_list.html", context)


@access(Plane.ACCOUNT, "GET", "POST")
@reauthentication_required
def session_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """End one of a person's sessions, after a question; this one ends by signing out."""
    session = get_object_or_404(UserSession.objects.filter(user_id=request.user.pk), pk=pk)
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    device = describe(session.user_agent)
    if request.method == "POST":
        session.end()
        messages.success(request, f"{device} is signed out.")
        return redirect("usersessions_list")
    context = {"session": session, "device": device}
    return render(request, "usersessions/session_delete.html", context)


@access(Plane.ACCOUNT, "GET", "POST")
@reauthentication_required
def other_sessions_delete(request: SignedInRequest) -> HttpResponse:
    """End all of a person's sessions but this one, after a question."""
    if request.method == "POST":
        sessions.end_others(request=request, user=request.user)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("usersessions_list")
    return render(request, "usersessions/other_sessions_delete.html")
