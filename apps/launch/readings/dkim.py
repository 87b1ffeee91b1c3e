"""Reads the key of a DKIM selector (RFC 6376 §3.6.1, RFC 8301, RFC 8463)."""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from apps.launch.readings.tags import BadTags, tags

ED25519_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Key:
    """A selector's key. `trouble` says why receivers cannot use it; "" if they can."""

    kind: str = "rsa"  # rsa or ed25519
    bits: int = 0
    trouble: str = ""
    revoked: bool = False  # p= is empty
    testing: bool = False  # t=y: receivers must treat the mail as if it were not signed


def read(records: tuple[str, ...]) -> Key:
    """Read what stands at a selector, one or more records."""
    if len(records) != 1:
        return Key(trouble=f"there are {len(records)} records")
    try:
        found = tags(records[0])
    except BadTags as error:
        return Key(trouble=str(error))
    kind = found.get("k", "rsa").lower()
    testing = "y" in _listed(found.get("t", ""))
    if trouble := _trouble(found):
        return Key(kind=kind, trouble=trouble)
    if not found["p"]:
        return Key(kind=kind, revoked=True, testing=testing)
    bits = _bits(kind, "".join(found["p"].split()))
    return Key(
        kind=kind, bits=bits, testing=testing, trouble="" if bits else f"p= is no {kind} key"
    )


def _trouble(found: dict[str, str]) -> str:
    """What keeps receivers from using a key, apart from the key itself."""
    if "v" in found and (found["v"] != "DKIM1" or next(iter(found)) != "v"):
        return "it does not begin with v=DKIM1"
    if "p" not in found:
        return "it has no p="
    if "sha256" not in _listed(found.get("h", "sha256")):  # RFC 8301 §3.1
        return "h= leaves out sha256"
    return "" if {"*", "email"} & _listed(found.get("s", "*")) else "s= is not for mail"


def _listed(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(":")}


def _bits(kind: str, text: str) -> int:
    """How long a key is, 0 if it cannot be read."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return 0
    if kind == "ed25519":  # RFC 8463 §4.2: the key itself, without a wrapping
        return 256 if len(raw) == ED25519_BYTES else 0
    try:
        key = load_der_public_key(raw) if kind == "rsa" else None
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
