"""The twenty ways in which a good bag was changed (reliability M1).

Each says what bagit-python answers, what our judge says of the folder alone,
and what a comparison with the register says.
"""

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from preservation.checks import Outcome
from tests.bags.making import alter, flip, flip_hex, overwrite, remake_manifests

PHOTO = "data/objects/0001.jpg"
TEXT = "data/objects/0002.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault: how it is made, and who sees it with which code ("" where nobody does)."""

    name: str
    make: Callable[[Path], None]
    bagit_sees: bool
    alone: Outcome
    code: str
    register: Outcome
    register_code: str


def _swap(bag: Path) -> None:
    first, second = (bag / PHOTO).read_bytes(), (bag / TEXT).read_bytes()
    overwrite(bag / PHOTO, second)
    overwrite(bag / TEXT, first)


def _edit_info(bag: Path) -> None:
    alter(bag / "bag-info.txt", lambda old: old + b"Source-Organization: Another School\n")


def _edit_info_and_lose_tag_manifest(bag: Path) -> None:
    _edit_info(bag)
    (bag / TAG_MANIFEST).unlink()


def _forge(bag: Path) -> None:
    overwrite(bag / PHOTO, b"another picture")
    remake_manifests(bag)


def _forge_and_lose_tag_manifest(bag: Path) -> None:
    _forge(bag)
    (bag / TAG_MANIFEST).unlink()


def _remove_and_remake(bag: Path) -> None:
    (bag / TEXT).unlink()
    remake_manifests(bag)


def _rename_to_nfd(bag: Path) -> None:
    name = "0003 é.txt"
    os.rename(bag / "data/objects" / name, bag / "data/objects" / unicodedata.normalize("NFD", name))


def add(path: Path, content: bytes = b"<premis/>") -> None:
    """Write a file that does not belong."""
    path.write_bytes(content)


def row(
    name: str, make: Callable[[Path], None], *, alone: str, register: str, bagit_sees: bool = True
) -> Mutation:
    """Return a mutation; alone and register say "failed BG-801", or "passed" without a code."""
    said, _, code = alone.partition(" ")
    read, _, register_code = register.partition(" ")
    return Mutation(name, make, bagit_sees, Outcome(said), code, Outcome(read), register_code)


MUTATIONS = (
    row(
        "payload-bit",
        lambda bag: alter(bag / PHOTO, flip),
        alone="failed BG-801",
        register="failed FX-101",
    ),
    row(
        "payload-truncated",
        lambda bag: alter(bag / PHOTO, lambda old: old[:-1]),
        alone="failed BG-603",
        register="failed FX-104",
    ),
    row(
        "payload-emptied",
        lambda bag: overwrite(bag / TEXT, b""),
        alone="failed BG-801",
        register="failed FX-104",
    ),
    row(
        "payload-deleted",
        lambda bag: (bag / TEXT).unlink(),
        alone="failed BG-501",
        register="failed FX-201",
    ),
    row(
        "payload-added",
        lambda bag: add(bag / "data/objects/x.txt"),
        alone="failed BG-505",
        register="failed FX-301",
    ),
    row(
        "payload-swapped",
        _swap,
        alone="failed BG-801",
        register="failed FX-104",
    ),
    row(
        "manifest-digit",
        lambda bag: alter(bag / MANIFEST, flip_hex),
        alone="failed BG-803",
        register="failed FX-103",
    ),
    row(
        "tagmanifest-digit",
        lambda bag: alter(bag / TAG_MANIFEST, flip_hex),
        alone="failed BG-802",
        register="failed FX-103",
    ),
    row(
        "info-edited",
        _edit_info,
        alone="failed BG-802",
        register="failed FX-104",
    ),
    row(
        "declaration-deleted",
        lambda bag: (bag / "bagit.txt").unlink(),
        alone="failed BG-201",
        register="failed FX-202",
    ),
    row(
        "info-deleted",
        lambda bag: (bag / "bag-info.txt").unlink(),
        alone="failed BG-502",
        register="failed FX-202",
    ),
    row(
        "tagmanifest-deleted",
        lambda bag: (bag / TAG_MANIFEST).unlink(),
        alone="warned BG-314",
        register="failed FX-202",
        bagit_sees=False,
    ),
    row(
        "info-edited-tagmanifest-deleted",
        _edit_info_and_lose_tag_manifest,
        alone="warned BG-314",
        register="failed FX-202",
        bagit_sees=False,
    ),
    row(
        "tag-file-added",
        lambda bag: add(bag / "premis.xml"),
        alone="warned BG-506",
        register="failed FX-302",
        bagit_sees=False,
    ),
    row(
        "payload-forged",
        _forge,
        alone="passed",
        register="failed FX-104",
        bagit_sees=False,
    ),
    row(
        "payload-forged-tagmanifest-deleted",
        _forge_and_lose_tag_manifest,
        alone="warned BG-314",
        register="failed FX-202",
        bagit_sees=False,
    ),
    row(
        "payload-removed-manifests-remade",
        _remove_and_remake,
        alone="passed",
        register="failed FX-201",
        bagit_sees=False,
    ),
    row(
        "empty-manifest-added",
        lambda bag: add(bag / "manifest-sha512.txt", b""),
        alone="failed BG-507",
        register="failed FX-302",
        bagit_sees=False,
    ),
    row(
        "empty-folder-added",
        lambda bag: (bag / "data/empty").mkdir(),
        alone="warned BG-104",
        register="passed",
        bagit_sees=False,
    ),
    row(
        "renamed-to-nfd",
        _rename_to_nfd,
        alone="warned BG-318",
        register="failed FX-201",
        bagit_sees=False,
    ),
)
