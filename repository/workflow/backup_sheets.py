"""What a backup tells of itself, inside and beside the sealed file.

The manifest lies inside, sealed, and lists every file with its digest. The
sheet lies beside it and is written LAST, after the file was read back and
found whole: a backup without a sheet is no good backup (case B05).
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from repository.models.snapshot import TableSum
from repository.workflow.backup_refusals import BackupDamaged
from storage.digests import sha256_of
from storage.platform import fsync_dir, fsync_file

SCHEMA = "jingui-backup/1"
PREFIX, SUFFIX, PART = "jingui-", ".age", ".part"


@dataclass(frozen=True, slots=True)
class Told:
    """One file in a backup; size in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a backup holds and what it must show when it is opened.

    tables are the sums of the catalogue's tables; dump_sha256 is "" where the
    catalogue's schema is not the software's own. counts are rows. lacking are
    staged files that an item still needs and nobody has.
    """

    id: str
    made_at: datetime
    software: str
    revision: str
    event_head: int
    dump_sha256: str
    tables: dict[str, TableSum]
    counts: dict[str, int]
    members: tuple[Told, ...]
    lacking: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the manifest as JSON."""
        told = {"schema": SCHEMA, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)


def manifest_of(text: str) -> Manifest:
    """Return the manifest that a text tells. Raises BackupDamaged."""
    try:
        told = json.loads(text)
        if told.pop("schema") != SCHEMA:
            raise BackupDamaged(reason="manifest")
        told["made_at"] = datetime.fromisoformat(told["made_at"])
        told["tables"] = {
            name: TableSum(tuple(one["columns"]), one["rows"], one["sha256"])
            for name, one in told["tables"].items()
        }
        told["members"] = tuple(Told(**one) for one in told["members"])
        told["lacking"] = tuple(told["lacking"])
        return Manifest(**told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(reason="manifest") from error


def tables_digest(tables: Mapping[str, TableSum]) -> str:
    """Return one SHA-256 for the sums of all tables: equal where all rows are."""
    told = {name: asdict(one) for name, one in tables.items()}
    return sha256_of(json.dumps(told, sort_keys=True).encode())


@dataclass(frozen=True, slots=True)
class Sheet:
    """A verified backup in its folder: what people see without opening it. size in bytes, times in UTC."""

    id: str
    file: str
    size: int
    sha256: str
    made_at: datetime
    verified_at: datetime
    software: str
    revision: str
    event_head: int
    dump_sha256: str
    tables_sha256: str
    counts: dict[str, int]
    lacking: int
    seconds: float
    folder: Path

    @property
    def path(self) -> Path:
        """Return where the sealed file lies."""
        return self.folder / self.file


def file_name(id: str, at: datetime) -> str:
    """Return the name of a backup's file: what it is, when (UTC), which."""
    return f"{PREFIX}{at.strftime('%Y%m%dT%H%M%SZ')}-{id}{SUFFIX}"


def sheet_path(sealed: Path) -> Path:
    """Return where the sheet of a sealed file lies."""
    return sealed.with_suffix(".json")


def write_sheet(sheet: Sheet) -> None:
    """List a backup as good, durably and in one step. Raises OSError."""
    told: dict[str, Any] = asdict(sheet)
    told.pop("folder")
    told |= {name: getattr(sheet, name).isoformat() for name in ("made_at", "verified_at")}
    told["schema"] = SCHEMA
    place = sheet_path(sheet.path)
    part = place.with_name(place.name + PART)
    part.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
    fsync_file(part)
    os.replace(part, place)
    fsync_dir(place.parent)


def listed(folder: Path) -> list[Sheet]:
    """Return the good backups of a folder, newest first: those with a sheet whose file has its size."""
    found = [sheet for sheet in _sheets(folder) if _stands(sheet)]
    return sorted(found, key=lambda sheet: (sheet.made_at, sheet.id), reverse=True)


def newest(folder: Path, now: datetime) -> Sheet | None:
    """Return the newest good backup, None where there is none.

    One from the future was made under a wrong clock: it counts only where there is no other (P19).
    """
    found = listed(folder)
    return next((sheet for sheet in found if sheet.made_at <= now), next(iter(found), None))


def unlisted(folder: Path) -> list[Path]:
    """Return the sealed files that no sheet calls good: stopped on the way, or brought from elsewhere."""
    good = {sheet.path for sheet in listed(folder)}
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path not in good)


def _stands(sheet: Sheet) -> bool:
    try:
        return sheet.path.stat().st_size == sheet.size
    except OSError:
        return False


def _sheets(folder: Path) -> Iterator[Sheet]:
    for place in folder.glob(f"{PREFIX}*.json"):
        try:
            told = json.loads(place.read_text("utf-8"))
            if told.pop("schema") != SCHEMA or sheet_path(folder / told["file"]) != place:
                continue
            for name in ("made_at", "verified_at"):
                told[name] = datetime.fromisoformat(told[name])
            yield Sheet(**told, folder=folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # no sheet of ours: the file beside it is not listed
