"""Greets the mail server as a worker would, up to the login; it sends nothing."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from apps.launch.facts.unasked import Unasked
from apps.launch.facts.web import MailServer
from apps.launch.probes.target import Address, Target
from apps.launch.probes.tls import trusting

PATIENCE = 8.0  # seconds for each word of the server's
NAME = "launch-check.invalid"  # EHLO wants one, and asking DNS for our own could hang


class Detoured(smtplib.SMTP):
    """A client that goes another way to the host whose certificate it asks for."""

    way: Address

    # What smtplib made so that SMTP_SSL changes how to connect, and nothing else.
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection(self.way, timeout)


class DetouredSsl(smtplib.SMTP_SSL, Detoured):
    """The same with TLS from the first byte."""


def mail_server(target: Target, smtp: Mapping[str, Any]) -> MailServer:
    """Connect as the settings' SMTP says. Raises OSError and Unasked where it cannot be told.

    A connection that is refused tells nothing: many networks let nobody out to such a port, and it
    is the worker's network that counts.
    """
    host, port = str(smtp["host"]), int(smtp["port"])
    address, way = f"{host}:{port}", target.way_to(host, port) or (host, port)
    context = trusting(target)
    try:
        client = greeted(host, port, way, context if smtp["use_ssl"] else None)
    except ssl.SSLCertVerificationError as error:
        return MailServer(address=address, certificate=error.verify_message)
    except smtplib.SMTPResponseException as error:
        return MailServer(address=address, refusal=refusal(error))
    try:
        return talked(client, address, smtp, context)
    finally:
        client.close()


def greeted(host: str, port: int, way: Address, context: ssl.SSLContext | None) -> smtplib.SMTP:
    """A client that was greeted. Raises OSError, of which smtplib's own errors are."""
    kind = type("Client", (DetouredSsl if context else Detoured,), {"way": way})
    extra = {"context": context} if context else {}
    client: smtplib.SMTP = kind(host, port, local_hostname=NAME, timeout=PATIENCE, **extra)
    return client


def refusal(error: smtplib.SMTPResponseException) -> str:
    """What a mail server answered in place of a welcome. Raises Unasked if that is no SMTP."""
    if error.smtp_code < 0:
        raise Unasked("what answers there is no mail server")
    return f"it answered {error.smtp_code}"


def talked(
    client: smtplib.SMTP, address: str, smtp: Mapping[str, Any], context: ssl.SSLContext
) -> MailServer:
    """Go on to TLS and to the login where the settings do."""
    try:
        if smtp["use_tls"]:
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
    except ssl.SSLCertVerificationError as error:
        return MailServer(address=address, certificate=error.verify_message)
    except smtplib.SMTPNotSupportedError:
        return MailServer(address=address, certificate="it offers no STARTTLS")
    except smtplib.SMTPResponseException as error:
        return MailServer(address=address, refusal=refusal(error))
    # A password goes nowhere in the clear, not even to find out whether it would be taken.
    if smtp["password"] and (smtp["use_tls"] or smtp["use_ssl"]):
        try:
            client.login(str(smtp["username"]), str(smtp["password"]))
        except smtplib.SMTPAuthenticationError as error:
            return MailServer(address=address, login=f"it answered {error.smtp_code}")
        except smtplib.SMTPNotSupportedError:
            return MailServer(address=address, login="it offers no login")
    return MailServer(address=address)
