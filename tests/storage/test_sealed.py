"""sealed: many files go into one sealed file and come out the same."""

import io
import os
import tarfile
from typing import BinaryIO

import pytest

from storage import ages
from storage.errors import DigestMismatch, StorageError, UnsafeName
from storage.sealed import Member, seal, unseal

PAIR = ages.new_identity()
FILES = {
    "空.txt": b"",
    "a/b.bin": os.urandom(70_000),
    "长" * 80 + ".txt": b"x" * 512,
    "c": os.urandom(3_000_000),
}


def _sealed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    members = (Member(path, len(content), io.BytesIO(content)) for path, content in files.items())
    seal(members, out, [PAIR.recipient])
    return out.getvalue()


def _unsealed(sealed: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def take(path: str, stream: BinaryIO) -> None:
        found[path] = stream.read()

    unseal(io.BytesIO(sealed), PAIR.secret, take)
    return found


def test_files_come_out_as_they_went_in() -> None:
    """Empty, large and long-named files keep name, bytes and order."""
    found = _unsealed(_sealed(FILES))

    assert found == FILES and list(found) == list(FILES)


@pytest.mark.parametrize("kept", [0, 1, 100, 70_000, -65_536, -200, -1])
def test_f03_a_cut_file_is_found_wherever_it_was_cut(kept: int) -> None:
    """However much is cut off, opening it fails and says that it is damaged."""
    with pytest.raises(ages.CannotOpen) as told:
        _unsealed(_sealed(FILES)[:kept])

    assert told.value.facts["reason"] == "damaged"


def test_a_file_that_changed_while_it_was_read_is_refused() -> None:
    """A file shorter or longer than announced ends the sealing with its name."""
    for size in (5, 3):
        with pytest.raises(DigestMismatch) as told:
            seal([Member("a", size, io.BytesIO(b"1234"))], io.BytesIO(), [PAIR.recipient])

        assert told.value.facts["path"] == "a"


def test_links_and_paths_that_lead_out_are_refused() -> None:
    """A sealed tar of somebody else can place nothing outside."""
    for name, kind in (("../a", tarfile.REGTYPE), ("/a", tarfile.REGTYPE), ("a", tarfile.SYMTYPE)):
        info = tarfile.TarInfo(name)
        info.type = kind
        out = io.BytesIO()
        ages.encrypt(io.BytesIO(info.tobuf() + bytes(1024)), out, [PAIR.recipient])
        with pytest.raises(UnsafeName):
            _unsealed(out.getvalue())


def test_who_takes_may_stop_early() -> None:
    """An error of the reader comes through as it is."""

    class Enough(StorageError):
        pass

    def take(path: str, stream: BinaryIO) -> None:
        raise Enough()

    with pytest.raises(Enough):
        unseal(io.BytesIO(_sealed(FILES)), PAIR.secret, take)
