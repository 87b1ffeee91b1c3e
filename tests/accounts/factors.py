"""The second steps that a person has in their hands: an authenticator app and a passkey."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
import time
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.cache import cache
from fido2.cose import ES256
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from apps.accounts.models import User
from tests.accounts.conftest import sign_in_by_password
from tests.conftest import PASSWORD, Browser

ACTIVATE = "/accounts/2fa/totp/activate/"
ADD = "/accounts/2fa/webauthn/add/"
CODES = "/accounts/2fa/recovery-codes/"
SECURITY = "/accounts/2fa/"
STEP = "/accounts/2fa/authenticate/"
FLAGS = AuthenticatorData.FLAG


def code_of(secret: str, *, periods: int = 0, now: float | None = None) -> str:
    """What an app shows for a secret, `periods` half minutes from now (RFC 4226 and 6238)."""
    moment = struct.pack(">Q", int(now or time.time()) // 30 + periods)
    digest = hmac.digest(base64.b32decode(secret), moment, hashlib.sha1)
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def next_code(secret: str) -> str:
    """The code of the half minute to come.

    It is good after one that was used just now, and stays so if the half minute ends meanwhile.
    """
    return code_of(secret, periods=1)


def secret_on(page: str) -> str:
    """The key that the page shows to those who cannot scan it."""
    found = re.search(r'id="authenticator_secret">([A-Z2-7 ]+)<', page)
    assert found
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"^(\d{8})$", page.replace("<pre", "\n<pre").replace(">", ">\n"), re.M)


def confirm(browser: Browser, password: str = PASSWORD) -> Any:
    """Prove that it is still oneself, as is asked before sensitive steps."""
    return browser.post("/accounts/reauthenticate/", {"password": password, "next": SECURITY})


def set_up_app(browser: Browser) -> str:
    """Enrol an app; return its secret."""
    confirm(browser)
    secret = secret_on(browser.get(ACTIVATE).content.decode())
    answer = browser.post(ACTIVATE, {"code": code_of(secret)})
    assert answer.headers["Location"] == CODES
    return secret


def take_codes(browser: Browser) -> list[str]:
    """The recovery codes, on the one page that shows them."""
    found = codes_on(browser.get(CODES).content.decode())
    assert len(found) == 10
    return found


def authenticators(user: User) -> list[str]:
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def websafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Passkey:
    """A passkey and the browser that asks it, as far as the server can tell."""

    def __init__(self, *, verifies: bool = True) -> None:
        self.id, self.verifies = secrets.token_bytes(32), verifies
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.origin, self.rp_id = "https://testserver", "testserver"
        self.user_handle = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the server's wish for a new passkey."""
        asked = options["publicKey"]
        self.user_handle = asked["user"]["id"]
        public = ES256.from_cryptography_key(self.private.public_key())
        credential = AttestedCredentialData.create(bytes(16), self.id, public)
        data = AuthenticatorData.create(self._rp_hash(), self._flags() | FLAGS.AT, 0, credential)
        attestation = AttestationObject.create("none", data, {})
        return {
            "type": "public-key",
            "id": websafe(self.id),
            "rawId": websafe(self.id),
            "response": {
                "clientDataJSON": websafe(self._client("webauthn.create", asked["challenge"])),
                "attestationObject": websafe(bytes(attestation)),
                "transports": ["internal"],
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
        }

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the server's challenge."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = bytes(AuthenticatorData.create(self._rp_hash(), self._flags(), 1))
        signed = data + hashlib.sha256(client).digest()
        return {
            "type": "public-key",
            "id": websafe(self.id),
            "rawId": websafe(self.id),
            "response": {
                "clientDataJSON": websafe(client),
                "authenticatorData": websafe(data),
                "signature": websafe(self.private.sign(signed, ec.ECDSA(SHA256()))),
                "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        }

    def _flags(self) -> AuthenticatorData.FLAG:
        return FLAGS.UP | FLAGS.UV if self.verifies else FLAGS.UP

    def _rp_hash(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()


def options_on(page: str, name: str) -> dict[str, Any]:
    """What a page hands to its browser about passkeys."""
    found = re.search(r'<script id="js_data" type="application/json">(.+?)</script>', page)
    assert found
    options: dict[str, Any] = json.loads(found[1])[name]
    return options


def add_passkey(browser: Browser, name: str = "Laptop", **kinds: Any) -> Passkey:
    """Register a passkey that can sign in alone."""
    confirm(browser)
    passkey = Passkey(**kinds)
    made = passkey.create(options_on(browser.get(ADD).content.decode(), "creation_options"))
    fields = {"name": name, "passwordless": "on", "credential": json.dumps(made)}
    answer = browser.post(ADD, fields)
    assert answer.status_code == 302, answer.content.decode()
    return passkey


def sign_in_by_passkey(browser: Browser, passkey: Passkey, **fields: str) -> Any:
    """Ask for a challenge as the script of the sign-in page does, and answer it."""
    asked = browser.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    answer = json.dumps(passkey.get(asked.json()["request_options"]))
    return browser.post("/accounts/2fa/webauthn/login/", {"credential": answer, **fields})


def forget_used_codes() -> None:
    """Let every code of every app be new, as hours later."""
    for app in Authenticator.objects.filter(type="totp"):
        app.data.pop("last_period")
        app.save()
    cache.clear()


def half_in(user: User) -> Browser:
    """A browser in which the password was right and the second step is asked for."""
    browser = Browser()
    assert sign_in_by_password(browser, user.email, PASSWORD).headers["Location"] == STEP
    return browser
