"""The tag files of a bag that came from others, kept in our bag as they came.

From the import to the packing they lie in the note beside the first staged
file; in our bag they stand under data/metadata/received/, in every version.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final

from storage.bag import Incoming
from storage.errors import NotFound
from storage.staging import Staging

FOLDER = "data/metadata/received/"
MOST_BYTES: Final = 32 << 20  # of all tag files together
_NOTE = "received_tag_files"
_ODD = re.compile(r"[^A-Za-z0-9./-]")


def keep(staging: Staging, staged_id: str, files: Mapping[str, bytes]) -> None:
    """Keep tag files (by their path in the received bag) beside a staged file."""
    told = {path: base64.b64encode(content).decode("ascii") for path, content in sorted(files.items())}
    staging.write_sidecar(staged_id, {**staging.read_sidecar(staged_id), _NOTE: told})


def pieces(staging: Staging, staged_ids: Iterable[str]) -> list[Incoming]:
    """Return the kept tag files of an item as files of its bag."""
    found: dict[str, bytes] = {}
    for staged_id in staged_ids:
        try:
            told = staging.read_sidecar(staged_id).get(_NOTE, {})
        except NotFound:
            continue
        found |= {path: base64.b64decode(content) for path, content in told.items()}
    return [Incoming.of_bytes(FOLDER + _plain(path), content) for path, content in sorted(found.items())]


def _plain(path: str) -> str:
    """Return a path in ASCII: what is not plain stands as the hex of its bytes, so no two become one."""
    return _ODD.sub(lambda odd: "_" + odd[0].encode("utf-8", "surrogateescape").hex(), path)
