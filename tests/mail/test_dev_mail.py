"""Mail in development is read in the browser, and nowhere else."""

import mailbox
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.handlers import Mailbox as MaildirWriter

from apps.core import mailing
from apps.mail.catalogue import BY_TEMPLATE
from config.env import BASE_DIR
from tests.conftest import Browser, SmtpServer

LOOK = """
import django
django.setup()
from django.core.management import call_command
from django.urls import Resolver404, resolve
call_command("check")
own = ["/dev/mail/", "/dev/mail/1.M2P3.host/", "/dev/mail/1.M2P3.host/html"]
letters = ["/dev/mail/letters/", "/dev/mail/letters/test/", "/dev/mail/letters/test/dark"]
for path in own + letters:
    try:
        print(resolve(path).url_name)
    except Resolver404:
        print("nothing")
"""


@pytest.fixture
def maildir(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A Maildir that a real SMTP server fills, with the pages that show it."""
    folder = tmp_path / "mail"
    settings.DEV_MAIL_DIR = folder
    settings.ROOT_URLCONF = "tests.mail.dev_urlconf"
    return folder


@pytest.fixture
def deliver(maildir: Path, settings: Any, do_jobs: Callable[[], int]) -> Iterator[Any]:
    """Send a mail the whole way: queue, worker, SMTP, Maildir."""
    server = SmtpServer(MaildirWriter(maildir))
    server.start()
    settings.SMTP = {**settings.SMTP, "host": "127.0.0.1", "port": server.port}
    if hasattr(settings, "MAILERS"):
        smtp = {**settings.MAILERS["smtp"], "OPTIONS": settings.SMTP}
        settings.MAILERS = {**settings.MAILERS, "smtp": smtp}

    def send(template: str, to: str = "ada@example.com") -> None:
        mailing.send(template, to=to, context=BY_TEMPLATE[template].sample)
        do_jobs()

    yield send
    server.stop()


def paths_in(page: Any) -> list[str]:
    """The addresses of the mails on the list, from the top."""
    return re.findall(r'class="row-link" href="([^"]+)"', page.content.decode())


@pytest.mark.parametrize("environment", ["production", "staging", "test", "development"])
def test_development_alone_has_the_pages(environment: str, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"config.settings.{environment}",
        "ENV_FILE": os.devnull,
        "CLIENT_ADDRESS_FROM": "socket",
        "DEV_MAIL_DIR": str(tmp_path),
        "MAIL_ALLOWLIST": "ada@example.com",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        check=False,
        cwd=BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected = ["dev_mail_list", "dev_mail_detail", "dev_mail_html"]
    expected += ["dev_letter_list", "dev_letter_detail", "dev_letter_html"]
    found = done.stdout.split("\n", 1)[1].split()
    assert found == (expected if environment == "development" else ["nothing"] * 6)


def test_before_the_first_mail_the_list_says_what_to_do(anonymous: Browser, maildir: Path) -> None:
    page = anonymous.get("/dev/mail/")
    assert "No mail yet" in page.content.decode()


def test_a_mail_that_was_sent_is_on_the_list_and_opens(anonymous: Browser, deliver: Any) -> None:
    deliver("password_reset_key")
    [path] = paths_in(anonymous.get("/dev/mail/"))
    page = anonymous.get(path).content.decode()
    assert "Choose a new password for Slipway" in page
    assert "ada@example.com" in page
    assert "Auto-Submitted" in page


def test_the_newest_mail_is_at_the_top(anonymous: Browser, deliver: Any) -> None:
    for address in ("one@example.com", "two@example.com", "three@example.com"):
        deliver("test", to=address)
    page = anonymous.get("/dev/mail/").content.decode()
    shown = re.findall(r"<td>(\w+@example.com)</td>", page)
    assert shown == ["three@example.com", "two@example.com", "one@example.com"]


def test_links_in_the_text_can_be_clicked(anonymous: Browser, deliver: Any) -> None:
    deliver("password_reset_key")
    [path] = paths_in(anonymous.get("/dev/mail/"))
    link = BY_TEMPLATE["password_reset_key"].sample["password_reset_url"]
    assert f'<a href="{link}"' in anonymous.get(path).content.decode()


def test_a_code_is_shown_apart_from_the_text(anonymous: Browser, deliver: Any) -> None:
    deliver("email_confirmation_signup")
    page = anonymous.get("/dev/mail/")
    assert "Code: BCDF-GHJK" in page.content.decode()
    [path] = paths_in(page)
    assert '<strong class="copy">BCDF-GHJK</strong>' in anonymous.get(path).content.decode()


def test_the_list_renews_itself_without_a_reload(anonymous: Browser, deliver: Any) -> None:
    page = anonymous.get("/dev/mail/").content.decode()
    assert re.search(r'id="mails"\s+hx-get="/dev/mail/"\s+hx-trigger="every 2s"', page)
    deliver("test")
    renewed = anonymous.get("/dev/mail/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="mails"' in renewed
    assert "A test mail from Slipway" in renewed


def test_the_html_part_runs_no_script_and_loads_nothing(anonymous: Browser, deliver: Any) -> None:
    deliver("test")
    [path] = paths_in(anonymous.get("/dev/mail/"))
    response = anonymous.get(f"{path}html")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Mail works" in response.content.decode()


@pytest.mark.parametrize("suffix", ["", "html"])
@pytest.mark.parametrize("key", ["1.M2P3.host", "..", "..%2F..%2Fetc%2Fpasswd", "new"])
def test_a_mail_that_is_not_there_is_a_404(
    anonymous: Browser, deliver: Any, key: str, suffix: str
) -> None:
    deliver("test")
    assert anonymous.get(f"/dev/mail/{key}/{suffix}").status_code == 404


def test_a_mail_is_a_404_before_there_is_a_box(anonymous: Browser, maildir: Path) -> None:
    assert anonymous.get("/dev/mail/1.M2P3.host/").status_code == 404


@pytest.mark.parametrize("date", ["Sun, 22 Nov 2026 09:30:00 -0000", "yesterday", None])
def test_a_mail_of_another_program_is_shown_whatever_its_date(
    anonymous: Browser, maildir: Path, date: str | None
) -> None:
    message = EmailMessage()
    message["Subject"], message["To"] = "From elsewhere", "ada@example.com"
    if date:
        message["Date"] = date
    message.set_content("Hello")
    key = mailbox.Maildir(maildir).add(message)
    assert "From elsewhere" in anonymous.get("/dev/mail/").content.decode()
    assert "Hello" in anonymous.get(f"/dev/mail/{key}/").content.decode()
