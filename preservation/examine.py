"""Find out about one handed-in file all that the checks need.

The dear work of intake: format, full reading in the sandbox, virus scan. It
only tells; preservation/intake.py judges. Files of one submission are examined
side by side, one thread per child of the sandbox.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from preservation import formats
from preservation.checks import Outcome
from preservation.errors import ChildFailed
from preservation.formats import Format, Judgement, format_from
from preservation.sandbox import Answer, Sandbox
from preservation.virus import Scan, Scanner


@dataclass(frozen=True, slots=True)
class SipFile:
    """One file of a submission (SIP, 提交信息包), as it stands in staging."""

    path: Path
    name: str  # as the depositor called it; undecodable bytes as surrogates
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known about one file. Numbers are 0 and words "" where unknown.

    readable: PASSED fully decoded; FAILED damaged; WARNED locked by a password;
    NOT_RUN not opened (reason: "too_large", "no_reader", "timeout", "memory",
    "crashed", "refused", "empty", "unknown_encoding"). Width and height are
    pixels before EXIF orientation, for PDF points.
    """

    file: SipFile
    format: Format
    family: str
    accepted: str
    readable: Outcome
    reason: str = ""
    detail: str = ""
    width: int = 0
    height: int = 0
    dpi: tuple[float, ...] = ()  # (x, y) or ()
    colour_mode: str = ""
    orientation: int = 1
    pages: int = 0
    exif_date: str = ""
    software: str = ""
    device: str = ""
    title: str = ""
    has_gps: bool = False
    active_content: str = ""
    scan: Scan = field(default_factory=lambda: Scan(Outcome.NOT_RUN, reason="no_scanner"))


def examine_all(
    files: Sequence[SipFile], *, scanner: Scanner, sandbox: Sandbox
) -> tuple[FileFacts, ...]:
    """Return the facts of all files, in their order."""
    if len(files) == 1:
        return (examine(files[0], scanner=scanner, sandbox=sandbox),)
    with ThreadPoolExecutor(max_workers=sandbox.workers, thread_name_prefix="examine") as threads:
        return tuple(threads.map(lambda one: examine(one, scanner=scanner, sandbox=sandbox), files))


def examine(file: SipFile, *, scanner: Scanner, sandbox: Sandbox) -> FileFacts:
    """Return the facts of one file. Raises OSError if staging cannot be read."""
    format = identified(file, sandbox)
    row = format.row
    reading = _read(file, format, sandbox)
    told = reading.answer
    return FileFacts(
        file=file,
        format=format,
        family=row.family,
        accepted=row.accepted,
        readable=reading.outcome,
        reason=reading.reason,
        detail=told.text("detail"),
        width=told.number("width"),
        height=told.number("height"),
        dpi=_pair(told.facts),
        colour_mode=told.text("colour_mode"),
        orientation=told.number("orientation") or 1,
        pages=told.number("pages"),
        exif_date=told.text("exif_date"),
        software=told.text("software"),
        device=f"{told.text('maker')} {told.text('model')}".strip(),
        title=told.text("title"),
        has_gps=told.facts.get("has_gps") is True,
        active_content=told.text("active"),
        scan=scanner.scan(file.path) if file.size else Scan(Outcome.NOT_RUN, reason="empty"),
    )


def identified(file: SipFile, sandbox: Sandbox) -> Format:
    """Return the format of a file, judged in the sandbox.

    When PRONOM takes too long (a huge file of unknown kind), libmagic is asked alone.
    """
    why = ""
    for _ in range(2):
        try:
            answer = sandbox.run("identify.file", file.path, name=file.name, skip_pronom=why)
            return format_from(answer.facts)
        except ChildFailed as failure:
            why = str(failure.facts["reason"])
    silent = tuple(Judgement(source, Outcome.NOT_RUN, detail=why) for source in ("pronom", "libmagic"))
    warnings = ("pronom_not_run", "libmagic_not_run")
    return Format("", "", formats.UNKNOWN.mime, "", "", warnings, judgements=silent)


def judge_versions(sandbox: Sandbox) -> dict[str, str]:
    """Return the names and versions of the format judges, for events."""
    told = sandbox.run("identify.versions", Path()).facts["versions"]
    return {str(name): str(version) for name, version in cast(dict[str, str], told).items()}


@dataclass(frozen=True, slots=True)
class _Reading:
    outcome: Outcome
    reason: str = ""
    answer: Answer = Answer("none")


#: An answer of the child -> what it means for "readable".
_STATES = {"done": Outcome.PASSED, "unreadable": Outcome.FAILED, "encrypted": Outcome.WARNED}


def _read(file: SipFile, format: Format, sandbox: Sandbox) -> _Reading:
    """Return how reading the whole file went."""
    if not file.size:
        return _Reading(Outcome.NOT_RUN, "empty")
    tasks = {"image": "read.image", "document": "read.pdf", "text": "read.text"}
    task = tasks.get(formats.by_mime(format.mime).maker)
    if task is None:
        return _Reading(Outcome.NOT_RUN, "no_reader")
    options: dict[str, object] = {}
    if task == "read.text":
        if not format.charset:
            return _Reading(Outcome.NOT_RUN, "unknown_encoding")
        options["charset"] = format.charset
    try:
        answer = sandbox.run(task, file.path, **options)
    except ChildFailed as failure:
        return _Reading(Outcome.NOT_RUN, str(failure.facts["reason"]))
    outcome = _STATES.get(answer.state, Outcome.NOT_RUN)
    return _Reading(outcome, "" if answer.state == "done" else answer.state, answer)


def _pair(facts: Mapping[str, object]) -> tuple[float, ...]:
    value = facts.get("dpi")
    return tuple(float(one) for one in value) if isinstance(value, list) else ()
