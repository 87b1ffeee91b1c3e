"""How the rows of a file become rows of the tenant: checked one and all, then brought in.

A thousand at a time, so that neither memory nor the number of queries grows with each row. While
rows are checked nothing is written or locked; a trial ends there. What is wrong with a row is kept
with it, for a file of the refused rows.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from django.db import connection, transaction

from apps.jobs.runner import JobRefused, Run
from apps.transfers.checking import Candidate, Checked, Checker, Problem
from apps.transfers.formulas import guard
from apps.transfers.reading import Row, Table, Unreadable, reading
from apps.transfers.staging import Staging

if TYPE_CHECKING:
    from apps.transfers.models import Import

BATCH = 1000
PIECE = 5  # batches that come in by one statement
REPORT_COLUMNS = ("Row", "Reason")
SHOWN_LENGTH = 200


class HeldBack(Exception):
    """A row was refused while the rows came in, and the person wants all of them or none."""


class Refusals:
    """A CSV of the refused rows: their number, what they said, and why they did not go in."""

    def __init__(self, target: IO[bytes], table: Table, mapping: list[str]) -> None:
        """Write to `target`. What an earlier refusal added to the columns is not repeated."""
        self.text = io.TextIOWrapper(target, encoding="utf-8", newline="")
        self.writer = csv.writer(self.text, lineterminator="\n")
        self.kept = [
            at
            for at, header in enumerate(table.headers)
            if header not in REPORT_COLUMNS or mapping[at]
        ]
        row, reason = REPORT_COLUMNS
        self.write(row, [table.headers[at] for at in self.kept], reason)

    def add(self, each: Candidate) -> None:
        values = [each.row.values[at] for at in self.kept]
        reasons = [f"{about.column}: {about.reason}".removeprefix(": ") for about in each.problems]
        self.write(str(each.row.number), values, "; ".join(reasons))

    def write(self, row: str, values: list[str], reason: str) -> None:
        self.writer.writerow([row, *map(guard, values), guard(reason)])

    def close(self) -> None:
        """Hand the text over to the file below, which stays open."""
        self.text.detach()


class Intake:
    """One import at work: its rows, the table in which they wait, and the tally."""

    def __init__(self, each: "Import", run: Run, refusals: Refusals) -> None:
        self.each, self.run, self.refusals = each, run, refusals
        mapped = [name for name in each.mapping if name]
        self.staging = Staging(each.resource, each.tenant, mapped)
        self.checker = Checker(
            each.resource,
            each.tenant,
            headers=each.table.headers,
            mapping=each.mapping,
            updating=each.is_updating,
            staging=self.staging,
        )
        self.checked = 0
        each.added = each.updated = each.unchanged = each.refused = 0
        each.problems = []

    @contextmanager
    def rows(self) -> Iterator[Iterator[Row]]:
        """The rows of the file. Raises JobRefused if it is gone or cannot be read."""
        table = self.each.table
        try:
            with self.each.opened(self.each.file) as source, reading(source, table) as rows:
                yield rows
        except FileNotFoundError as error:
            raise JobRefused("The uploaded file is gone. Upload it again.") from error
        except Unreadable as error:
            raise JobRefused(str(error)) from error

    def check(self, *, share: int) -> None:
        """Check all rows, and put the good ones in line; that is one `share`-th of the work."""
        with self.rows() as rows:
            while batch := list(islice(rows, BATCH)):
                self.put_in_line(batch, self.checker.check(batch))
                self.checked += len(batch)
                self.run.progress(self.checked // share, max(self.each.rows, self.checked))
        self.each.rows = self.checked

    def put_in_line(self, batch: list[Row], checked: Checked) -> None:
        """Have the good rows wait, and count all of them."""
        candidates = checked.candidates
        waiting = [each for each in candidates if each.is_good and not each.says_nothing_new]
        refused = self.staging.add(waiting)
        for each in waiting:
            if each.row.number in refused:
                each.problems.append(Problem("", "", refused[each.row.number]))
        refused = self.staging.add_new(checked.lines)
        for row in batch if refused else []:
            if row.number in refused:
                problem = Problem("", "", refused[row.number])
                candidates.append(Candidate(row, problems=[problem]))
        self.each.added += len(checked.lines) - len(refused)
        self.each.unchanged += checked.unchanged
        for each in sorted(candidates, key=lambda each: each.row.number):
            self.count(each)

    def count(self, candidate: Candidate) -> None:
        """Keep the tally, the refused rows, and the first problems for the report."""
        if candidate.is_good:
            if candidate.existing is None:
                self.each.added += 1
            elif candidate.changed:
                self.each.updated += 1
            else:
                self.each.unchanged += 1
            return
        self.each.refused += 1
        self.refusals.add(candidate)
        room = self.each.SHOWN_PROBLEMS - len(self.each.problems)
        for problem in candidate.problems[: max(0, room)]:
            self.each.problems.append(
                {
                    "row": candidate.row.number,
                    "column": problem.column,
                    "value": problem.value[:SHOWN_LENGTH],
                    "reason": problem.reason,
                }
            )

    def bring_in(self) -> None:
        """Bring in the rows that wait; in the end the tally is what was written.

        Raises HeldBack where all or none are wanted and the database refuses one after all.
        """
        late: dict[int, str] = {}
        with connection.cursor() as cursor:
            # Piece by piece, in this job's turn, and not of all rows at once in the end.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        pieces = self.staging.pieces(PIECE * BATCH)
        for number, lines in enumerate(pieces, start=1):
            late |= self.staging.carefully(lines, self.write)
            if self.each.is_updating:
                late |= dict.fromkeys(self.staging.vanished(lines), "It was deleted meanwhile.")
            done = self.each.rows * number // len(pieces)
            self.run.progress((self.each.rows + done) // 2)
        if late:
            self.refuse(late)
            if self.each.is_all_or_nothing:
                raise HeldBack
        self.each.added, self.each.updated = self.each.written()

    def write(self, lines: range) -> None:
        """Write the rows of these lines, and write down what that was."""
        if marked := self.staging.insert(lines):
            self.each.trace(marked[0], added=marked[1])
        if self.each.is_updating and (marked := self.staging.update(lines)):
            self.each.trace(marked[0], updated=marked[1])

    def refuse(self, late: dict[int, str]) -> None:
        """Report the rows that somebody's work meanwhile kept out; for that the file is read anew.

        It is rare, and keeping all rows at hand for it would not be.
        """
        with self.rows() as rows:
            for row in rows:
                if row.number in late:
                    problem = Problem("", "", late[row.number])
                    self.count(Candidate(row, problems=[problem]))


@contextmanager
def worked(each: "Import", run: Run, *, trial: bool) -> Iterator[IO[bytes]]:
    """Bring the file in, or only check it; in the block, the refused rows are there as a file.

    Raises JobRefused if the uploaded file is gone or cannot be read any more.
    """
    run.progress(0, each.rows)
    with TemporaryFile() as content:
        refusals = Refusals(content, each.table, each.mapping)
        try:
            with run.in_turns():
                work = Intake(each, run, refusals)
                if trial:
                    work.check(share=1)
                else:
                    bring_in(work)
        finally:
            refusals.close()
        yield content


def bring_in(work: Intake) -> None:
    """Check all rows, then bring in the good ones, or none if all or none are wanted."""
    each = work.each
    work.check(share=2)
    try:
        if each.is_all_or_nothing and each.refused:
            raise HeldBack
        with transaction.atomic():
            work.bring_in()
    except HeldBack:
        each.added = each.updated = each.unchanged = 0
    else:
        each.resource.importer.afterwards(each.tenant)
