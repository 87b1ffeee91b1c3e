"""How a variable's text becomes its value; which variables there are stands in config/env.py.

Each parser takes the text, returns the value and raises ValueError with a reason. The reason is
printed, so that a secret's never quotes the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
LOCAL_PART = re.compile(r"[^\s@<>(),;:\\\"\[\]*]+")


@dataclass(frozen=True)
class Smtp:
    """Where mail is handed over, in the words of Django's SMTP backend."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    use_tls: bool
    use_ssl: bool


@dataclass(frozen=True)
class AddressRule:
    """Where a client's address is read, in place of the connection's own: one rule, declared once.

    `header` is blank for the connection itself. `depth` counts a list's entries from the right,
    one for each proxy in front; 0 takes the header for a single address. `nearby` believes the
    header only if the connection came from this machine or its private network.
    """

    name: str
    header: str = ""
    depth: int = 0
    nearby: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def has_proxy(self) -> bool:
        """Whether somebody in front is trusted to say what the connection does not."""
        return bool(self.header)


FORWARDED = "X-Forwarded-For"
ADDRESS_RULES = {
    rule.name: rule
    for rule in (
        # The router appends the address that it was connected from.
        AddressRule("heroku", FORWARDED, 1),
        # Cloudflare appends the client's, then Render's own proxy appends Cloudflare's.
        AddressRule("render", FORWARDED, 2),
        # Cloudflare writes it anew; whoever can reach the origin past Cloudflare can forge it.
        AddressRule("cloudflare", "CF-Connecting-IP"),
        # nginx, Caddy or the like on this machine or next to it.
        AddressRule("host", FORWARDED, 1, nearby=True),
        AddressRule("socket"),
    )
}


# By provider: what proves that a report of mail is its own, as a pattern and in words.
PASSWORD = (
    re.compile(r"[^:\s]+:[^:\s]{32,}"),
    "user:password, the password of 32 characters or more without a colon",
)
REPORT_SECRETS = {
    "brevo": PASSWORD,
    "mailgun": (re.compile(r"\S{32,}"), "the HTTP webhook signing key, 32 characters or more"),
    "postmark": PASSWORD,
    "resend": (re.compile(r"whsec_[A-Za-z0-9+/]{32,}={0,2}"), "the signing secret, whsec_ first"),
    "sendgrid": (re.compile(r"[A-Za-z0-9+/]{100,}={0,2}"), "the verification key, in one line"),
    "ses": (
        re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?"),
        "the SNS topic's ARN, arn:aws:sns:REGION:ACCOUNT:NAME",
    ),
}


def text(value: str) -> str:
    return value


def number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(value)


def port(value: str) -> int:
    if number(value) > 65535:
        raise ValueError("must be a port, 1 to 65535")
    return int(value)


def header_or_none(value: str) -> str:
    """Take a header's name, or `none`, which is blank."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,60}", value):
        raise ValueError("must be a header's name, such as X-Release, or none")
    return "" if value.lower() == "none" else value


def pool_size(value: str) -> int:
    """Take a size of at least 2: a job renews its lease beside the connection that it works on."""
    if number(value) < 2:
        raise ValueError("must be at least 2")
    return int(value)


def words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return parse


def random_text(value: str, length: int) -> str:
    """Refuse what can be guessed: too short, of few different characters, or an example."""
    if len(value) < length or len(set(value)) < 10:
        raise ValueError(f"must be at least {length} random characters")
    if value.lower().startswith(("django-insecure-", "example", "change", "secret", "your-")):
        raise ValueError("is an example; make one of your own")
    return value


def secret(value: str) -> str:
    return random_text(value, 50)


def secrets(value: str) -> list[str]:
    return [secret(word) for word in words(value)]


def token(value: str) -> str:
    return random_text(value, 32)


def sender(value: str) -> str:
    """Take one address, with or without a name: ``Slipway <hello@mail.example.com>``."""
    address = parseaddr(value)[1]
    local, _, domain = address.rpartition("@")
    if not local or not HOST_NAME.fullmatch(domain) or any(c.isspace() for c in address):
        raise ValueError("must be an address, such as Name <hello@mail.example.com>")
    if "\n" in value or "\r" in value:
        raise ValueError("must be one line")
    return value


def domains(value: str) -> list[str]:
    """Take exact domains, in small letters."""
    found = [word.lower() for word in words(value)]
    for word in found:
        if not HOST_NAME.fullmatch(word) or "." not in word:
            raise ValueError(f"has {word}, which is no domain such as mail.example.com")
    return found


def allowlist(value: str) -> list[str]:
    """Take whom mail may go to: addresses, and domains as ``@example.com``, in small letters."""
    found = [word.lower() for word in words(value)]
    for word in found:
        local, _, domain = word.rpartition("@")
        if not HOST_NAME.fullmatch(domain) or (local and not LOCAL_PART.fullmatch(local)):
            raise ValueError(
                f"has {word}, which is neither an address nor a domain such as @example.com"
            )
        if "@" not in word:
            raise ValueError(f"has {word}: a domain is written @{word}")
    if not found:
        raise ValueError("names nobody")
    return found


def split(value: str) -> SplitResult:
    """Split an address. What urllib says of a bad one may quote its password, so it is not told."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        raise ValueError(
            "is not an address that can be read; percent-encode what is special in its password"
        ) from None
    return url


