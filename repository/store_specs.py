"""Where a store is, as one word of the settings says it.

"name=folder" or "name=s3://bucket/prefix", with "sealed+" before the place where
everything in it is encrypted; the keys of an S3 server are settings of their own and
those of sealed stores files, so that this word may be shown to anybody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

S3 = "s3://"
SEALED = "sealed+"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*)?")


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """One configured store: its id and its place, a folder or s3://bucket/prefix, sealed or open."""

    id: str
    place: str

    @property
    def kind(self) -> str:
        """Return "folder" or "s3"."""
        return "s3" if self._bare.startswith(S3) else "folder"

    @property
    def is_sealed(self) -> bool:
        """Return whether everything in the store is encrypted."""
        return self.place.startswith(SEALED)

    @property
    def _bare(self) -> str:
        return self.place.removeprefix(SEALED)

    @property
    def root(self) -> Path:
        """Return the folder; only where kind is "folder"."""
        return Path(self._bare)

    @property
    def bucket(self) -> str:
        """Return the bucket; only where kind is "s3"."""
        return self._bare.removeprefix(S3).partition("/")[0]

    @property
    def prefix(self) -> str:
        """Return the prefix in the bucket, no slash around it; only where kind is "s3"."""
        return self._bare.removeprefix(S3).partition("/")[2].strip("/")

    @property
    def spot(self) -> tuple[str, ...]:
        """Return what is equal for two stores in one place."""
        if self.kind == "s3":
            return (S3, self.bucket, self.prefix)
        return (str(self.root.resolve()),)


def parse_store(text: str) -> StoreSpec:
    """Return what "name=place" means. Raises ValueError."""
    name, found, place = text.partition("=")
    if not found or not name.isidentifier() or not name.isascii() or not place.removeprefix(SEALED):
        raise ValueError(text)
    spec = StoreSpec(name, place)
    if spec.kind == "s3" and not (_BUCKET.fullmatch(spec.bucket) and _PREFIX.fullmatch(spec.prefix)):
        raise ValueError(text)
    return spec


def are_apart(specs: Sequence[StoreSpec]) -> bool:
    """Return whether no two stores have one name or one place: a second copy there would be none."""
    return len({spec.id for spec in specs}) == len({spec.spot for spec in specs}) == len(specs)
