"""Google, GitHub and Microsoft on loopback: authorize, token and profile over real HTTP.

One server plays the three. It holds the product to the protocol (RFC 6749, 7636, OpenID Connect):
a code works once, for the client, the address and the verifier that it was given for.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import requests
import trustme

from tests.world.listener import Handler, Listener

SECRET = "the secret of a client on loopback"
NAME = "accounts.provider.example"


@cache
def signer() -> trustme.LeafCert:
    """What a provider signs its tokens with; making one takes a while."""
    return trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(NAME, key_type=trustme.KeyType.RSA)


def sign(claims: dict[str, Any], key: bytes, algorithm: str = "RS256") -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": NAME})


@dataclass
class Somebody:
    """Whoever sits before the provider's page, as each provider tells of them."""

    id: str = "1001"
    name: str = "Ada Lovelace"
    email: str = "ada@gmail.com"
    verified: bool = True
    hd: str = ""
    more: list[dict[str, Any]] = field(default_factory=list)

    def as_google(self) -> dict[str, Any]:
        first, _, last = self.name.partition(" ")
        told = {"sub": self.id, "email": self.email, "picture": "https://x/y", "name": self.name}
        told |= {"given_name": first, "family_name": last}
        return told | {"email_verified": self.verified} | ({"hd": self.hd} if self.hd else {})

    def as_github(self) -> dict[str, Any]:
        return {"id": int(self.id), "login": "ada", "name": self.name, "email": None, "bio": "x"}

    def as_microsoft(self) -> dict[str, Any]:
        told = {"id": self.id, "displayName": self.name, "mail": self.email, "jobTitle": "x"}
        first, _, last = self.name.partition(" ")
        return told | {"givenName": first, "surname": last}

    def emails(self) -> list[dict[str, Any]]:
        return [*self.more, {"email": self.email, "primary": True, "verified": self.verified}]


class Provider(Listener):
    """A provider that listens on `url`; what it does next is set on it before."""

    def __init__(self) -> None:
        self.somebody = Somebody()
        self.consents = True
        self.hangs = threading.Event()
        self.broken: dict[str, bytes] = {}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any], bytes], str] = sign
        self.asked: dict[str, str] = {}
        self.requests: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self._release = threading.Event()
        provider = self

        class Page(Handler):
            def do_GET(self) -> None:
                provider.answer(self)

            def do_POST(self) -> None:
                provider.answer(self)

        super().__init__(Page)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def visit(self, url: str) -> str:
        """Open the provider's page as a browser would; return where it sends one afterwards."""
        response = requests.get(url, allow_redirects=False, timeout=10)
        assert response.status_code == 302, response.text
        return str(response.headers["Location"])

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(handler.path).path, urlsplit(handler.path).query
        length = int(handler.headers.get("Content-Length") or 0)
        form = dict(parse_qsl(handler.rfile.read(length).decode()))
        self.requests.append(path)
        if self.hangs.is_set():
            self._release.wait(10)
            return
        if path in self.broken:
            send(handler, 200, self.broken[path])
        elif path.endswith("/authorize"):
            self.authorize(handler, {name: values[0] for name, values in parse_qs(query).items()})
        elif path.endswith("/token"):
            self.token(handler, form)
        elif path == "/certs":
            certificate = signer().cert_chain_pems[0].bytes().decode()
            send(handler, 200, json.dumps({NAME: certificate}).encode())
        else:
            self.profile(handler, path)

    def profile(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        token = handler.headers.get("Authorization", "").rpartition(" ")[2]
        profiles = {
            "/userinfo": self.somebody.as_google,
            "/user": self.somebody.as_github,
            "/user/emails": self.somebody.emails,
            "/v1.0/me": self.somebody.as_microsoft,
        }
        if token in self.tokens:
            send(handler, 200, json.dumps(profiles[path]()).encode())
        else:
            send(handler, 401, b"{}")

    def authorize(self, handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        self.asked = asked
        told = {"state": asked["state"]}
        if asked["response_type"] != "code" or asked["code_challenge_method"] != "S256":
            return send(handler, 400, b"{}")
        if self.consents:
            told["code"] = code = secrets.token_urlsafe()
            self._codes[code] = asked
        else:
            told["error"] = "access_denied"
        handler.send_response(302)
        handler.send_header("Location", f"{asked['redirect_uri']}?{urlencode(told)}")
        handler.end_headers()

    def token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or form.get("client_secret") != SECRET
            or form["client_id"] != asked["client_id"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return send(handler, 400, b'{"error": "invalid_grant"}')
        self.tokens.add(token := secrets.token_urlsafe())
        told = {"access_token": token, "token_type": "bearer", "expires_in": 3600}
        if "openid" in asked["scope"]:
            claims = {"iss": self.url, "aud": asked["client_id"], "exp": time.time() + 60}
            claims |= self.somebody.as_google() | self.claims
            told["id_token"] = self.sign(claims, signer().private_key_pem.bytes())
        send(handler, 200, json.dumps(told).encode())

    def stop(self) -> None:
        """Go away, also from those who wait for an answer."""
        self._release.set()
        super().stop()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
