"""Who a password belongs to: one question to the database, whether or not the address is known."""

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.models import User


class PasswordBackend(AuthenticationBackend):
    """django-allauth's, which hashes for nobody as well, but asks twice about unknown addresses."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        user = User.objects.filter(email=email.strip().lower()).first()
        found: User | None = self._check_password(user, password)
        return found
