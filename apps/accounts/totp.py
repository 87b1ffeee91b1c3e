"""A code of an authenticator app works once: django-allauth has a cache remember it for 30 s.

With a tolerance of one period a code is good for 90 seconds, and a cache may be emptied or gone.
"""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.db import transaction

from apps.accounts.models import User


@transaction.atomic
def spend(user: User, code: str) -> bool:
    """Use up a code of a person's app; False if it or a later one was used (RFC 6238, 5.2)."""
    apps = Authenticator.objects.select_for_update()
    app = apps.get(user_id=user.pk, type=Authenticator.Type.TOTP)
    secret = decrypt(app.data["secret"])
    newest = max(
        (
            period
            for period in auth.yield_hotp_counters_from_time()
            if compare_user_code(
                actual=code, expected=auth.format_hotp_value(auth.hotp_value(secret, period))
            )
        ),
        default=-1,
    )
    if newest <= app.data.get("last_period", -1):
        return False
    app.data["last_period"] = newest
    app.save(update_fields=["data"])
    return True
