"""Several calls of launch_check in one process, which takes its seconds to start."""

import json
from collections.abc import Mapping, Sequence

from tests.config.processes import python

EACH = """
import io, json, sys
from contextlib import redirect_stdout
from django.core.management import execute_from_command_line

told = []
for words in json.loads(sys.argv[1]):
    code, out = 0, io.StringIO()
    with redirect_stdout(out):
        try:
            execute_from_command_line(["manage.py", "launch_check", *words])
        except SystemExit as ended:
            code = ended.code
    told.append((code, out.getvalue()))
json.dump(told, sys.stdout)
"""


def answers(calls: Sequence[Sequence[str]], variables: Mapping[str, str]) -> list[tuple[int, str]]:
    """Call the command with each of these words; return the exit and the words of each call."""
    done = python("-c", EACH, json.dumps(calls), variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return [(code, said) for code, said in json.loads(done.stdout)]
