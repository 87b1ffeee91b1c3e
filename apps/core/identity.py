"""Who a request is counted as: its address, and the account that it is about."""

import json
import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.core import familiar


def plain(email: str) -> str:
    """One spelling for all that may be taken for the same e-mail address, or look like it.

    Upper case comes before case folding for the dotless i, which some databases take for an i.
    """
    normal = unicodedata.normalize("NFKC", email[:1000])
    visible = "".join(letter for letter in normal if unicodedata.category(letter)[0] not in "ZC")
    return unicodedata.normalize("NFKC", visible.upper().casefold())


def fingerprint(email: str) -> str:
    """Twelve hex digits that stand for an address in logs; who has not SECRET_KEY cannot guess."""
    return salted_hmac("slipway.signin", plain(email), algorithm="sha256").hexdigest()[:12]


def key_of(account: str) -> str:
    """What stands for an account, by e-mail address or number, in the cache; "" for nobody's."""
    return salted_hmac("slipway.limits", account, algorithm="sha256").hexdigest() if account else ""


def typed(request: HttpRequest, field: str) -> str:
    """The e-mail address that a field of a form, or of a JSON body, names; "" for none."""
    if not (request.content_type or "").endswith("json"):
        return plain(request.POST.get(field, ""))
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return ""
    said = body.get(field) if isinstance(body, dict) else None
    return plain(said) if isinstance(said, str) else ""


def halfway_in(request: HttpRequest) -> str:
    """Whose password was right, and whose second step django-allauth waits for."""
    pending = request.session.get("account_login")
    return str(pending.get("user_pk") or "") if isinstance(pending, dict) else ""


def signed_in(request: HttpRequest) -> str:
    """Who is signed in."""
    user = request.user
    return str(user.pk) if user.is_authenticated else ""


def address_of(request: HttpRequest) -> str:
    """The client's address; of an IPv6 one the /64, of which a single line has all."""
    sent: str = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(sent)
    except ValueError:
        return sent
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return sent


def client_of(request: HttpRequest, email: str) -> str:
    """Who tries an account: a browser or a place that it knows, else the address."""
    place = address_of(request)
    return familiar.mark_of(request, key_of(plain(email)), place) or place


def welcome(request: HttpRequest, email: str) -> None:
    """From now on take the request's browser and address for known to this person's account."""
    familiar.remember(request, key_of(plain(email)), address_of(request))
