"""A step of `make check`: no secret in the tracked files, and none in the history."""

import sys

from apps.launch.facts.project import Leak
from apps.launch.facts.unasked import Skipped, Unasked
from apps.launch.secrets.allow import FILE, read
from apps.launch.secrets.scan import in_files, in_history
from dev.state import ROOT

PATIENCE = 120.0  # seconds: nobody waits here as for launch_check


def main() -> int:
    """Print where secrets stand, never what they are; 1 if there are any or nobody could look."""
    leaks: list[Leak] = []
    for search in (in_files, in_history):
        try:
            leaks += search(ROOT, read(ROOT), PATIENCE)
        except Skipped as reason:  # a copy without a repository has committed nothing
            print(reason)
        except Unasked as reason:
            print(reason)
            return 1
    for leak in leaks:
        print(leak)
    if leaks:
        print(f"Change each, as it is out; what is no secret goes into {FILE}, with the reason.")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
