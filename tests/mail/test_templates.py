"""Every mail that we send, rendered from its sample and looked at."""

import re
from pathlib import Path

import allauth.account
import pytest
from django.conf import settings
from django.template import Engine

from apps.core import mailing
from config.env import BASE_DIR
from tests.mail.samples import SAMPLES

FOLDER = BASE_DIR / "templates" / "mail"
SUBJECT = ".subject.txt"
TEMPLATES = sorted(path.name.removesuffix(SUBJECT) for path in FOLDER.glob(f"*{SUBJECT}"))

# allauth has texts for more mails than our settings, or any code of its own, ever send.
NEVER_SENT = {
    "email_confirm": "nothing in allauth sends it",
    "login_code": "ACCOUNT_LOGIN_BY_CODE_ENABLED is off",
    "password_reset_code": "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED is off",
}


@pytest.fixture(params=TEMPLATES)
def mail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> mailing.TemplatedMail:
    """One mail; a variable that its sample lacks is written out as MISSING."""
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", "MISSING(%s)")
    return mailing.compose(request.param, to="ada@example.com", context=SAMPLES[request.param])


def html_of(mail: mailing.TemplatedMail) -> str:
    [(html, mimetype)] = mail.alternatives
    assert mimetype == "text/html"
    return str(html)


def test_every_mail_has_a_sample_and_every_sample_a_mail() -> None:
    assert sorted(SAMPLES) == TEMPLATES


def test_every_mail_of_allauth_is_ours_or_is_never_sent() -> None:
    folder = Path(allauth.account.__file__).parent.parent / "templates" / "account" / "email"
    theirs = {path.name.removesuffix("_subject.txt") for path in folder.glob("*_subject.txt")}
    assert theirs - {*TEMPLATES} == {*NEVER_SENT}


def test_a_mail_says_the_same_as_text_and_as_html(mail: mailing.TemplatedMail) -> None:
    heading = str(mail.body).split("\n", 1)[0]
    assert heading
    assert heading in html_of(mail)
    for value in SAMPLES[mail.template].values():
        if isinstance(value, str) and mail.template != "invitation":
            assert value in mail.body
            assert value in html_of(mail)


def test_a_mail_misses_nothing_that_its_sample_gives(mail: mailing.TemplatedMail) -> None:
    assert "MISSING" not in f"{mail.subject}{mail.body}{html_of(mail)}"


def test_a_subject_is_one_short_line(mail: mailing.TemplatedMail) -> None:
    assert mail.subject
    assert mail.subject.splitlines() == [mail.subject]
    assert len(mail.subject) <= 78


def test_a_text_part_has_no_trace_of_html(mail: mailing.TemplatedMail) -> None:
    assert not re.search(r"&[a-z#0-9]+;|</?[a-z]+[ >]|\n{3}", str(mail.body))


def test_a_mail_loads_nothing_from_afar(mail: mailing.TemplatedMail) -> None:
    html = html_of(mail)
    assert not re.search(r"<(img|link|script|iframe|object|video|audio|form)\b", html)
    assert not re.search(r"\bsrc\s*=|\bbackground\s*=|url\(|@import|@font-face", html)


def test_every_link_is_on_the_site_or_writes_to_support(mail: mailing.TemplatedMail) -> None:
    links = re.findall(r'href="([^"]*)"', html_of(mail))
    assert links
    for link in links:
        assert link.startswith((f"{settings.SITE_URL}/", "mailto:")) or link == settings.SITE_URL
    for link in re.findall(r"https?://\S+", str(mail.body)):
        assert link.startswith(settings.SITE_URL)


def test_a_mail_is_smaller_than_100_kilobytes(mail: mailing.TemplatedMail) -> None:
    assert len(mail.message().as_bytes()) < 100_000


def test_a_mail_tells_answering_machines_to_keep_quiet(mail: mailing.TemplatedMail) -> None:
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"


def test_names_are_text_in_the_text_and_harmless_in_the_html() -> None:
    context = {**SAMPLES["invitation"], "workspace": "O'Neill & <b>Sons</b>\nBcc: a@example.com"}
    mail = mailing.compose("invitation", to="ada@example.com", context=context)
    assert mail.subject == "Ada Lovelace invites you to O'Neill & <b>Sons</b> Bcc: a@example.com"
    assert "O'Neill & <b>Sons</b>" in mail.body
    assert "O&#x27;Neill &amp; &lt;b&gt;Sons&lt;/b&gt;" in html_of(mail)
