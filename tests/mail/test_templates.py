"""Every mail that we send, rendered from its sample in the catalogue and looked at."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import allauth
import pytest
from django.conf import settings
from django.template import Engine

from apps.core import mailing
from apps.mail import previews
from apps.mail.catalogue import BY_TEMPLATE, ENTRIES, TOPICS
from config.env import BASE_DIR

FOLDER = BASE_DIR / "templates" / "mail"
SUBJECT = ".subject.txt"
TEMPLATES = sorted(path.name.removesuffix(SUBJECT) for path in FOLDER.glob(f"*{SUBJECT}"))
SHARED = {"base", "notice"}  # what mails extend; no mail by themselves

# allauth has texts for more mails than our settings ever send: by the setting that is off.
NEVER_SENT = {
    "email_confirm": "",  # nothing in allauth sends it
    "login_code": "ACCOUNT_LOGIN_BY_CODE_ENABLED",
    "password_reset_code": "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED",
}
# What may have no text beside it: everything else is told to whoever reads no HTML, too.
INVISIBLE = {"head", "title", "style"}


class Reader(HTMLParser):
    """What a person sees of a mail's HTML: its words, its links and its main button."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.buttons: list[str] = []
        self.tags: list[str] = []
        self.within: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag in INVISIBLE:
            self.within.append(tag)
        if tag == "a":
            self.links.append(values["href"] or "")
            if values.get("class") == "button":
                self.buttons.append(values["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if not self.within:
            self.words += data.split()


@pytest.fixture(params=[entry.template for entry in ENTRIES])
def mail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> mailing.TemplatedMail:
    """One mail; a variable that its sample lacks is written out as MISSING."""
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", "MISSING(%s)")
    # What the frame of every mail may go without.
    context = {"unsubscribe_url": "", "total": "", **previews.sample_of(BY_TEMPLATE[request.param])}
    return mailing.compose(request.param, to="ada@example.com", context=context)


def html_of(mail: mailing.TemplatedMail) -> str:
    [(html, mimetype)] = mail.alternatives
    assert mimetype == "text/html"
    return str(html)


def web_links(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s<>\"]+[^\s<>\".,]", text))


def test_every_mail_is_in_the_catalogue_once_and_whole() -> None:
    assert sorted(entry.template for entry in ENTRIES) == TEMPLATES
    for template in TEMPLATES:
        assert (FOLDER / f"{template}.txt").exists(), f"{template} has no text part"
        assert (FOLDER / f"{template}.html").exists(), f"{template} has no HTML part"
    assert {path.stem for path in FOLDER.glob("*.html")} == {*TEMPLATES} | SHARED


def test_each_entry_says_when_it_is_sent_and_to_whom() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert entry.name[0].isupper()
        assert entry.when.endswith(".")
        assert entry.to
        assert entry.topic is None or TOPICS[entry.topic.slug] is entry.topic


def test_every_mail_that_the_code_sends_is_in_the_catalogue() -> None:
    named = r'(?:mailing\.(?:send|compose)\(|send_notification_mail\()\s*"(?:account/email/)?(\w+)"'
    sources = [path.read_text() for path in (BASE_DIR / "apps").rglob("*.py")]
    sent = {name for source in sources for name in re.findall(named, source)}
    assert len(sent) > 3
    assert sent <= {*BY_TEMPLATE}


def test_every_mail_of_allauth_is_ours_or_is_never_sent() -> None:
    folder = Path(allauth.__file__).parent
    found = folder.glob("**/templates/*/email/*_subject.txt")
    found = [*found, *folder.glob("templates/*/email/*_subject.txt")]
    theirs = {path.name.removesuffix("_subject.txt") for path in found}
    assert len(theirs) > 15
    assert theirs - {*BY_TEMPLATE} == {*NEVER_SENT}
    for template, setting in NEVER_SENT.items():
        assert not getattr(settings, setting or "NONE", False), f"{template} is sent by now"


def test_a_mail_says_the_same_as_text_and_as_html(mail: mailing.TemplatedMail) -> None:
    """Whoever reads the one misses nothing that the other says, down to the fine print."""
    shown = " ".join(Reader(html_of(mail)).words)
    heading = str(mail.body).split("\n", 1)[0]
    assert heading
    assert heading in shown
    for value in BY_TEMPLATE[mail.template].sample.values():
        if isinstance(value, str) and not value.startswith("http"):
            assert value in mail.body
            assert value in shown


def test_a_mail_has_the_same_links_as_text_and_as_html(mail: mailing.TemplatedMail) -> None:
    in_html = {link for link in Reader(html_of(mail)).links if not link.startswith("mailto:")}
    assert web_links(str(mail.body)) == in_html


def test_a_mail_has_one_button_at_most_and_its_address_beside_it(
    mail: mailing.TemplatedMail,
) -> None:
    read = Reader(html_of(mail))
    assert len(read.buttons) <= 1
    for address in read.buttons:
        assert address in read.words


def test_a_mail_misses_nothing_that_its_sample_gives(mail: mailing.TemplatedMail) -> None:
    assert "MISSING" not in f"{mail.subject}{mail.body}{html_of(mail)}"


def test_a_subject_is_one_short_line(mail: mailing.TemplatedMail) -> None:
    assert mail.subject
    assert mail.subject.splitlines() == [mail.subject]
    assert len(mail.subject) <= 78


def test_a_mail_says_in_which_language_it_is_and_what_it_is_called(
    mail: mailing.TemplatedMail,
) -> None:
    html = html_of(mail)
    assert re.search(r'<html lang="en" dir="ltr">', html)
    assert "<title>MISSING" not in html
    assert re.search(r"<title>[^<]{4,}</title>", html)
    assert '<meta name="color-scheme" content="light dark">' in html


def test_a_mail_has_a_preheader_that_is_not_its_subject(mail: mailing.TemplatedMail) -> None:
    found = re.search(r"mso-hide: all;\">(.*?)</div>", html_of(mail), re.DOTALL)
    assert found
    assert mailing.BLANKS in found[1]
    preheader = " ".join(found[1].replace(mailing.BLANKS, "").split())
    assert 10 < len(preheader) < 140
    assert preheader != mail.subject


def test_a_text_part_has_no_trace_of_html(mail: mailing.TemplatedMail) -> None:
    assert not re.search(r"&[a-z#0-9]+;|</?[a-z]+[ >]|\n{3}|[ \t]+\n(?!.*@)", body_of(mail))


def body_of(mail: mailing.TemplatedMail) -> str:
    """The text above its signature, whose mark ends in a space."""
    return str(mail.body).partition("\n-- \n")[0]


def test_a_mail_loads_nothing_from_afar(mail: mailing.TemplatedMail) -> None:
    html = html_of(mail)
    assert not re.search(r"<(img|link|script|iframe|object|video|audio|form)\b", html)
    assert not re.search(r"\bsrc\s*=|\bbackground\s*=|url\(|@import|@font-face", html)


def test_every_link_is_on_the_site_or_writes_to_support(mail: mailing.TemplatedMail) -> None:
    site = urlsplit(settings.SITE_URL)
    links = Reader(html_of(mail)).links
    assert links
    for link in [*links, *web_links(str(mail.body))]:
        parts = urlsplit(link)
        if parts.scheme != "mailto":
            assert (parts.scheme, parts.netloc) == (site.scheme, site.netloc), link
            assert not parts.query, f"{link} could follow its reader"


def test_a_mail_is_smaller_than_100_kilobytes(mail: mailing.TemplatedMail) -> None:
    assert len(mail.message().as_bytes()) < previews.MOST


def test_a_mail_tells_answering_machines_to_keep_quiet(mail: mailing.TemplatedMail) -> None:
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_mail_can_be_stopped_if_and_only_if_it_is_not_needed(mail: mailing.TemplatedMail) -> None:
    is_needed = BY_TEMPLATE[mail.template].is_transactional
    assert ("List-Unsubscribe" in mail.extra_headers) != is_needed
    assert ("Stop these mails" in mail.body) != is_needed
    assert ("Stop these mails" in html_of(mail)) != is_needed


def test_names_are_text_in_the_text_and_harmless_in_the_html() -> None:
    sample = BY_TEMPLATE["invitation"].sample
    context = {**sample, "workspace": "O'Neill & <b>Sons</b>\nBcc: a@example.com"}
    mail = mailing.compose("invitation", to="ada@example.com", context=context)
    assert mail.subject == "Ada Lovelace invites you to O'Neill & <b>Sons</b> Bcc: a@example.com"
    assert "O'Neill & <b>Sons</b>" in mail.body
    assert "O&#x27;Neill &amp; &lt;b&gt;Sons&lt;/b&gt;" in html_of(mail)
