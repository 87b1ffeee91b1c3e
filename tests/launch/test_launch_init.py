"""``manage.py launch_init`` as a founder runs it: on a terminal, and by flags in a script."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.launch.plan_file import read
from tests.config.processes import COMPLETE, ROOT
from tests.world.waiting import wait_until


class Terminal:
    """A terminal on which the command runs, and whoever sits there."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int) -> None:
        self.process, self.screen, self.shown = process, screen, ""

    def wait_for(self, words: str) -> None:
        """Read until these words were shown since the last time; fail where nothing comes."""
        while words not in self.shown:
            readable, _, _ = select.select([self.screen], [], [], 60)
            assert readable, f"{words!r} was not shown in time: {self.shown}"
            try:
                chunk = os.read(self.screen, 65536)
            except OSError:  # the other side is gone, an error to Linux
                chunk = b""
            assert chunk, f"{words!r} was never shown: {self.shown}"
            self.shown += chunk.decode().replace("\r\n", "\n")
        self.shown = self.shown.partition(words)[2]

    def is_waited_for(self) -> bool:
        """Whether the command sleeps, which with its prompt on the screen it does for an answer."""
        state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2]
        return state.startswith("S")

    def type(self, words: str) -> None:
        os.write(self.screen, words.encode())


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    """Run the command on a terminal, with production's variables."""
    screen, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "manage.py", "launch_init", *arguments],
        cwd=ROOT,
        env={
            **{"PATH": os.environ["PATH"], "TERM": "xterm", "ENV_FILE": os.devnull},
            **COMPLETE,
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
        },
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    ) as process:
        os.close(child)
        try:
            yield Terminal(process, screen)
            assert process.wait(20) is not None
        finally:
            process.kill()
            os.close(screen)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "launch.toml"


def test_it_asks_with_what_it_knows_and_asks_again_where_an_answer_cannot_be(file: Path) -> None:
    flags = ("--registrar", "Gandi", "--selectors", "pm, pm2")
    with terminal("--plan", str(file), *flags) as founder:
        founder.wait_for("[portal.harbourside.co]\n> ")
        founder.type("https://portal.harbourside.co/\n")
        founder.wait_for("That must be a full host name")
        founder.wait_for("> ")
        founder.type("\n")
        founder.wait_for("Which other names lead there")
        founder.type("harbourside.co, portal.harbourside.co\n")
        founder.wait_for('That is "portal.harbourside.co", as site.canonical is already.')
        founder.type("harbourside.co, www.harbourside.co\n")
        founder.wait_for("Where does it run")
        founder.type("moon\n")
        founder.wait_for("That must be one of heroku, render, host.")
        founder.type("render\n")
        founder.wait_for("Which name did the platform give it")
        founder.type("harbourside.onrender.com\n")
        founder.wait_for("name servers answer for it? [Gandi]")
        founder.type("-\n")
        founder.wait_for("sends the product's mail?")
        founder.type("Postmark\n")
        founder.wait_for("[mail.harbourside.co]")
        founder.type("\n")
        founder.wait_for("Who decides")
        founder.type('Ada "A." Byron\n')
        founder.wait_for("Who can mend it?")
        founder.type("Sam\n")
        founder.wait_for("Who is woken when it is down? Name and number. [Sam]")
        founder.type("\n")
        founder.wait_for("Wrote launch.toml. Next:")
        founder.wait_for("python manage.py launch_check")
    assert founder.process.returncode == 0
    plan = read(file)
    assert plan.names == ("portal.harbourside.co", "harbourside.co", "www.harbourside.co")
    assert (plan.hosting.platform, plan.site.platform_host) == (
        "render",
        "harbourside.onrender.com",
    )
    assert (plan.registrar.name, plan.dns.name, plan.mail.provider) == ("Gandi", "", "Postmark")
    assert plan.mail.domains[0].name == "mail.harbourside.co"
    assert plan.mail.domains[0].selectors == ("pm", "pm2")
    assert (plan.owners.product, plan.owners.on_call) == ('Ada "A." Byron', "Sam")


