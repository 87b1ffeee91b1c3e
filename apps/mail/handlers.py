"""The jobs of mail: to hand one over, and to note what providers report."""

from datetime import timedelta

import structlog

from apps.jobs.registry import Lane, handles
from apps.jobs.runner import JobRefused, Run
from apps.mail import reports
from apps.mail.models import Ended, Mail

log = structlog.get_logger("slipway.mail")


@handles("mail.send", lane=Lane.URGENT, limit=timedelta(minutes=2), words="Mail")
def send(run: Run) -> None:
    """Hand the job's mail to the mail server, or note why not.

    A mail that is refused, kept back or put off has not failed as a job: what was to be done is
    done, and the mail says how it ended, or when its next job is due.
    """
    # Locked, so that a provider that reports on it at once waits until its end is noted.
    mail = Mail.objects.select_for_update().filter(job=run.job).first()
    if mail is None:  # put off, by an attempt that was thought to be lost
        return
    try:
        mail.deliver()
    except Ended as reason:
        raise JobRefused(str(reason)) from reason
    tell(mail)


def tell(mail: Mail) -> None:
    """Say in the log what became of it."""
    about = {"mail": mail.pk, "template": mail.template}
    if mail.state == Mail.State.SENT:
        log.info("mail.sent", **about, message_id=mail.message_id)
    elif mail.state == Mail.State.QUEUED:
        log.warning("mail.put_off", **about, times=mail.put_off, reason=mail.error)
    elif mail.state == Mail.State.FAILED:
        log.warning("mail.refused", **about, reply=mail.error)
    elif mail.state == Mail.State.WITHHELD:
        log.warning("mail.withheld", **about, reason=mail.error)
    elif mail.state == Mail.State.SUPPRESSED:
        log.warning("mail.not_sent", **about, reason=mail.error)


@handles("mail.report")
def note_reports(run: Run) -> None:
    """Let what the provider reported take effect."""
    for report in reports.unpacked(run.job.arguments["reports"]):
        reports.note(report)
