"""Name the format of a file: PRONOM, libmagic, own rules.

Two foreign judges are asked and both answers are kept; own rules add what they
do not know (OFD of GB/T 33190-2016, Chinese text encodings). A judge that is
not on this machine answers NOT_RUN, never a crash. Belongs in the limited
child: PRONOM reads an unknown file to its end (about 0.2 GB/s), both judges
parse foreign bytes, and pygfried, once imported, forbids fork.
"""

import struct
import threading
import zipfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from preservation import formats
from preservation.checks import Outcome
from preservation.encoding import detect_encoding
from preservation.formats import Format, Judgement

magic: ModuleType | None
pygfried: ModuleType | None
try:
    import magic
except ImportError:  # no libmagic on this machine: the one in the wheel steps in
    try:
        import pylibmagic  # noqa: F401  (it tells ctypes where its library is, so it comes first)

        # isort: split
        import magic
    except (ImportError, OSError):
        magic = None
try:
    import pygfried
except ImportError:
    pygfried = None

#: Answers that say little: a more special answer of the other judge wins.
_GENERIC = frozenset(
    ("", "application/octet-stream", "application/zip", "text/plain", "application/xml", "text/xml")
    + ("application/x-ole-storage", "inode/x-empty")
)
_OFD_DIRECTORY_LIMIT = 8 << 20  # bytes; zipfile holds the whole directory in memory
_LIBMAGIC_LOCK = threading.Lock()  # a libmagic cookie serves one thread at a time


def identify(path: Path, name: str = "", *, skip_pronom: str = "") -> Format:
    """Return the format of the file at path; only PRONOM maps it as a whole.

    name is what the depositor called it: only a text's kind (CSV) is taken
    from it, never a binary format. skip_pronom: why PRONOM is not to be asked.
    Raises OSError if the file cannot be read.
    """
    with open(path, "rb") as stream:
        start = stream.read(4)
    skipped = Judgement("pronom", Outcome.NOT_RUN, detail=skip_pronom)
    pronom, libmagic = skipped if skip_pronom else _ask_pronom(path), _ask_libmagic(path)
    if start == b"PK\x03\x04" and _is_ofd(path):
        own = Judgement("own", Outcome.PASSED, "application/ofd", name="OFD", detail="OFD.xml at the root")
        return _told(own, (pronom, libmagic, own), "")
    best = _more_special(pronom, libmagic)
    if not _may_be_text(best):
        return _told(best, (pronom, libmagic), "")
    charset = detect_encoding(path)
    if charset and formats.by_mime(best.mime).family in ("unknown", "text"):
        mime = _text_mime(best, name)
        if mime != best.mime:
            best = Judgement("own", Outcome.PASSED, mime, pronom.puid, "Plain text", detail="decodes as text")
    return _told(best, (pronom, libmagic), charset)


def versions() -> dict[str, str]:
    """Return the judges on this machine and their versions, for events."""
    found = {}
    if pygfried is not None:
        found["siegfried"] = str(pygfried.version())
    if magic is not None:
        found["libmagic"] = str(magic.version())
    return found


def _ask_pronom(path: Path) -> Judgement:
    if pygfried is None:
        return Judgement("pronom", Outcome.NOT_RUN, detail="not installed")
    try:
        report = pygfried.identify(str(path), detailed=True)
    except (OSError, UnicodeError) as failure:  # GoError is an OSError
        return Judgement("pronom", Outcome.NOT_RUN, detail=str(failure))
    told = report["files"][0]
    matches = told.get("matches") or []
    if not matches:
        return Judgement("pronom", Outcome.NOT_RUN, detail=told.get("errors", ""))
    match = matches[0]
    if match["id"] == "UNKNOWN":
        return Judgement("pronom", Outcome.PASSED, puid="UNKNOWN")
    listed = formats.by_puid(match["id"])
    first = match["mime"].partition(",")[0].strip()
    mime = first if listed is formats.UNKNOWN else listed.mime
    return Judgement(
        "pronom", Outcome.PASSED, mime, match["id"], match["format"], match["version"], match["basis"]
    )


