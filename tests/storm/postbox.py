"""A mail server in a process of its own, which outlives the storm and keeps its own record.

``python -m tests.storm.postbox RECORD`` prints the port. Each mail is a line of JSON in RECORD,
written before the server says that it has taken it.
"""

import json
import sys
import threading
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from dev.valkey import free_port


class Postbox:
    """Takes every mail and writes down which it was."""

    def __init__(self, record: Path) -> None:
        self.record = record.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"")
        taken = {"message_id": message["Message-ID"], "to": envelope.rcpt_tos}
        self.record.write(json.dumps(taken) + "\n")
        return "250 Taken"


def main() -> None:
    server = Controller(Postbox(Path(sys.argv[1])), hostname="127.0.0.1", port=free_port())
    server.start()
    print(server.port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
