"""ages: what is sealed opens whole for its own key, and for nobody else."""

import io
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from storage import ages

DATA = bytes(range(256)) * 1200  # five blocks of age


def _sealed(*recipients: str) -> bytes:
    out = io.BytesIO()
    ages.encrypt(io.BytesIO(DATA), out, recipients)
    return out.getvalue()


def _opened(sealed: bytes, secret: str) -> bytes:
    out = io.BytesIO()
    ages.decrypt(io.BytesIO(sealed), out, secret)
    return out.getvalue()


def test_each_recipient_opens_and_nothing_shows() -> None:
    """A file sealed for two opens for either; the content is nowhere in it."""
    one, two = ages.new_identity(), ages.new_identity()
    sealed = _sealed(one.recipient, two.recipient)

    assert _opened(sealed, one.secret) == _opened(sealed, f"# 备注\n{two.secret}\n") == DATA
    assert sealed.startswith(b"age-encryption.org/v1\n") and DATA[:64] not in sealed
    assert one.secret not in repr(one)


def test_a_foreign_key_is_told_from_damage() -> None:
    """The wrong key is reason "key"; a cut, lengthened or flipped file is reason "damaged"."""
    own, other = ages.new_identity(), ages.new_identity()
    sealed = _sealed(own.recipient)
    flipped = bytearray(sealed)
    flipped[len(sealed) // 2] ^= 1
    reasons = []
    for content, secret in (
        (sealed, other.secret),
        (sealed[:-1], own.secret),
        (sealed[: 65_536 * 2], own.secret),
        (b"", own.secret),
        (sealed + b"x", own.secret),
        (bytes(flipped), own.secret),
    ):
        with pytest.raises(ages.CannotOpen) as told:
            _opened(content, secret)
        reasons.append(told.value.facts["reason"])

    assert reasons == ["key"] + ["damaged"] * 5


def test_what_is_no_key_is_refused() -> None:
    """Words that are no key, no key at all and two keys are refused before anything is written."""
    pair = ages.new_identity()

    assert ages.identity(pair.secret) == pair
    for text in ("", "AGE-SECRET-KEY-1", pair.recipient, f"{pair.secret}\n{pair.secret}"):
        with pytest.raises(ages.NotAnIdentity):
            ages.identity(text)
    for recipients in ([], ["age1xyz"], [pair.secret]):
        with pytest.raises(ages.NotAnIdentity):
            _sealed(*recipients)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_b08_a_full_disk_is_told_as_one() -> None:
    """A disk without room is an OSError with its number, never damage."""
    pair = ages.new_identity()
    for act in (
        lambda full: ages.encrypt(io.BytesIO(DATA), full, [pair.recipient]),
        lambda full: ages.decrypt(io.BytesIO(_sealed(pair.recipient)), full, pair.secret),
    ):
        with pytest.raises(OSError) as told:
            act(cast(BinaryIO, os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0)))

        assert told.value.errno == 28
