"""How the rows that an export asks for become a file, by the writer of its format."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from django.db import OperationalError, connection
from django.db.models import QuerySet

from apps.jobs.runner import Run
from apps.transfers.columns import Tell
from apps.transfers.copying import write_csv, write_jsonl
from apps.transfers.registry import Resource
from apps.transfers.scratch import scratch
from apps.transfers.workbooks import write_xlsx

if TYPE_CHECKING:
    from apps.transfers.models import Export

Write = Callable[[QuerySet[Any], Resource, IO[bytes], Tell], int]
WRITERS: dict[str, Write] = {"csv": write_csv, "xlsx": write_xlsx, "jsonl": write_jsonl}


@contextmanager
def written(export: "Export", run: Run) -> Iterator[IO[bytes]]:
    """Write what the export asks for into a file that is gone afterwards; count its rows.

    One statement reads them all, so that the file is of one moment. How many there are is counted
    a moment before, for the progress alone.
    """
    rows, total = export.selection.rows, 0

    def tell(done: int) -> None:
        run.progress(done, max(total, done))

    with scratch() as folder, (folder / "export").open("w+b") as content:
        with run.in_turns(), interruptible(run):
            total = rows.order_by().count()
            tell(0)
            export.rows = WRITERS[export.format](rows, export.resource, content, tell)
        run.progress(export.rows, export.rows)
        yield content


@contextmanager
def interruptible(run: Run) -> Iterator[None]:
    """Break off the statement in the block once the work is no longer wanted.

    Whoever waits for the first row of a long statement hears of nothing meanwhile. Raises Stopped.
    """
    connection.ensure_connection()
    run.on_stop(connection.connection.cancel)
    try:
        yield
    except OperationalError:  # psycopg's QueryCanceled among them
        run.progress(run.job.done)  # raises Stopped if that is why
        raise
