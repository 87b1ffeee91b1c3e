"""What several areas of checks ask of names and addresses, and how they say a list."""

from collections.abc import Sequence
from email.utils import parseaddr
from ipaddress import ip_address

# Names that are nobody's: RFC 2606 and RFC 6761.
RESERVED = (
    "example",
    "example.com",
    "example.net",
    "example.org",
    "invalid",
    "localhost",
    "test",
)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine; a path stands for a socket, and no host for libpq's own."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_public_name(host: str) -> bool:
    """Whether a host could be somebody's on the internet: a full name that is not reserved."""
    name = host.lower().rstrip(".")
    if "." not in name or is_address(name):
        return False
    return not any(name == each or name.endswith(f".{each}") for each in RESERVED)


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def mail_domain(sender: str) -> str:
    """The domain of a sender such as ``Name <hello@example.com>``."""
    return parseaddr(sender)[1].rpartition("@")[2]


def listed(items: Sequence[str], most: int = 5) -> str:
    """Say a list, the first few of it: "a, b and 3 more"."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most} more"
