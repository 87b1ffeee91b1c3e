"""What a mail server's answers mean; the codes are those of RFC 3463 and of servers' own pages."""

import smtplib

import pytest

from apps.mail.replies import reply, reply_of


@pytest.mark.parametrize(
    "words",
    [
        "5.1.1 The email account that you tried to reach does not exist",
        "5.1.1 <ada@example.com>: Recipient address rejected: User unknown",
        "5.1.2 Bad destination system address",
        "5.1.3 Bad destination mailbox address syntax",
        "5.1.6 Destination mailbox has moved",
        "5.1.10 Recipient address has null MX",
    ],
)
def test_a_mailbox_that_is_not_there_is_known_by_its_enhanced_code(words: str) -> None:
    said = reply(550, words.encode())
    assert said.is_final
    assert said.means_no_mailbox


@pytest.mark.parametrize(
    "words",
    [
        "5.7.1 Message rejected due to local policy",
        "5.7.26 This mail has been blocked because the sender is unauthenticated",
        "5.2.1 The user is receiving mail at a rate that prevents more",
        "5.2.2 Mailbox full",
        "5.3.4 Message too big",
        "5.4.1 Access denied",
        "5.1.0 Address rejected",
        "5.1.8 Sender address has no MX",
        "No such user",
        "Mailbox unavailable, see 5.1.1 of our rules",
        "4.1.1 Not yet",
    ],
)
def test_a_refusal_that_may_mean_something_else_says_nothing_about_the_mailbox(words: str) -> None:
    said = reply(550, words)
    assert said.is_final
    assert not said.means_no_mailbox


@pytest.mark.parametrize(("code", "words"), [(451, "4.7.1 Greylisted"), (421, ""), (450, "5.1.1")])
def test_the_digits_decide_whether_a_refusal_is_for_now(code: int, words: str) -> None:
    assert not reply(code, words).is_final
    assert not reply(code, words).means_no_mailbox


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPAuthenticationError(535, b"5.7.8 Bad credentials"),
        smtplib.SMTPSenderRefused(550, b"5.1.8 Sender rejected", "us@example.com"),
        smtplib.SMTPHeloError(554, b"Go away"),
        smtplib.SMTPRecipientsRefused({"ada@example.com": (530, b"5.7.0 Sign in first")}),
        smtplib.SMTPDataError(550, b"5.7.60 Client may not send as this sender"),
        smtplib.SMTPNotSupportedError("No STARTTLS"),
    ],
)
def test_what_our_own_settings_are_to_blame_for_is_never_final(error: Exception) -> None:
    said = reply_of(error)
    assert said is not None
    assert said.is_ours
    assert not said.is_final


@pytest.mark.parametrize(
    "error", [smtplib.SMTPServerDisconnected("lost"), TimeoutError(), ConnectionRefusedError()]
)
def test_a_server_that_said_nothing_has_no_answer(error: Exception) -> None:
    assert reply_of(error) is None
