"""age files: sealing for disks that leave the house.

One home for the library pyrage. An age file (age-encryption.org/v1) is opened
by the identity of any of its recipients and by nothing else; every 64 KiB
carry their own authentication, so a cut or flipped file never decrypts whole.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import BinaryIO

import pyrage

from storage.errors import StorageError


class NotAnIdentity(StorageError):
    """The text is no age identity, or no age recipient."""

    code = "ST-011"


class CannotOpen(StorageError):
    """The file is damaged or cut, or sealed for somebody else; facts["reason"] says which."""

    code = "ST-012"


@dataclass(frozen=True, slots=True)
class Identity:
    """A pair: secret is what opens (AGE-SECRET-KEY-1...), recipient what seals (age1...)."""

    secret: str
    recipient: str

    def __repr__(self) -> str:
        return f"Identity(recipient={self.recipient!r})"


def new_identity() -> Identity:
    """Return a fresh pair."""
    made = pyrage.x25519.Identity.generate()
    return Identity(str(made), str(made.to_public()))


def identity(text: str) -> Identity:
    """Return the pair of the one secret in a text; other lines are notes. Raises NotAnIdentity."""
    words = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    lines = [word for word in words if word.upper().startswith("AGE-SECRET-KEY-")]
    if len(lines) != 1:
        raise NotAnIdentity(lines=len(lines))
    try:
        known = pyrage.x25519.Identity.from_str(lines[0])
    except pyrage.IdentityError as error:
        raise NotAnIdentity(lines=1) from error
    return Identity(str(known), str(known.to_public()))


def check_recipient(text: str) -> str:
    """Return a recipient without the blanks around it. Raises NotAnIdentity."""
    try:
        return str(pyrage.x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError as error:
        raise NotAnIdentity(recipient=text.strip()[:80]) from error


def encrypt(source: BinaryIO, target: BinaryIO, recipients: Iterable[str]) -> None:
    """Write source, read once, into target, sealed for all recipients.

    Raises NotAnIdentity (also for no recipient at all), OSError of the two streams.
    """
    known = [pyrage.x25519.Recipient.from_str(check_recipient(text)) for text in recipients]
    if not known:
        raise NotAnIdentity(recipient="")
    watched = _Watched(source, target)
    try:
        pyrage.encrypt_io(watched, watched, known)
    except (OSError, pyrage.EncryptError) as error:
        raise watched.failure or OSError(str(error)) from error


def decrypt(source: BinaryIO, target: BinaryIO, secret: str) -> None:
    """Write what source holds into target. Raises NotAnIdentity, CannotOpen, OSError.

    Where CannotOpen comes from a cut or damaged end, the good blocks before
    it are in target already: the caller throws target away.
    """
    opener = pyrage.x25519.Identity.from_str(identity(secret).secret)
    watched = _Watched(source, target)
    try:
        pyrage.decrypt_io(watched, watched, [opener])
    except (OSError, pyrage.DecryptError) as error:
        if watched.failure is not None:
            raise watched.failure from error
        raise CannotOpen(reason=_reason(str(error))) from error


@contextmanager
def opened(source: BinaryIO, secret: str) -> Iterator[BinaryIO]:
    """Give what source holds as a stream, opened as it is read; the block's end reads on to the last byte.

    Raises NotAnIdentity, CannotOpen and OSError when the block ends, also in
    place of what the block itself raised over the broken stream.
    """
    reading, writing = os.pipe()
    failures: list[StorageError | OSError] = []
    thread = Thread(target=_pour, args=(source, writing, secret, failures), daemon=True)
    thread.start()
    try:
        try:
            with os.fdopen(reading, "rb") as plain:
                yield plain
                while plain.read(1 << 20):
                    continue  # the last block carries the proof that nothing was cut off
        finally:
            thread.join()
    except BaseException as error:
        if failures:
            raise failures[0] from error
        raise
    if failures:
        raise failures[0]


def _pour(source: BinaryIO, writing: int, secret: str, failures: list[StorageError | OSError]) -> None:
    try:
        with os.fdopen(writing, "wb") as target:
            decrypt(source, target, secret)
    except BrokenPipeError:
        return  # the reader stopped before the end, and says why itself
    except (StorageError, OSError) as failure:
        failures.append(failure)


class _Watched:
    """Both streams; the library loses what an error of theirs was, so it is kept here."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the source."""
        try:
            return self._source.read(size)
        except BaseException as error:
            self.failure = error
            raise

    def write(self, block: bytes) -> int:
        """Write into the target."""
        try:
            return self._target.write(block)
        except BaseException as error:
            self.failure = error
            raise

    def flush(self) -> None:
        """Hand on what the target still holds back."""
        try:
            self._target.flush()
        except BaseException as error:
            self.failure = error
            raise


def _reason(told: str) -> str:
    """Return "key" where no recipient in the head is ours, else "damaged"."""
    return "key" if "no matching" in told.lower() else "damaged"
