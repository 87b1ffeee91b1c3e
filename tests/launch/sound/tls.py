"""Certificates of a launch that has nothing wrong with them."""

from datetime import UTC, datetime

from apps.launch.facts.tls import Certificate, Endpoint, Tls

CERTIFICATE = Certificate(
    issuer="Let's Encrypt",
    names=("harbourside.co", "*.harbourside.co"),
    not_before=datetime(2026, 11, 1, tzinfo=UTC),
    not_after=datetime(2027, 1, 30, tzinfo=UTC),
    key="EC",
    key_bits=256,
    self_issued=False,
)
ENDPOINT = Endpoint(
    version="TLSv1.3",
    chain=(CERTIFICATE, CERTIFICATE),
    old_versions={"TLSv1": False, "TLSv1.1": False},
)
TLS = Tls(
    endpoints={
        "portal.harbourside.co": {"203.0.113.7": ENDPOINT, "2001:db8::7": ENDPOINT},
        "harbourside.co": {"203.0.113.7": ENDPOINT},
        "www.harbourside.co": {"203.0.113.7": ENDPOINT},
        "harbourside.onrender.com": {"203.0.113.9": ENDPOINT},
        "files.portal.harbourside.co": {"203.0.113.8": ENDPOINT},
    }
)
