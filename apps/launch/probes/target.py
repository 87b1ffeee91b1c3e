"""What is probed, and by which way it is reached."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

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
    url = urlsplit(text)
    if (
        url.scheme != "https"
        or not url.hostname
        or url.path.strip("/")
        or url.query
        or url.username
    ):
        raise BadTarget(f"--live takes an address such as https://portal.example.com, not {text}")
    return f"https://{url.netloc.lower()}"


def name_server(text: str) -> Address:
    """Take IP:PORT, [IPv6]:PORT or an IP alone. Raises BadTarget."""
    address, port = split(text) if text.count(":") == 1 or "]:" in text else (text, "53")
    try:
        return str(ip_address(address.strip("[]"))), number(port) or 53
    except ValueError:
        raise BadTarget(f"--dns takes an address such as 127.0.0.1:5353, not {text}") from None


def detour(text: str) -> tuple[Address, Address]:
    """Take HOST1:PORT1:HOST2:PORT2, as curl's --connect-to; blanks match any. Raises BadTarget."""
    parts = text.rsplit(":", 2)
    try:
        host, port = parts[0].rsplit(":", 1)
        return (host.lower(), number(port)), (parts[1].strip("[]"), number(parts[2]))
    except (ValueError, IndexError):
        raise BadTarget(
            f"--connect-to takes HOST1:PORT1:HOST2:PORT2, such as :443:127.0.0.1:8443, not {text}"
        ) from None


def split(text: str) -> tuple[str, str]:
    head, _, tail = text.rpartition(":")
    return head, tail


def number(text: str) -> int:
    """Take a port, or 0 for none. Raises ValueError."""
    port = int(text or 0)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port
