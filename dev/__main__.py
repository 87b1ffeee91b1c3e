"""Where `make run` enters: signals and the end of it; what it starts stands in dev/run.py."""

import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

from dev.setup import ROOT, Refusal, explain, refuse, say


class Stopped(BaseException):
    """The person, or the system, asked for the end by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def main() -> None:
    """Run until Ctrl-C, a signal, or the end of a process; then stop all that was started."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it, and means it
        signals.append(signal.SIGHUP)
    for number in signals:
        signal.signal(number, stop)
    reason, status = "", 0
    with ExitStack() as stack:
        try:
            # Half a second of imports, during which Ctrl-C already has to end quietly.
            from dev.run import run

            run(Path(ROOT), stack)
        except Stopped as stopped:
            status = 0 if stopped.number == signal.SIGINT else 128 + stopped.number
        except Refusal as refusal:
            reason = str(refusal)
        except OSError as error:
            reason = explain(str(error))
        finally:
            for number in signals:
                signal.signal(number, signal.SIG_IGN)
    if reason:
        refuse(reason)
    with suppress(OSError):  # the terminal may be gone
        say("\n  Stopped.")
    sys.exit(status)


if __name__ == "__main__":
    main()
