"""A bag folder, read once into one value for the checks.

Only tag files are read here, each at most TAG_FILE_LIMIT bytes; payload bytes
wait for the last check. What cannot be read becomes a finding.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from preservation.bagdigest import computable, digest_length
from preservation.bagread import (
    Declaration,
    FetchText,
    InfoText,
    decode,
    read_declaration,
    read_fetch,
    read_info,
    read_manifest,
)
from preservation.bagwalk import Walk, walk
from preservation.checks import Finding, Outcome
from preservation.errors import CouldNotJudge
from preservation.findings import found
from preservation.listing import Listing, Places, place
from storage.errors import StorageError
from storage.platform import open_nofollow

#: A manifest of a million files has about 150 MB; more is an attack on memory.
TAG_FILE_LIMIT: Final = 256 * 1024 * 1024
_MANIFEST_NAME = re.compile(r"(tag)?manifest-([^/]+)\.txt")


@dataclass(frozen=True, slots=True)
class Bag:
    """What a bag folder holds and says. fetch is None where there is no fetch.txt."""

    root: Path
    walk: Walk
    places: Places
    declaration: Declaration
    listings: tuple[Listing, ...]
    info_name: str
    info: InfoText
    fetch: FetchText | None
    has_data_folder: bool
    troubles: tuple[Finding, ...]

    @property
    def payload_listings(self) -> tuple[Listing, ...]:
        """Return the payload manifests (载荷清单)."""
        return tuple(listing for listing in self.listings if not listing.is_tag)

    @property
    def tag_listings(self) -> tuple[Listing, ...]:
        """Return the tag manifests (标签清单)."""
        return tuple(listing for listing in self.listings if listing.is_tag)


def read_bag(root: Path) -> Bag:
    """Return the bag at root. Raises CouldNotJudge if there is no such folder."""
    seen = walk(root)
    reader = _Reader(root, seen, [])
    raw = reader.raw("bagit.txt")
    declaration = Declaration() if raw is None else read_declaration(raw)
    if raw is None and "bagit.txt" not in seen.files:
        reader.troubles.append(found("BG-201", Outcome.FAILED, "bagit.txt"))
    places = Places(seen)
    listings = _listings(reader, declaration, places)
    info_name = "bag-info.txt"
    if info_name not in seen.files and "package-info.txt" in seen.files:
        info_name = "package-info.txt"  # its name until 0.95
    info = reader.raw(info_name)
    fetch = reader.raw("fetch.txt")
    encoding = declaration.encoding
    return Bag(
        root=root,
        walk=seen,
        places=places,
        declaration=declaration,
        listings=listings,
        info_name=info_name,
        info=InfoText() if info is None else read_info(decode(info, encoding, info_name), info_name),
        fetch=None if fetch is None else read_fetch(decode(fetch, encoding, "fetch.txt"), "fetch.txt"),
        has_data_folder=_is_folder(root / "data"),
        troubles=tuple(reader.troubles),
    )


def _is_folder(path: Path) -> bool:
    """Return whether a folder, not a link to one, stands at path. Raises CouldNotJudge."""
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError as error:
        raise CouldNotJudge(path=str(path), reason=error.strerror or str(error)) from error


def _listings(reader: "_Reader", declaration: Declaration, places: Places) -> tuple[Listing, ...]:
    """Return every manifest in the top folder, tag manifests first."""
    listings = []
    for name in sorted(reader.seen.files, key=lambda each: (not each.startswith("tag"), each)):
        match = _MANIFEST_NAME.fullmatch(name)
        raw = reader.raw(name) if match else None
        if match is None or raw is None:
            continue
        algorithm = computable(match[2])
        text = read_manifest(decode(raw, declaration.encoding, name), name, digest_length(algorithm))
        listings.append(
            place(
                text,
                manifest=name,
                algorithm=algorithm,
                is_tag=bool(match[1]),
                places=places,
                declaration=declaration,
            )
        )
    return tuple(listings)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tag files, and keeps what went wrong."""

    root: Path
    seen: Walk
    troubles: list[Finding]

    def raw(self, name: str) -> bytes | None:
        """Return the bytes of a tag file; None where it is absent or cannot be read."""
        size = self.seen.files.get(name)
        if size is None:
            return None
        if size > TAG_FILE_LIMIT:
            self.troubles.append(found("BG-202", Outcome.NOT_RUN, name, size=size))
            return None
        try:
            with open(open_nofollow(self.root / name), "rb") as stream:
                return stream.read(TAG_FILE_LIMIT)
        except (OSError, StorageError) as error:
            self.troubles.append(found("BG-202", Outcome.NOT_RUN, name, reason=str(error)))
            return None
