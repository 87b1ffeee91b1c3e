"""Amazon's SNS messages: that they are Amazon's and of our topic; a message proves nothing before.

As docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html describes it, and SHA-256
signatures alone (SignatureVersion 2).
"""

import base64
import binascii
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import urllib3
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}(\.fifo)?")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]
PATIENCE = urllib3.Timeout(connect=1, read=2)
LARGEST = 64 * 1024


class Forged(Exception):
    """The message is not Amazon's, or not of our topic; the words say what gives it away."""


def verify(message: dict[str, Any], *, topic: str) -> None:
    """Make sure that Amazon has signed this message for `topic`. Raises Forged otherwise.

    The certificate is taken from Amazon's own host in the topic's region, whatever the message
    says, and not before the topic is ours: else strangers could have us ask for what they name.
    """
    if message.get("TopicArn") != topic:
        raise Forged("It is of another topic.")
    if message.get("SignatureVersion") != "2" or message.get("Type") not in SIGNED:
        raise Forged("It is not signed with SignatureVersion 2, or of an unknown type.")
    key = signing_key(belonging_to_amazon(str(message.get("SigningCertURL")), topic=topic))
    try:
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
        key.verify(signature, signed_text(message), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, InvalidSignature) as error:
        raise Forged("Its signature is wrong.") from error


def signed_text(message: dict[str, Any]) -> bytes:
    """What the signature covers: the names and values of the fields, a line for each."""
    names = [name for name in SIGNED[message["Type"]] if name in message]
    return "".join(f"{name}\n{message[name]}\n" for name in names).encode()


def belonging_to_amazon(url: str, *, topic: str) -> str:
    """The address, if it is on SNS's own host in the topic's region. Raises Forged otherwise."""
    found = TOPIC.fullmatch(topic)
    parts = urlsplit(url)
    if found is None or parts.scheme != "https":
        raise Forged("It names an address that is not Amazon's.")
    ending = "amazonaws.com.cn" if found[1] == "aws-cn" else "amazonaws.com"
    if parts.netloc != f"sns.{found[2]}.{ending}":
        raise Forged("It names an address that is not Amazon's.")
    return url


@lru_cache(maxsize=8)
def signing_key(url: str) -> rsa.RSAPublicKey:
    """The public key of the certificate at that address. Raises Forged if there is none."""
    try:
        key = x509.load_pem_x509_certificate(fetch(url)).public_key()
    except ValueError as error:
        raise Forged("There is no certificate where it names one.") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise Forged("The certificate's key is of another kind.")
    return key


def confirm(message: dict[str, Any], *, topic: str) -> None:
    """Tell SNS that we want what it announces; only for a message that was verified."""
    fetch(belonging_to_amazon(str(message.get("SubscribeURL")), topic=topic))


def fetch(url: str) -> bytes:
    """What is at that address, following no redirect. Raises urllib3's HTTPError if nobody says."""
    with urllib3.PoolManager(timeout=PATIENCE, retries=False) as pool:
        answer = pool.request("GET", url, redirect=False, preload_content=False)
        return answer.read(LARGEST) if answer.status == 200 else b""
