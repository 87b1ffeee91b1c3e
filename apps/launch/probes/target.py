"""What is probed, and by which way it is reached."""

import re
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from apps.launch.harmless import harmless

LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
SIDE = r"(?P<%s>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]*):(?P<%s>[^:\s]*)"
DETOUR = re.compile(f"{SIDE % ('here', 'from')}:{SIDE % ('there', 'to')}")
Address = tuple[str, int]  # a host or an IP address, and a port


class BadTarget(ValueError):
    """An option that cannot be read; its words say how it is written."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The running product at `url`, as --live and its companions describe it.

    `dns` is the name server to ask in place of the system's; `connect_to` leads connections
    elsewhere, by (host, port), where "" stands for any host and 0 for any port; `ca_file` holds
    the authorities to believe in place of the system's.
    """

    url: str
    dns: Address | None = None
    connect_to: dict[Address, Address] = field(default_factory=dict)
    ca_file: Path | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 443

    def way_to(self, host: str, port: int) -> Address | None:
        """Where a connection to (host, port) has to go by --connect-to; None for its own way."""
        for key in ((host, port), (host, 0), ("", port), ("", 0)):
            if key in self.connect_to:
                there, at = self.connect_to[key]
                return there or host, at or port
        return None


def live_url(text: str) -> str:
    """Take the address of the running product. Raises BadTarget."""
    wrong = BadTarget(
        f"--live takes an address such as https://portal.example.com, not {quoted(text)}"
    )
    # urlsplit drops tabs and line ends, and takes much that is no host.
    if not re.fullmatch(r"https://[^\s/?#@\\]+/?", text, re.IGNORECASE):
        raise wrong
    try:
        url = urlsplit(text)
        name, port = host(url.hostname or ""), url.port
    except ValueError:
        raise wrong from None
    spelled = f"[{name}]" if ":" in name else name
    return f"https://{spelled}" if port in {None, 443} else f"https://{spelled}:{port or 0}"


def name_server(text: str) -> Address:
    """Take IP:PORT, [IPv6]:PORT or an IP alone. Raises BadTarget."""
    address, port = split(text) if text.count(":") == 1 or "]:" in text else (text, "53")
    try:
        return str(ip_address(bare(address))), number(port) or 53
    except ValueError:
        raise BadTarget(
            f"--dns takes an address such as 127.0.0.1:5353, not {quoted(text)}"
        ) from None


def detour(text: str) -> tuple[Address, Address]:
    """Take HOST1:PORT1:HOST2:PORT2, as curl's --connect-to; blanks match any. Raises BadTarget."""
    try:
        found = DETOUR.fullmatch(text)
        if not found:
            raise ValueError
        here, there = (found[name] and host(bare(found[name])) for name in ("here", "there"))
        return (here, number(found["from"])), (there, number(found["to"]))
    except ValueError:
        raise BadTarget(
            "--connect-to takes HOST1:PORT1:HOST2:PORT2, such as :443:127.0.0.1:8443, "
            f"not {quoted(text)}"
        ) from None


def authorities(path: Path) -> Path:
    """Take a file of certificates in PEM. Raises BadTarget if none can be had from it."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise BadTarget(f"--ca-file: {quoted(str(path))} holds no certificate in PEM") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise BadTarget(f"--ca-file: {quoted(str(path))} cannot be read: {reason}") from None
    return path


def host(text: str) -> str:
    """Take a host name in any script, or an IP address; return it in ASCII. Raises ValueError."""
    try:
        return str(ip_address(text))
    except ValueError:
        name = text.rstrip(".").encode("idna").decode("ascii").lower()
    if not NAME.fullmatch(name):
        raise ValueError(text)
    return name


def split(text: str) -> tuple[str, str]:
    head, _, tail = text.rpartition(":")
    return head, tail


def bare(text: str) -> str:
    """An IPv6 address without its brackets."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def number(text: str) -> int:
    """Take a port, or 0 for none. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{0,5}", text):
        raise ValueError(text)
    port = int(text or 0)
    if port > 65535:
        raise ValueError(text)
    return port


def quoted(text: str) -> str:
    """What was typed, as it may be shown."""
    return harmless(text, 80) or "nothing"