@lru_cache(maxsize=1)
def _cookies() -> tuple[object, object] | None:
    """Return libmagic's two readers (MIME, words), None where it is broken."""
    if magic is None:
        return None
    try:
        return magic.Magic(mime=True), magic.Magic()
    except magic.MagicException:
        return None  # the library is there, its table of signatures is not


def _ask_libmagic(path: Path) -> Judgement:
    cookies = _cookies()
    if magic is None or cookies is None:
        return Judgement("libmagic", Outcome.NOT_RUN, detail="not installed")
    mime, words = cookies
    try:
        with _LIBMAGIC_LOCK:
            told, name = mime.from_file(str(path)), words.from_file(str(path))  # type: ignore[attr-defined]
    except (magic.MagicException, OSError, UnicodeError) as failure:
        return Judgement("libmagic", Outcome.NOT_RUN, detail=str(failure))
    return Judgement("libmagic", Outcome.PASSED, told, name=name[:200])


def _more_special(pronom: Judgement, libmagic: Judgement) -> Judgement:
    """Return PRONOM's answer, libmagic's where that one says more."""
    if libmagic.outcome is Outcome.NOT_RUN or pronom.mime not in _GENERIC:
        return pronom
    if libmagic.mime in _GENERIC and pronom.mime:
        return pronom
    if pronom.mime and formats.by_mime(libmagic.mime) is formats.UNKNOWN:
        return pronom
    return libmagic


def _may_be_text(best: Judgement) -> bool:
    """Return whether the encoding is worth finding out."""
    family = formats.by_mime(best.mime).family
    return family == "text" or best.mime.startswith("text/") or best.mime in ("", "application/octet-stream")


def _text_mime(best: Judgement, name: str) -> str:
    """Return the kind of a text; tables and JSON keep their own."""
    row = formats.by_mime(best.mime)
    if row.family == "text" and row.mime != "text/plain":
        return best.mime
    named = formats.by_extension(formats.extension_of(name))
    return "text/csv" if any(one.mime == "text/csv" for one in named) else "text/plain"


def _told(best: Judgement, judgements: tuple[Judgement, ...], charset: str) -> Format:
    """Return the format as a value, with what to be careful about."""
    row = formats.by_mime(best.mime)
    mime = best.mime or formats.UNKNOWN.mime
    puid = next((one.puid for one in judgements if one.puid), "")
    name = next((one.name for one in judgements if one.source == best.source and one.name), best.name)
    warnings = [f"{one.source}_not_run" for one in judgements if one.outcome is Outcome.NOT_RUN]
    families = {formats.by_mime(one.mime).family for one in judgements if one.mime not in _GENERIC}
    if len(families - {"unknown"}) > 1:
        warnings.append("answers_differ")
    return Format(
        puid="" if puid == "UNKNOWN" else puid,
        name=name,
        mime=mime if row is formats.UNKNOWN else row.mime,
        version=best.version,
        source=best.source if best.mime else "",
        warnings=tuple(warnings),
        charset=charset,
        judgements=judgements,
    )


def _is_ofd(path: Path) -> bool:
    """Return whether OFD.xml stands at the root of the ZIP."""
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 65_557))  # end record: 22 bytes and a comment
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            return False
        (directory_bytes,) = struct.unpack_from("<I", tail, at + 12)
        if directory_bytes > _OFD_DIRECTORY_LIMIT:
            return False
        try:
            with zipfile.ZipFile(stream) as archive:
                return "OFD.xml" in archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
            return False


def tell_format(path: str, name: str, skip_pronom: str = "") -> dict[str, object]:
    """Return the format as facts that JSON can carry."""
    return asdict(identify(Path(path), name, skip_pronom=skip_pronom))


def tell_versions(path: str) -> dict[str, object]:
    """Return the versions of the judges; the path is not looked at."""
    return {"versions": versions()}


TASKS = {"identify.file": tell_format, "identify.versions": tell_versions}
