"""A mail provider on loopback: it wants STARTTLS and a login before it takes anything."""

import ssl
from hmac import compare_digest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dev.valkey import free_port


class Relay(Controller):
    """Listens on `.port` once it has started; `user` and `password` open it."""

    def __init__(self, *, context: ssl.SSLContext, user: str, password: str) -> None:
        self.user, self.password = user, password
        self.taken = 0
        super().__init__(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=self.authenticate,
        )

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        """Let in whoever knows both."""
        assert isinstance(given, LoginPassword)
        known = compare_digest(given.login.decode(), self.user)
        return AuthResult(
            success=compare_digest(given.password.decode(), self.password) and known, handled=False
        )

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        self.taken += 1
        return "250 Taken"
