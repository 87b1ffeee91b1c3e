"""Where Slipway's ways of two-step sign-in differ from django-allauth's: words, names, secrets."""

import base64

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.devices import describe
from apps.accounts.models import User
from config.product import PRODUCT


def key_from(secret: str) -> Fernet:
    """A key for what is kept encrypted, made of one of the site's secret keys."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"slipway.mfa")
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret.encode())))


def keys() -> MultiFernet:
    """Encrypts with SECRET_KEY; decrypts what SECRET_KEY_FALLBACKS encrypted, too."""
    return MultiFernet(map(key_from, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))


class MFAAdapter(DefaultMFAAdapter):
    """Keeps secrets encrypted, ties passkeys to SITE_URL and speaks plainly."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": "You cannot switch off two-step sign-in.",
        "cannot_generate_recovery_codes": (
            "Set up an authenticator app or a passkey first; recovery codes come with it."
        ),
        "incorrect_code": "This is not the code. Wait for the next one, or look at the clock.",
        "unverified_email": "Confirm your new e-mail address first, or keep the old one.",
    }

    def encrypt(self, text: str) -> str:
        return keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises InvalidToken for what none of our keys encrypted."""
        return keys().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Tie passkeys to the site's own address; a request could come under another host."""
        return {"id": settings.SITE_HOST, "name": PRODUCT.name}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Suggest the browser's name for a new passkey, by which people tell devices apart."""
        return describe(context.request.headers.get("User-Agent", ""))

    def build_totp_svg(self, url: str) -> SafeString:
        """The QR code as markup for the page itself: the policy allows no data: pictures."""
        svg: str = super().build_totp_svg(url)
        # It is made of digits and our own address, by a library; what stands before is an XML head.
        return mark_safe(svg[svg.index("<svg") :])  # noqa: S308  (see above)


def reencrypt(authenticator: Authenticator) -> None:
    """Encrypt an authenticator's secret anew, with today's SECRET_KEY."""
    for name in ("secret", "seed"):
        if name in authenticator.data:
            token = authenticator.data[name].encode()
            authenticator.data[name] = keys().rotate(token).decode()
            authenticator.save(update_fields=["data"])
