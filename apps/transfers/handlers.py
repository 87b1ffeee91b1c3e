"""The jobs of this room: make an export, bring in an import."""

from apps.jobs.registry import Lane, handles
from apps.jobs.runner import Run
from apps.transfers.models import Export, Import
from apps.transfers.telling import tell_of_export, tell_of_import, tell_of_trial, tell_of_undoing


@handles("transfers.export", lane=Lane.BULK, ended=tell_of_export, words="Export")
def make_export(run: Run) -> None:
    """Write the file of the job's export."""
    assert run.job.tenant
    export: Export = run.job.tenant.exports.get(job=run.job)
    export.make(run)


@handles("transfers.import", lane=Lane.BULK, ended=tell_of_import, words="Import")
def bring_in_import(run: Run) -> None:
    """Bring in the rows of the job's import."""
    assert run.job.tenant
    upload: Import = run.job.tenant.imports.get(job=run.job)
    upload.bring_in(run)


@handles("transfers.trial", lane=Lane.BULK, ended=tell_of_trial)
def try_import_out(run: Run) -> None:
    """Say what bringing in the rows of the job's import would do."""
    assert run.job.tenant
    upload: Import = run.job.tenant.imports.get(trial=run.job)
    upload.try_out(run)


@handles("transfers.undo", lane=Lane.BULK, ended=tell_of_undoing)
def undo_import(run: Run) -> None:
    """Undo the job's import."""
    assert run.job.tenant
    upload: Import = run.job.tenant.imports.get(undoing=run.job)
    upload.undo(run)
