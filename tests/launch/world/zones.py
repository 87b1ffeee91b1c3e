"""What DNS says of Harbourside, of those it relies on, and of the zones above."""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = "127.0.0.1"
SIGNED = f"12345 13 2 {'ab' * 32}"
NAMES = (
    "portal.harbourside.co",
    "harbourside.co",
    "www.harbourside.co",
    "harbourside.onrender.com",
    "status.harbourside.co",
)


def soa(zone: str) -> list[str]:
    """The record that begins a zone."""
    return [f"ns1.{zone}. hostmaster.{zone}. 2026112801 7200 900 1209600 300"]


def dkim(bits: int = 2048) -> str:
    """A record with a new RSA key of that size."""
    public = rsa.generate_private_key(65537, bits).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(der).decode()}"


def zones() -> dict[tuple[str, str], list[str]]:
    """All records, by name and type."""
    return {
        **{(zone, "SOA"): soa(zone) for zone in ("co", "com", "net")},
        ("harbourside.co", "SOA"): soa("harbourside.co"),
        ("harbourside.co", "NS"): ["ns1.desec.net.", "ns2.desec.net."],
        ("harbourside.co", "DS"): [SIGNED],
        ("harbourside.co", "CAA"): [
            '0 issue "letsencrypt.org"',
            '0 iodef "mailto:security@harbourside.co"',
        ],
        ("harbourside.co", "A"): [HERE],
        ("harbourside.co", "MX"): ["10 mx.harbourside.co."],
        ("harbourside.co", "TXT"): ["v=spf1 include:spf.postmark.net -all"],
        ("_dmarc.harbourside.co", "TXT"): ["v=DMARC1; p=reject; rua=mailto:dmarc@harbourside.co"],
        ("www.harbourside.co", "CNAME"): ["harbourside.co."],
        ("portal.harbourside.co", "CNAME"): ["harbourside.onrender.com."],
        ("status.harbourside.co", "A"): [HERE],
        ("mx.harbourside.co", "A"): [HERE],
        ("smtp.harbourside.co", "A"): [HERE],
        ("mail.harbourside.co", "A"): [HERE],
        ("mail.harbourside.co", "MX"): ["10 mx.harbourside.co."],
        ("mail.harbourside.co", "TXT"): ["v=spf1 include:spf.postmark.net -all"],
        ("pm._domainkey.mail.harbourside.co", "TXT"): [dkim()],
        ("postmark.net", "SOA"): soa("postmark.net"),
        ("spf.postmark.net", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"],
        ("desec.net", "SOA"): soa("desec.net"),
        ("ns1.desec.net", "A"): [HERE],
        ("ns2.desec.net", "A"): [HERE],
        ("onrender.com", "SOA"): soa("onrender.com"),
        ("onrender.com", "NS"): ["ns1.onrender.com.", "ns2.onrender.com."],
        ("onrender.com", "DS"): [SIGNED],
        ("harbourside.onrender.com", "A"): [HERE],
    }
