"""Ed25519 signatures (RFC 8032) over what the archive says outside itself.

The key is a small file that only the worker reads; what verifies is public
and stands in every store. One key has one id, drawn from its public half.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import Unreadable
from storage.secret_files import keep_new

_SIZE = 32  # bytes, both halves


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; seed is secret."""

    seed: bytes

    @property
    def public(self) -> str:
        """Return the public half in hex."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw().hex()

    @property
    def id(self) -> str:
        """Return the id of the key."""
        return key_id(self.public)

    def sign(self, content: bytes) -> str:
        """Return the signature over content, in base64."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(content)
        return base64.b64encode(signature).decode("ascii")


def key_id(public: str) -> str:
    """Return the id that a public key (hex) has: the begin of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def signing_key(path: Path) -> SigningKey:
    """Return the key in a file, made at its first use and never overwritten. Raises Unreadable."""
    try:
        if not path.exists():
            keep_new(path, Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        seed = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise Unreadable(key=path.name, reason="no signing key") from error
    if len(seed) != _SIZE:
        raise Unreadable(key=path.name, reason="no signing key")
    return SigningKey(seed)


def is_signed(content: bytes, signature: str, public: str) -> bool:
    """Return whether a signature (base64) over content is of this public key (hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    return True
