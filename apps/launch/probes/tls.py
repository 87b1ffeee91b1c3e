"""Shakes hands with every address of every name, and reads what certificates it is shown."""

import socket
import ssl
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from apps.launch.facts.tls import Certificate, Endpoint
from apps.launch.facts.unasked import Unasked, known
from apps.launch.probes.target import Address, Target

EE_KEY_TOO_SMALL = 66  # X509_V_ERR_EE_KEY_TOO_SMALL in x509_vfy.h
PATIENCE = 8.0  # seconds that all handshakes with one address may take together
OLD = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1}
EVERY_CIPHER = "ALL:@SECLEVEL=0"  # without it OpenSSL itself declines what is asked after
# How OpenSSL's reasons begin when the other side answered in TLS, with a no (sslerr.h).
NO = ("TLSV1", "SSLV3_ALERT")
# What it says when this side cannot speak the version at all.
MUTE = {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE"}

Addresses = Mapping[str, tuple[str, ...] | Unasked]


def port_of(target: Target, name: str) -> int:
    """The port for HTTPS of a name: --live may name one for its own host."""
    return target.port if name == target.host else 443


def ways(target: Target, addresses: Addresses, name: str, port: int) -> tuple[Address, ...]:
    """Where connections to (name, port) go: by --connect-to, else to all addresses in DNS.

    Raises Unasked where the name servers could not tell them, or have none.
    """
    if way := target.way_to(name, port):
        return (way,)
    if name not in addresses:
        raise Unasked(f"{name} is not among the names of the launch plan")
    if not (found := known(addresses[name])):
        raise Unasked(f"{name} has no address")
    return tuple((address, port) for address in found)


def trusting(target: Target) -> ssl.SSLContext:
    """A context that believes the target's authorities, or the system's.

    A name stands among the certificate's alternative names or nowhere (RFC 9525 §2); by default
    OpenSSL also takes the common name, which browsers have not done for years.
    """
    context = ssl.create_default_context(cafile=target.ca_file and str(target.ca_file))
    context.hostname_checks_common_name = False
    return context


def careless(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A context that takes any certificate, to see what is wrong with it; no secret goes there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(EVERY_CIPHER)
    if version:
        with warnings.catch_warnings():  # that the version is old is what is asked
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
    return context


def endpoint(target: Target, name: str, way: Address) -> Endpoint:
    """Ask one address for TLS under `name`. Raises OSError or Unasked where it cannot be told."""
    end = time.monotonic() + PATIENCE
    code, words = 0, ""
    try:
        version, chain = shake(trusting(target), name, way, end)
    except ssl.SSLCertVerificationError as error:
        code, words = error.verify_code, error.verify_message
        version, chain = shake(careless(), name, way, end)
    except ssl.SSLError as error:
        if refusal := refused(error, name, way, end):
            return Endpoint(refusal=refusal)
        # A server that has only what this OpenSSL declines by default still has to be told apart.
        version, chain = shake(careless(), name, way, end)
        code, words = code_of_declined(error), said(error)
    return Endpoint(
        code=code,
        words=words,
        version=version,
        chain=tuple(read(each) for each in chain),
        old_versions={old: accepts(number, name, way, end) for old, number in OLD.items()},
    )


def code_of_declined(error: ssl.SSLError) -> int:
    """OpenSSL's verify code for a handshake that it broke off for another reason, or -1."""
    return EE_KEY_TOO_SMALL if "KEY_TOO_SMALL" in (error.reason or "") else -1


def shake(
    context: ssl.SSLContext, name: str, way: Address, end: float
) -> tuple[str, tuple[bytes, ...]]:
    """Shake hands; return the version and the certificates as sent, in DER. Raises OSError."""
    with (
        socket.create_connection(way, timeout=left(end)) as plain,
        context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False) as secure,
    ):
        secure.settimeout(left(end))
        secure.do_handshake()
        return secure.version() or "", sent_chain(secure)


def left(end: float) -> float:
    """Seconds until `end`. Raises TimeoutError if there are none."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def sent_chain(secure: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates as the server sent them, its own first, in DER."""
    if hasattr(secure, "get_unverified_chain"):
        return tuple(secure.get_unverified_chain())
    # Python has had the same since 3.10, and made it public in 3.13.
    inner: Any = secure._sslobj  # type: ignore[attr-defined]
    return tuple(each.public_bytes(ssl._ssl.ENCODING_DER) for each in inner.get_unverified_chain())  # type: ignore[attr-defined]


def refused(error: ssl.SSLError, name: str, way: Address, end: float) -> str:
    """Why the server has no TLS for the name, in words; "" if it might. Raises Unasked, OSError."""
    reason = error.reason or ""
    if reason.startswith(NO):
        return f"it answered {said(error)}"
    if reason == "UNSUPPORTED_PROTOCOL":
        return "it speaks no TLS newer than 1.1"
    if "KEY_TOO_SMALL" in reason or "TOO_WEAK" in reason:
        return ""
    if speaks_http(name, way, end):
        return "it speaks plain HTTP where HTTPS is expected"
    raise Unasked(f"{name} answered with what is not TLS: {said(error)}")


def speaks_http(name: str, way: Address, end: float) -> bool:
    """Whether plain HTTP is answered where TLS was asked for."""
    with suppress(OSError), socket.create_connection(way, timeout=left(end)) as plain:
        plain.settimeout(left(end))
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        return plain.recv(5) == b"HTTP/"
    return False


def said(error: ssl.SSLError) -> str:
    """An error's reason in words: "tlsv1 alert protocol version"."""
    return (error.reason or type(error).__name__).replace("_", " ").lower()


def accepts(version: ssl.TLSVersion, name: str, way: Address, end: float) -> bool | Unasked:
    """Whether the server shakes hands in an old version, or why this machine cannot tell."""
    try:
        shake(careless(version), name, way, end)
    except TimeoutError:
        return Unasked(f"{name} did not answer in time")
    except ssl.SSLError as error:
        if error.reason in MUTE:
            return Unasked(f"this machine's OpenSSL cannot ask for {version.name}")
        return False
    except ValueError:
        return Unasked(f"this machine's OpenSSL cannot ask for {version.name}")
    except OSError:  # it hung up at the old version, after it had taken a newer one
        return False
    return True


def read(der: bytes) -> Certificate:
    """Read a certificate. Raises ValueError for bytes that are none."""
    certificate = x509.load_der_x509_certificate(der)
    key: Any = certificate.public_key()
    return Certificate(
        issuer=organisation(certificate.issuer),
        names=names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=type(key).__name__.removesuffix("PublicKey").removesuffix("Key").lstrip("_"),
        key_bits=getattr(key, "key_size", 256),
        self_issued=certificate.issuer == certificate.subject,
    )


def organisation(name: x509.Name) -> str:
    """A name's organisation, or its common name."""
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if found := name.get_attributes_for_oid(oid):
            return str(found[0].value)
    return ""


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names and addresses that a certificate is for."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    alternatives = extension.value
    return (
        *alternatives.get_values_for_type(x509.DNSName),
        *(str(each) for each in alternatives.get_values_for_type(x509.IPAddress)),
    )