def site_url(value: str) -> str:
    """Take an origin such as ``https://app.example.com``; plain HTTP is for loopback alone.

    It comes back as browsers write it in the Origin header: small letters, no usual port.
    """
    url = split(value)
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname or ""
    beyond = (url.path.strip("/"), url.query, url.fragment, url.username, url.password)
    if any(beyond) or not HOST_NAME.fullmatch(host):
        raise ValueError("must be an origin, such as https://app.example.com, with no path")
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise ValueError("must start with https://")
    usual = url.port in {None, {"https": 443, "http": 80}[url.scheme]}
    return f"{url.scheme}://{host}" if usual else f"{url.scheme}://{host}:{url.port}"


def origins(value: str) -> list[str]:
    """Take exact origins over HTTPS, as browsers write them."""
    found = local_origins(value)
    for origin in found:
        if not origin.startswith("https://"):
            raise ValueError(f"has {origin}, which must start with https://")
    return found


def local_origins(value: str) -> list[str]:
    """Take exact origins, those of loopback over plain HTTP among them."""
    return [site_url(word) for word in words(value)]


def client_address(value: str) -> AddressRule:
    """Take a preset's name, ``depth:2`` or ``header:True-Client-IP``."""
    if value in ADDRESS_RULES:
        return ADDRESS_RULES[value]
    if re.fullmatch(r"depth:[1-9]", value):
        return AddressRule(value, FORWARDED, int(value[-1]))
    # No underscore: gunicorn drops such headers, since they could pass for one with a hyphen.
    if re.fullmatch(r"header:[A-Za-z0-9-]{1,64}", value):
        return AddressRule(value, value.partition(":")[2])
    presets = ", ".join(ADDRESS_RULES)
    raise ValueError(f"must be one of {presets}, or depth:1 to depth:9, or header:NAME")


def hosts(value: str) -> list[str]:
    """Take exact host names: a wildcard would let anyone's name into links in mail."""
    names = words(value)
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(f"{name} is not an exact host name")
    return names


def database_url(value: str) -> str:
    url = split(value)
    if url.scheme not in {"postgres", "postgresql"}:
        raise ValueError("must start with postgresql://")
    if not url.path.strip("/"):
        raise ValueError("must end with the database's name")
    return value


def redis_url(value: str) -> str:
    url = split(value)
    if url.scheme not in {"redis", "rediss"} or not url.hostname:
        raise ValueError("must start with redis:// or rediss:// and name a host")
    return value


def backup_url(value: str) -> str:
    """Take s3://bucket/prefix or file:///folder, without anything secret in it."""
    url = split(value)
    in_folder = url.scheme == "file" and not url.netloc and len(url.path) > 1
    if not (is_bucket(url, key="BACKUP_ACCESS_KEY") or in_folder):
        raise ValueError("must be s3://bucket/prefix or file:///folder")
    return value.rstrip("/")


def files_url(value: str) -> str:
    """Take s3://bucket/prefix, without anything secret in it; a folder is FILES_ROOT's."""
    if not is_bucket(split(value), key="FILES_ACCESS_KEY"):
        raise ValueError("must be s3://bucket/prefix; a folder is what FILES_ROOT names")
    return value.rstrip("/")


def is_bucket(url: SplitResult, *, key: str) -> bool:
    """Whether an address names a bucket. Raises ValueError for one with more than its place."""
    if url.username or url.password or url.query or url.fragment:
        raise ValueError(f"takes bucket and prefix alone; the key is {key}")
    return url.scheme == "s3" and bool(url.hostname)


def age_recipients(value: str) -> list[str]:
    """Take public age keys, and refuse a private one by name: it must not be on the platform."""
    if "AGE-SECRET-KEY" in value.upper():
        raise ValueError("has a private key; it takes the public ones, which begin with age1")
    keys = words(value)
    for key in keys:
        if not re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", key):
            raise ValueError("must be public age keys, which are age1 and 58 more characters")
    return keys


def smtp_url(value: str) -> Smtp:
    """Take smtp+tls:// (STARTTLS) or smtps:// (TLS); plain smtp:// is for loopback alone."""
    url = split(value)
    if url.scheme not in {"smtp", "smtp+tls", "smtps"} or not url.hostname:
        raise ValueError("must start with smtp+tls:// or smtps:// and name a host")
    if url.scheme == "smtp" and url.hostname not in LOOPBACK:
        raise ValueError("would send passwords in clear; use smtp+tls:// or smtps://")
    if url.path.strip("/") or url.query or url.fragment:
        raise ValueError(
            "takes nothing after the port; percent-encode what is special in its password"
        )
    return Smtp(
        host=url.hostname,
        port=url.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[url.scheme],
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        use_tls=url.scheme == "smtp+tls",
        use_ssl=url.scheme == "smtps",
    )


def sentry_dsn(value: str) -> str:
    url = split(value)
    secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    if not (secure and url.username and url.hostname and url.path.rpartition("/")[2].isdigit()):
        raise ValueError("must be the DSN that Sentry shows: https://key@host/number")
    return value