@pytest.mark.parametrize("leave", ["Ctrl-C", "Ctrl-D"])
def test_whoever_leaves_half_way_leaves_no_file(file: Path, leave: str) -> None:
    with terminal("--plan", str(file)) as founder:
        founder.wait_for("> ")
        founder.type("\n")
        founder.wait_for("Which other names")
        founder.wait_for("> ")
        # What comes while the terminal is still being made ready is lost, and so is a signal.
        wait_until(founder.is_waited_for, "launch_init to wait for an answer")
        if leave == "Ctrl-C":
            founder.process.send_signal(signal.SIGINT)
        else:
            founder.type("\x04")
        founder.wait_for("Nothing was written.")
    assert founder.process.returncode == 130
    assert list(file.parent.iterdir()) == []


def test_a_script_is_asked_nothing_and_what_is_known_is_taken(file: Path) -> None:
    call_command("launch_init", "--plan", str(file), "--canonical", "harbourside.co", "--no-input")
    plan = read(file)
    assert plan.names == ("harbourside.co", "www.harbourside.co")
    assert plan.mail.domains == ()
    assert (plan.registrar.name, plan.owners.product) == ("", "")
    assert plan.hosting.platform == "host"


def test_every_answer_is_a_flag(file: Path) -> None:
    answers = {
        "canonical": "portal.harbourside.co",
        "aliases": "harbourside.co",
        "platform": "heroku",
        "platform-host": "harbourside.herokuapp.com",
        "registrar": "Gandi",
        "dns": "Route 53",
        "mail-provider": "Postmark",
        "mail-domain": "mail.harbourside.co",
        "selectors": "pm",
        "owner": "Ada",
        "technical": "Sam",
        "on-call": "Kim",
    }
    flags = [word for name, value in answers.items() for word in (f"--{name}", value)]
    call_command("launch_init", "--plan", str(file), *flags)
    plan = read(file)
    assert plan.site.platform_host == "harbourside.herokuapp.com"
    assert (plan.registrar.name, plan.dns.name) == ("Gandi", "Route 53")
    assert plan.mail.domains[0].selectors == ("pm",)
    assert (plan.owners.product, plan.owners.technical, plan.owners.on_call) == (
        "Ada",
        "Sam",
        "Kim",
    )


def test_every_wrong_flag_is_told_at_once_and_nothing_is_written(file: Path) -> None:
    with pytest.raises(CommandError) as wrong:
        call_command(
            *("launch_init", "--plan", str(file), "--canonical", "localhost"),
            *("--platform", "moon", "--mail-domain", "\x1b[2J", "--owner", "Ada"),
        )
    assert wrong.value.returncode == 2
    assert [line.split()[0] for line in str(wrong.value).splitlines()] == [
        "--canonical",
        "--platform",
        "--mail-domain",
    ]
    assert not file.exists()


def test_without_a_name_that_customers_could_reach_it_has_to_be_given(file: Path) -> None:
    with pytest.raises(CommandError, match="--canonical is needed") as wrong:
        call_command("launch_init", "--plan", str(file), "--no-input")
    assert wrong.value.returncode == 2


def test_selectors_need_a_domain(file: Path) -> None:
    with pytest.raises(CommandError, match="--selectors belong to a mail domain") as wrong:
        call_command(
            *("launch_init", "--plan", str(file), "--canonical", "a.harbourside.co"),
            *("--selectors", "pm", "--no-input"),
        )
    assert wrong.value.returncode == 2
    assert not file.exists()


def test_a_plan_that_is_there_is_left_alone_unless_forced(file: Path) -> None:
    file.write_text("# mine\n")
    call = ("launch_init", "--plan", str(file), "--canonical", "a.harbourside.co", "--no-input")
    with pytest.raises(CommandError, match="is there already") as refused:
        call_command(*call)
    assert refused.value.returncode == 2
    assert file.read_text() == "# mine\n"
    call_command(*call, "--force")
    assert read(file).site.canonical == "a.harbourside.co"
    assert list(file.parent.iterdir()) == [file], "no draft is left"


def test_a_folder_that_takes_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command(
            *("launch_init", "--canonical", "a.harbourside.co", "--no-input"),
            *("--plan", str(tmp_path / "none" / "launch.toml")),
        )
