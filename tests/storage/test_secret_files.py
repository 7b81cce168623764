"""Secrets on disk: whole, for their owner only, never over another one."""

import os
import stat
from pathlib import Path

from storage.secret_files import keep_new, replace


def test_a_secret_is_kept_once_and_for_its_owner(tmp_path: Path) -> None:
    """The first text stays; a second is not written over it; nobody else may read the file."""
    place = tmp_path / "keys" / "session.key"
    written = [keep_new(place, "first"), keep_new(place, "second")]

    assert (written, place.read_text()) == ([True, False], "first")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert os.listdir(place.parent) == ["session.key"]


def test_a_secret_is_replaced_in_one_step(tmp_path: Path) -> None:
    """After a replacement the new text stands there, and no draft beside it."""
    place = tmp_path / "audit.key"
    keep_new(place, "first")
    replace(place, "second")

    assert (place.read_text(), os.listdir(tmp_path)) == ("second", ["audit.key"])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
