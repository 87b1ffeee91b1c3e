"""How a secret looks in a text: by its format, in an address, or under a name that calls it one.

Formats and names are detect-secrets', used as a library: only its expressions run, so that nothing
is asked over a network. Added is what it does not know.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from detect_secrets.filters import heuristic
from detect_secrets.plugins import keyword
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector
from detect_secrets.util.filetype import determine_file_type

from apps.launch.checks.words import is_address, is_loopback, is_public_name

# A longer line was not written by a person, and expressions would take their time over it.
LONGEST_LINE = 2000


class Newer(RegexBasedDetector):
    """Formats that came after detect-secrets 1.5, or that it leaves out."""

    secret_type = "Provider Token"  # noqa: S105  # the name of a kind
    denylist = (
        re.compile(r"github_pat_[A-Za-z0-9_]{36,}"),
        re.compile(r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
        re.compile(r"whsec_[A-Za-z0-9+/=]{24,}"),
        re.compile(r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}"),
        re.compile(r"AIza[0-9A-Za-z_-]{35}"),
        re.compile(r"GOCSPX-[A-Za-z0-9_-]{28}"),
        re.compile(r"sk-(?:proj|ant|svcacct)-[A-Za-z0-9_-]{32,}"),
        re.compile(r"rnd_[A-Za-z0-9]{28,}"),
        re.compile(r"HRKU-[A-Za-z0-9_-]{36,}"),
        re.compile(r"dop_v1_[a-f0-9]{64}"),
        re.compile(r"BEGIN ENCRYPTED[ ]PRIVATE KEY"),
    )


FORMATS: tuple[RegexBasedDetector, ...] = (
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    DiscordBotTokenDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    JwtTokenDetector(),
    MailchimpDetector(),
    Newer(),
    NpmDetector(),
    OpenAIDetector(),
    PrivateKeyDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)
# Whatever the keyword plugin finds has one of its words in the line.
TELLING = re.compile(f"{'|'.join(keyword.DENYLIST)}|token|access_?key")
# detect-secrets' own needs a user, which Redis' addresses lack, and a password without !, & or *.
ADDRESS = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s:/?#@'\"<>`]*):(?P<password>[^\s@/'\"<>`]{3,200})"
    r"@(?P<host>\[[0-9a-f:.]+\]|[^\s:/?#'\"<>`@\\]+)"
)
# Tokens, which the plugin leaves out, in quotes; and anything telling as a shell writes it.
QUOTED = re.compile(
    r"(?i)[\w-]*(?:token|access_?key)[\w-]*['\"\]]{0,2}[ \t]*[:=][ \t]*['\"]([^\s'\"]{16,200})['\"]"
)
ASSIGNED = re.compile(
    r"\b[A-Z0-9_]*(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)[A-Z0-9_]*"
    r"[ \t]*[:=][ \t]*([^\s'\"`]{8,200})"
)
PLACEHOLDER = re.compile(
    r"(?i)(example|change|your[-_ ]|placeholder|<|\{|\$|%|\*|x{3}|\.\.\.)"
    r"|(password|passwd|pass|pw|secret|token|key|user|username|postgres|redis|root|admin)$"
)
WORDS = re.compile(r"[A-Za-z]+([\s./:_,'-]+[A-Za-z]+)*[.:,!]?")
CODE = re.compile(r"[\w.]*[(\[]|[a-z_]+(\.[a-z_]+)+$|--|/[a-z]|\d+/[a-z]|scrypt:[0-9a-f]{16}$")


class Hit(NamedTuple):
    """A secret in a line, counted from 1; the value is for excuses alone and is never shown."""

    line: int
    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Hit(line={self.line}, kind={self.kind!r})"


def hits(text: str, path: str) -> list[Hit]:
    """Every secret in a file's text; by `path` a file's kind is known, which it need not have."""
    return sorted({*names(text, path), *addresses(text), *formats(text)})


def formats(text: str) -> Iterator[Hit]:
    """What has the format of some provider's key. A whole text at once: it is ten times quicker."""
    for plugin in FORMATS:
        for expression in plugin.denylist:
            for match in expression.finditer(text):
                value = next((each for each in match.groups() if each), match[0])
                line = whole_line(text, match.start())
                if len(line) <= LONGEST_LINE and not heuristic.is_sequential_string(value):
                    yield Hit(number_of(text, match.start()), plugin.secret_type, match[0])


def addresses(text: str) -> Iterator[Hit]:
    """Passwords in addresses, but for placeholders and hosts that nobody else can reach."""
    if "://" not in text:
        return
    for match in ADDRESS.finditer(text):
        host, password = match["host"].rstrip(".,;)"), match["password"]
        reserved = "." in host and not is_address(host) and not is_public_name(host)
        if is_loopback(host) or reserved or password == match["user"]:
            continue
        if not PLACEHOLDER.match(password):
            yield Hit(number_of(text, match.start()), "Password in an Address", password)


def names(text: str, path: str) -> Iterator[Hit]:
    """What stands under a telling name and is random enough to be a secret."""
    lowered, at = text.lower(), -1
    for sign in TELLING.finditer(lowered):
        if sign.start() < at:
            continue
        line, at = whole_line(text, sign.start()), lowered.find("\n", sign.start())
        at = len(text) if at < 0 else at
        if len(line) > LONGEST_LINE or heuristic.is_indirect_reference(line):
            continue
        for value in sorted(under_names(line, path)):
            if is_random(value):
                yield Hit(number_of(text, sign.start()), "Secret by its Name", value)


def under_names(line: str, path: str) -> set[str]:
    """The values that stand under a telling name in a line."""
    regexes = keyword.REGEX_BY_FILETYPE.get(
        determine_file_type(path), keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP
    )
    # The plugin itself stops at the first of a line.
    values = {match[group] for each, group in regexes.items() for match in each.finditer(line)}
    for expression in (QUOTED, ASSIGNED):
        values.update(expression.findall(line))
    return {value.strip().rstrip(",;") for value in values}


@cache
def is_random(value: str) -> bool:
    """Whether a value is no placeholder, name, sentence or code, but what could be a secret.

    Words alone are none, or every message about passwords would be; so `PASSWORD = "sunshine"`
    is not found.
    """
    if len(value) < 6 or PLACEHOLDER.match(value) or CODE.match(value) or " " in value:
        return False
    if heuristic.is_sequential_string(value) or WORDS.fullmatch(value):
        return len(value) >= 24 and value.isalpha() and entropy(value) > 4
    has_digit, has_letter = any(c.isdigit() for c in value), any(c.isalpha() for c in value)
    return has_digit and has_letter


def entropy(value: str) -> float:
    """Shannon's, in bits for each character."""
    shares = [value.count(each) / len(value) for each in set(value)]
    return -sum(share * math.log2(share) for share in shares)


def whole_line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : len(text) if end < 0 else end]


def number_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
