"""Where a request comes from: decided once, first of all, and read everywhere as REMOTE_ADDR.

Which rule decides is declared as CLIENT_ADDRESS_FROM and parsed in config/parsers.py. No other
module looks at X-Forwarded-For or its like, and django-allauth's and django-ratelimit's own
settings about proxies stay unset: both read REMOTE_ADDR, and take ``1.2.3.4:567`` for junk and
all of ``::ffff:0:0/96``, every IPv4 client of an IPv6 socket, for one address.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.middleware import HEALTH, GetResponse
from config.parsers import AddressRule

NOBODY = "0.0.0.0"  # noqa: S104  # no listener: the address of a connection that has none
LONGEST = 64  # characters of an entry: an IPv6 address with brackets, zone and port
# [2001:db8::1], [2001:db8::1]:443, 192.0.2.1:443, and addresses with neither.
SHAPE = re.compile(
    r"\[(?P<bracketed>[^][]*:[^][]*)\](:[0-9]{1,5})?|(?P<ported>[^][:]+):[0-9]{1,5}|[^][]+"
)
QUIET_SECONDS = 60.0

log = structlog.get_logger("slipway.client_address")


class Untold(Exception):
    """The declared place holds no address; the words say why, and nothing of what was sent."""


def normalised(text: str) -> str | None:
    """One spelling of an address: no port, bracket or zone, IPv4 as IPv4; None if it is none."""
    text = text.strip(" \t")
    shape = SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if shape is None:
        return None
    try:
        address = ip_address(shape["bracketed"] or shape["ported"] or text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or IPv6Address(int(address))  # without its zone
    return None if address.is_unspecified or address.is_multicast else str(address)


def told(rule: AddressRule, peer: str | None, meta: Mapping[str, Any]) -> str:
    """The client's address by the rule; `peer` is the connection's own. Raises Untold."""
    if not rule.has_proxy:
        if peer is None:
            raise Untold("the connection has no address")
        return peer
    if rule.nearby and peer is not None and ip_address(peer).is_global:
        raise Untold("the connection comes from the internet and not from a proxy nearby")
    sent = meta.get(f"HTTP_{rule.header.upper().replace('-', '_')}")
    if sent is None:
        raise Untold(f"there is no {rule.header}")
    # Lines of the same name arrive joined. Only the rightmost are the proxies'; what a client
    # sends along stands to the left of them, and is not even looked at.
    entries = sent.rsplit(",", rule.depth) if rule.depth else [sent]
    if len(entries) < rule.depth:
        raise Untold(f"{rule.header} has {len(entries)} of {rule.depth} entries")
    address = normalised(entries[-rule.depth] if rule.depth else sent)
    if address is None:
        raise Untold(f"what {rule.header} has there is no address")
    return address


class ClientAddressMiddleware:
    """Write the client's address into REMOTE_ADDR, before anything else asks for it.

    Where the rule finds none, the connection's own address stands in: all whom it hides are then
    limited together, which is safe. A line a minute says so, since it means a wrong setting or
    requests that go around the proxy; health checks, which often do, are not worth one.
    """

    def __init__(
        self, get_response: GetResponse, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.get_response, self.clock = get_response, clock
        self.rule: AddressRule = settings.CLIENT_ADDRESS_RULE
        self._lock = threading.Lock()
        self._untold, self._quiet_until = 0, float("-inf")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = normalised(request.META.get("REMOTE_ADDR", ""))
        try:
            address = told(self.rule, peer, request.META)
        except Untold as reason:
            address = peer or NOBODY
            if request.path_info not in HEALTH:
                self.complain(str(reason), address)
        request.META["REMOTE_ADDR"] = address
        return self.get_response(request)

    def complain(self, reason: str, address: str) -> None:
        """Say that an address was not told, and of how many requests since this was last said."""
        with self._lock:
            self._untold += 1
            if self.clock() < self._quiet_until:
                return
            times, self._untold = self._untold, 0
            self._quiet_until = self.clock() + QUIET_SECONDS
        log.warning(
            "client_address.missing",
            rule=self.rule.name,
            reason=reason,
            ip=address,
            times=times,
            advice="Set CLIENT_ADDRESS_FROM to what is in front: docs/operations.md",
        )
