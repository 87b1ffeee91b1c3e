"""What a mail server's answer means: for now or for good, and whose fault it is.

RFC 5321 gives the three digits, RFC 3463 the enhanced code after them (5.1.1), and the registry of
RFC 5248 the meanings. Nothing is sent from here.
"""

import re
import smtplib
from dataclasses import dataclass

ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# There is no such mailbox: unknown, no such domain, no address at all, moved away, takes no mail.
# Not 5.1.0, 5.1.7 and 5.1.8, which servers say of the sender, too; nor 5.2.1, which is also said to
# a mailbox that gets too much at once; nor 5.7.1, which is policy; nor a bare 550, which is any.
NO_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
# Signing in failed, is asked for, or does not suffice for this sender: our settings can be mended.
OURS = {"5.7.8", "5.7.9", "5.7.11", "5.7.13", "5.7.14", "5.7.60"}


@dataclass(frozen=True)
class Reply:
    """A refusal: the digits, the words after them, and whether our own settings are at fault."""

    code: int
    words: str
    is_ours: bool = False

    @property
    def enhanced(self) -> str:
        """The enhanced code that the words begin with, or nothing."""
        found = ENHANCED.match(self.words)
        return found[1] if found else ""

    @property
    def is_final(self) -> bool:
        """Whether trying again is of no use."""
        return 500 <= self.code < 600 and not self.is_ours

    @property
    def means_no_mailbox(self) -> bool:
        """Whether it says for good that the recipient's mailbox is not there."""
        return self.is_final and self.enhanced in NO_MAILBOX

    def __str__(self) -> str:
        return f"{self.code} {self.words}".strip()[:500]


def reply_of(error: Exception) -> Reply | None:
    """The server's answer in what smtplib or the system raised; None if it gave none.

    A refused sender, password or greeting is a matter of our settings whatever its digits say.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return reply(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPDataError):
        return reply(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return reply(error.smtp_code, error.smtp_error, is_ours=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Reply(0, str(error), is_ours=True)
    return None


def reply(code: int, said: bytes | str, *, is_ours: bool = False) -> Reply:
    """What a server said, as a Reply."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    found = Reply(code, words)
    return Reply(code, words, is_ours or found.enhanced in OURS or code in {530, 534, 535, 538})
