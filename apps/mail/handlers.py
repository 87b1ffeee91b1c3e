"""The job that sends mail."""

import structlog

from apps.jobs.registry import Lane, handles
from apps.jobs.runner import JobRefused, Run
from apps.mail import transport
from apps.mail.models import Mail

log = structlog.get_logger("slipway.mail")


@handles("mail.send", lane=Lane.URGENT)
def send(run: Run) -> None:
    """Hand the job's mail to the mail server. What the server will never take fails at once.

    One that is kept from its recipient has not failed: the job has done what is to be done.
    """
    mail = Mail.objects.get(job=run.job)
    try:
        mail.deliver()
    except transport.Refused as refusal:
        log.warning("mail.refused", mail=mail.pk, template=mail.template, reply=str(refusal))
        raise JobRefused(str(refusal)) from refusal
    if mail.state == Mail.State.WITHHELD:
        log.warning("mail.withheld", mail=mail.pk, template=mail.template, reason=mail.error)
        return
    log.info("mail.sent", mail=mail.pk, template=mail.template, message_id=mail.message_id)
