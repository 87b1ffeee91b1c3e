"""How long a mail's row is kept; what it said is gone as soon as it has left."""

from datetime import timedelta

from django.utils import timezone

from apps.core import mailing
from apps.mail.models import Mail, Suppression
from apps.mail.tasks import purge


def test_rows_go_after_ninety_days_and_what_still_waits_stays(db: None) -> None:
    for state in ("sent", "bounced", "queued", "delivered"):
        mailing.send("test", to=f"{state}@example.com")
        Mail.objects.filter(to=f"{state}@example.com").update(state=state)
    Suppression.objects.add("bounced@example.com", reason="bounced", mail=Mail.objects.all()[1])
    long_ago = timezone.now() - timedelta(days=91)
    Mail.objects.exclude(state="delivered").update(created_at=long_ago)
    purge()
    assert {*Mail.objects.values_list("state", flat=True)} == {"queued", "delivered"}
    assert Suppression.objects.standing().get().mail is None


def test_it_goes_in_pieces(db: None) -> None:
    for number in range(3):
        mailing.send("test", to=f"person{number}@example.com")
    long_ago = timezone.now() - timedelta(days=91)
    Mail.objects.update(state="sent", created_at=long_ago)
    assert [Mail.objects.purge(limit=2) for _ in range(3)] == [2, 1, 0]
