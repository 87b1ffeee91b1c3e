"""People: one global identity each, known by e-mail address; what they may do stands in tenants."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

# What counts as one, by django-allauth's names; recovery codes only come along with it.
SECOND_FACTORS = ["totp", "webauthn"]


class UserManager(BaseUserManager["User"]):
    """Makes people; addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField("your name", max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_one_per_address"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What others see: the name, or the address of somebody who gave none."""
        return self.name or self.email

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in by password asks for a second step. One query."""
        from allauth.mfa.utils import is_mfa_enabled

        return bool(is_mfa_enabled(self, SECOND_FACTORS))


def display_name(user: User) -> str:
    """What allauth calls a person."""
    return user.display_name
