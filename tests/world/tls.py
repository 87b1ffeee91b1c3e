"""An authority of our own, certificates with every fault, and contexts to serve them."""

import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Issued:
    """A certificate with its key, and the certificates that it is handed out with."""

    def __init__(self, key: Any, chain: Sequence[x509.Certificate]) -> None:
        self.key, self.chain = key, tuple(chain)

    def pem(self) -> bytes:
        """Key and chain in one, as nginx and Python take them."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return b"".join([key, *(each.public_bytes(Encoding.PEM) for each in self.chain)])

    def context(self, *, oldest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """A server's context; `oldest` lets it speak versions that are out of date."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Weak keys have to be served too.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = oldest or ssl.TLSVersion.TLSv1_2
        with TemporaryDirectory() as folder:
            path = Path(folder) / "certificate.pem"
            path.write_bytes(self.pem())
            context.load_cert_chain(path)
        return context


class Authority:
    """A root, and an intermediate that issues; whoever believes the root's PEM believes both."""

    def __init__(self, organisation: str = "Loopback Trust") -> None:
        self.organisation = organisation
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), new_key()
        root, middle = self._name("Root"), self._name("Intermediate")
        self.root = certificate(root, root, root_key.public_key(), root_key, authority=True)
        self.intermediate = certificate(
            middle, root, self._key.public_key(), root_key, authority=True
        )

    def _name(self, common: str) -> x509.Name:
        return named(common, self.organisation)

    def write(self, path: Path) -> Path:
        """Write the root, for --ca-file."""
        path.write_bytes(self.root.public_bytes(Encoding.PEM))
        return path

    def issue(
        self,
        *names: str,
        common: str = "",
        begins: datetime | None = None,
        ends: datetime | None = None,
        bits: int = 0,
        complete: bool = True,
    ) -> Issued:
        """Issue a certificate for names; sound unless told otherwise.

        With `bits` its key is an RSA one of that size; without `complete` it is handed out alone.
        """
        key = rsa.generate_private_key(65537, bits) if bits else new_key()
        issued = certificate(
            named(common) if common else x509.Name([]),
            self.intermediate.subject,
            key.public_key(),
            self._key,
            names=names,
            begins=begins,
            ends=ends,
        )
        return Issued(key, [issued, self.intermediate] if complete else [issued])


def self_signed(*names: str) -> Issued:
    """A certificate that only vouches for itself."""
    key, name = new_key(), named(names[0])
    return Issued(key, [certificate(name, name, key.public_key(), key, names=names)])


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def named(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: Any,
    signed_by: Any,
    *,
    names: Sequence[str] = (),
    begins: datetime | None = None,
    ends: datetime | None = None,
    authority: bool = False,
) -> x509.Certificate:
    """Sign a certificate; by default it began yesterday and ends in 90 days."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or now - DAY)
        .not_valid_after(ends or now + 89 * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()),
            critical=False,
        )
    )
    if names:
        alternatives = x509.SubjectAlternativeName([alternative(name) for name in names])
        # RFC 5280 §4.2.1.6: without a subject it has to be critical.
        builder = builder.add_extension(alternatives, critical=not subject.rdns)
    return builder.sign(signed_by, SHA256())


def alternative(name: str) -> x509.GeneralName:
    """A name or an address, as certificates list it."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
