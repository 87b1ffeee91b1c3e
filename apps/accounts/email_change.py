"""Changing one's address: a code to the old one, then another to the new one, then it counts.

The second half is django-allauth's own confirmation of an address, which only `go_on` begins.
"""

from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import sessions, signin
from apps.accounts.models import User
from apps.core.http import SignedInRequest


class EmailChange(AbstractCodeVerificationProcess):
    """A change that waits for the code which went to the old address.

    It lives in the session of whoever asked, so that the code is of no use in another browser; it
    ends with the right code, with too many wrong ones, or after ten minutes.
    """

    KEY: ClassVar[str] = "email_change"

    def __init__(self, request: SignedInRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
            state=state,
            user=request.user,
        )

    @classmethod
    def ask(cls, request: SignedInRequest, address: str) -> None:
        """Mail the code for a change to `address`; one that was under way is forgotten."""
        change = cls(request, cls.initial_state(request.user, email=address))
        change.state["code"] = get_adapter().generate_email_verification_code()
        change.state["old"] = request.user.email
        change.send()
        change.persist()

    @classmethod
    def under_way(cls, request: SignedInRequest) -> "EmailChange | None":
        """The change that waits for its first code, or None."""
        state = request.session.get(cls.KEY)
        if not state or state["old"] != request.user.email:
            return None
        change: EmailChange | None = cls(request, state).abort_if_invalid()
        return change

    @property
    def address(self) -> str:
        return str(self.state["email"])

    def send(self) -> None:
        context = {"code": self.code, "to_email": self.address}
        get_adapter().send_notification_mail("email_change_code", self.user, context)

    def persist(self) -> None:
        self.request.session[self.KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(self.KEY, None)

    def record_invalid_attempt(self) -> bool:
        """Count a wrong code; False if it was the last that is let pass."""
        signin.log_attempt("signin.wrong_code", self.request, {"email": self.state["old"]})
        return bool(super().record_invalid_attempt())

    def go_on(self) -> None:
        """Mail the code to the new address, now that the old one has confirmed."""
        EmailVerificationProcess.initiate(request=self.request, user=self.user, email=self.address)
        self.abort()


@receiver(email_changed)
def complete(
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **kwargs: Any,
) -> None:
    """Sign out everywhere else, and tell the new address; the library tells the old one."""
    if from_email_address is None:
        return  # the address of a new account
    sessions.end_others(request=request, user=user)
    context = {"from_email": from_email_address.email, "to_email": to_email_address.email}
    get_adapter().send_notification_mail("email_change_done", user, context, to_email_address.email)
