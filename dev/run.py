"""`make run`: from an environment that stands to a portal that answers, and back to nothing."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from dev import envfile, state
from dev.processes import Processes, end_earlier
from dev.servers import Servers
from dev.setup import Refusal, say, step
from dev.valkey import free_port

PATIENCE = 60


def wanted_port(text: str) -> int:
    """Read PORT; raises Refusal unless it names a port that can be had."""
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= port <= 65535:
        raise Refusal(f"PORT={text} is not a port; try: make run PORT=8001")
    if not is_free(port):
        other = next((each for each in range(port + 1, port + 50) if is_free(each)), 8001)
        raise Refusal(f"Port {port} is taken, or not yours to take; try: make run PORT={other}")
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port."""
    if port > 65535:
        return False
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_env(root: Path, *, port: int, mail_port: int, servers: Mapping[str, str]) -> None:
    """Write what `manage.py` needs to `.env`."""
    envfile.write(
        root / ".env",
        once={
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "OPERATOR_TOKEN": secrets.token_urlsafe(32),
            "DEFAULT_FROM_EMAIL": "Slipway <hello@localhost>",
        },
        kept={
            "SITE_URL": f"http://localhost:{port}",
            "PORT": str(port),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "DEV_MAIL_DIR": str(state.local(root) / "mail"),
            "FILES_ROOT": str(state.local(root) / "files"),
            **servers,
        },
    )


def child_environment(root: Path, *, port: int, mail_port: int) -> dict[str, str]:
    """What our children see: the person's environment, this Python first, and no make of ours."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    }
    return environment | {
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "PORT": str(port),
        "MAIL_PORT": str(mail_port),
        "DEV_MAIL_DIR": str(state.local(root) / "mail"),
    }


def fill_database(root: Path, environment: Mapping[str, str]) -> str:
    """Migrate and seed; return who may sign in. Raises Refusal with what went wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.data"],
        check=False,
        cwd=root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        log = state.local(root) / "database.log"
        log.write_text(done.stdout + done.stderr)
        said = done.stderr.strip()
        # What was raised on purpose is written for people; of a traceback the last line is.
        reason = said.rpartition("\n")[2] if "Traceback" in said else said
        raise Refusal(
            f"The database could not be brought up to date: {reason}\n"
            f"  All of it: .local/{log.name}. To start over without your data: make reset"
        )
    return done.stdout


def wait_until_alive(port: int, processes: Processes) -> None:
    """Wait for /healthz to answer 200; raises Refusal when it does not, or a process is over."""
    deadline = time.monotonic() + PATIENCE
    while not is_alive(port):
        mourn(processes)
        if time.monotonic() > deadline:
            raise Refusal(
                f"The portal did not answer at http://localhost:{port}/healthz within {PATIENCE} "
                f"seconds. Its last lines:\n{processes.obituary('web')}"
            )
        time.sleep(0.1)


def is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def mourn(processes: Processes) -> None:
    """Raise Refusal when one of the processes is over."""
    if name := processes.ended():
        code = processes.running[name].returncode
        raise Refusal(
            f"{name} ended by itself (status {code}), so the rest was stopped. Its last lines:\n"
            f"{processes.obituary(name)}"
        )


def verdict(root: Path, environment: Mapping[str, str]) -> str:
    """Whether this could be launched, in one line; nothing if that takes too long to find out."""
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "launch_check", "--summary"],
            check=False,
            cwd=root,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def banner(port: int, logins: str) -> str:
    """What the person needs to know, and nothing else."""
    lines = [
        "",
        f"  The portal runs at   http://localhost:{port}",
        f"  Its mail is read at  http://localhost:{port}/dev/mail/",
        "",
        *(f"  {line}".rstrip() for line in logins.strip("\n").splitlines()),
        "",
        "  Stop with Ctrl-C. The data stays; `make reset` starts over.",
        "",
    ]
    return "\n".join(lines)


def run(root: Path, stack: ExitStack) -> None:
    """Start everything, in order; `stack` stops it in the opposite order."""
    started = time.monotonic()
    lock = stack.enter_context(
        state.held(state.local(root) / "run.lock", "Already running here, at {}; stop it there")
    )
    log = state.local(root) / "run.log"
    end_earlier(log)
    port = wanted_port(os.environ.get("PORT") or "8000")
    lock.write(f"http://localhost:{port}")
    lock.flush()
    mail_port = free_port()
    with step("servers"):
        servers = Servers.of_clone({**envfile.own_values(root / ".env"), **os.environ}, root)
        stack.callback(servers.stop)
        write_env(root, port=port, mail_port=mail_port, servers=servers.start())
    environment = child_environment(root, port=port, mail_port=mail_port)
    with step("database"):
        logins = fill_database(root, environment)
    with step("processes"):
        processes = Processes(
            root / "Procfile.dev",
            env=environment,
            folder=root,
            log=log,
        )
        stack.callback(processes.stop)
        processes.start()
        wait_until_alive(port, processes)
    say(f"  ready in {time.monotonic() - started:.1f} s")
    say(banner(port, logins))
    if answer := verdict(root, environment):
        say(f"  {answer}\n")
    processes.show()
    while True:
        mourn(processes)
        time.sleep(0.2)
