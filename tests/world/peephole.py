"""The product with one more page, which tells what the threads' connections carry from before.

For `gunicorn tests.world.peephole`: what a thread finds on a connection that it takes from a pool,
can be asked nowhere else.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from django.db import connection

from config.wsgi import application as product
from tests.world.crowd import PEEP, PEEPHOLE


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as the product does, and at PEEPHOLE what a statement outside every scope finds."""
    if environ["PATH_INFO"] != PEEPHOLE:
        return product(environ, start_response)
    with closing(connection):
        connection.ensure_connection()
        # The driver's own cursor: Django's would refuse the statement, as wall 2.
        found = connection.connection.execute(f"{PEEP}, pg_backend_pid()").fetchone()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
