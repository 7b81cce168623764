"""The ordered checks on a submission (SIP, 提交信息包).

Cheap before dear; each check is one small function and says everything it
finds. Nothing here refuses or deletes: an archivist decides, and the original
is kept byte-exact whatever a decoder thinks of it (P13). A damaged file is
FAILED, and may still be accepted with a reason; a file that was not opened
(an image too large for the memory limit, a decoder that died) is NOT_RUN.
DA/T 70-2018, stage GD; DA/T 50-2014.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from preservation.checks import CheckResult, Finding, Outcome, Report, worst
from preservation.examine import FileFacts, SipFile, examine_all
from preservation.formats import extension_findings
from preservation.sandbox import Sandbox
from preservation.virus import Scanner

#: What each finding means; the doors translate it.
FINDING_CODES: Mapping[str, str] = {
    "IN-101": "The submission holds no file.",
    "IN-102": "The file is empty (0 bytes).",
    "IN-110": "The name holds control or direction characters, shown escaped.",
    "IN-111": "The name holds a path; only its last part is used.",
    "IN-112": "The name cannot stand on Windows (reserved word, sign, or trailing dot or space).",
    "IN-113": "The name is longer than 255 bytes; it is kept in the description only.",
    "IN-114": "The name holds bytes that are no text; they are kept as they are.",
    "IN-115": "The file is one that a system makes by itself (Thumbs.db, .DS_Store).",
    "IN-120": "The format is not known.",
    "IN-121": "A format judge could not be asked.",
    "IN-122": "Programs are not taken in.",
    "IN-123": "The format is kept, but is no archival format: convert it.",
    "IN-124": "The two format judges name different kinds.",
    "IN-130": "The extension belongs to another kind of file than the content.",
    "IN-131": "The name has no extension.",
    "IN-132": "The extension says nothing about this content.",
    "IN-133": "The content or the extension is that of a program.",
    "IN-134": "The extension belongs to another format of the same kind.",
    "IN-140": "The file is damaged: it cannot be decoded to its end.",
    "IN-141": "The file was not opened: it is too large for the memory limit.",
    "IN-142": "The file was not read: the decoder stopped or took too long.",
    "IN-143": "The file is locked by a password.",
    "IN-144": "There is no reader for this kind of file.",
    "IN-145": "The document holds scripts, launch actions or attachments.",
    "IN-146": "The encoding of the text was not recognised.",
    "IN-150": "The same file is already in the archive; both are kept and linked.",
    "IN-151": "The same file is twice in this submission.",
    "IN-160": "The virus scanner found something.",
    "IN-161": "The file was not scanned for viruses.",
}

_RESERVED = frozenset(
    ("CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)))
)
_SYSTEM_FILES = frozenset(("thumbs.db", ".ds_store", "desktop.ini", "ehthumbs.db"))
NAME_LIMIT = 255  # bytes of UTF-8: 85 Chinese characters, the limit of ext4


@dataclass(frozen=True, slots=True)
class Sip:
    """A submission with all that was found out about its files."""

    files: tuple[FileFacts, ...]
    known_digests: Mapping[str, Sequence[str]]  # sha256 -> ids of items that hold it


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """The judgement, and the facts for description and events."""

    report: Report
    files: tuple[FileFacts, ...]


def check(
    sip_files: Sequence[SipFile],
    *,
    known_digests: Mapping[str, Sequence[str]],
    scanner: Scanner,
    sandbox: Sandbox,
    subject: str = "",
) -> IntakeReport:
    """Return what all checks say about the files handed in together.

    subject is the caller's name for the submission, known_digests maps a
    sha256 to the items that already hold that file. Raises OSError if a file
    cannot be read from staging.
    """
    facts = examine_all(sip_files, scanner=scanner, sandbox=sandbox)
    sip = Sip(facts, known_digests)
    return IntakeReport(Report(subject, tuple(_result(one, sip) for one in INTAKE_CHECKS)), facts)


def not_empty(sip: Sip) -> Iterator[Finding]:
    """Find a submission without files, and files without bytes."""
    if not sip.files:
        yield Finding("IN-101", Outcome.FAILED)
    for one in sip.files:
        if not one.file.size:
            yield Finding("IN-102", Outcome.FAILED, one.file.name)


def names_are_safe(sip: Sip) -> Iterator[Finding]:
    """Find names that cannot be shown or kept everywhere as they are.

    A warning only: files stand under generated names, the given one is kept.
    """
    for one in sip.files:
        name = one.file.name
        for code in _name_faults(name):
            yield Finding(code, Outcome.WARNED, name, (("shown", shown_name(name)),))


def format_identified(sip: Sip) -> Iterator[Finding]:
    """Find files of unknown kind and judges that were not there."""
    for one in sip.files:
        told = one.format
        facts = (("mime", told.mime), ("puid", told.puid), ("format", told.name))
        if one.family == "unknown" and one.file.size:
            yield Finding("IN-120", Outcome.WARNED, one.file.name, facts)
        if "answers_differ" in told.warnings:
            yield Finding("IN-124", Outcome.WARNED, one.file.name, facts)
        for judge in told.judgements:
            if judge.outcome is Outcome.NOT_RUN and one.file.size:
                why = (("judge", judge.source), ("detail", judge.detail))
                yield Finding("IN-121", Outcome.NOT_RUN, one.file.name, why)


def format_accepted(sip: Sip) -> Iterator[Finding]:
    """Find programs, and formats that should be converted."""
    codes = {"no": ("IN-122", Outcome.FAILED), "warn": ("IN-123", Outcome.WARNED)}
    for one in sip.files:
        if one.accepted in codes and one.family != "unknown":
            code, outcome = codes[one.accepted]
            facts = (("mime", one.format.mime), ("family", one.family), ("risk", one.format.row.risk))
            yield Finding(code, outcome, one.file.name, facts)


def extension_agrees(sip: Sip) -> Iterator[Finding]:
    """Find extensions that do not fit the content."""
    for one in sip.files:
        if one.file.size:
            yield from extension_findings(one.format, one.file.name)


#: Why a file was not read to its end -> the finding; otherwise the child failed.
_NOT_READ = {
    "too_large": "IN-141",
    "encrypted": "IN-143",
    "no_reader": "IN-144",
    "unknown_encoding": "IN-146",
}


def is_readable(sip: Sip) -> Iterator[Finding]:
    """Find files that could not be decoded to their end, or were not opened."""
    for one in sip.files:
        facts = (("reason", one.reason), ("detail", one.detail), ("family", one.family))
        if one.readable is Outcome.FAILED:
            yield Finding("IN-140", Outcome.FAILED, one.file.name, facts)
        elif one.readable is not Outcome.PASSED and one.reason != "empty":
            yield Finding(_NOT_READ.get(one.reason, "IN-142"), one.readable, one.file.name, facts)
        if one.active_content:
            yield Finding("IN-145", Outcome.WARNED, one.file.name, (("marks", one.active_content),))


def is_new(sip: Sip) -> Iterator[Finding]:
    """Find files that the archive or this submission already holds (D01)."""
    seen: dict[str, list[str]] = defaultdict(list)
    for one in sip.files:
        digest = one.file.sha256
        if items := sip.known_digests.get(digest):
            facts = (("sha256", digest), ("items", ", ".join(items)))
            yield Finding("IN-150", Outcome.WARNED, one.file.name, facts)
        if seen[digest]:
            facts = (("sha256", digest), ("first", seen[digest][0]))
            yield Finding("IN-151", Outcome.WARNED, one.file.name, facts)
        seen[digest].append(one.file.name)


def is_free_of_viruses(sip: Sip) -> Iterator[Finding]:
    """Find infected files, and files that nobody looked at."""
    if {one.scan.reason for one in sip.files} - {"empty"} == {"no_scanner"}:
        yield Finding("IN-161", Outcome.NOT_RUN, facts=(("reason", "no_scanner"),))
        return
    for one in sip.files:
        scan = one.scan
        if scan.outcome is Outcome.FAILED:
            yield Finding("IN-160", Outcome.FAILED, one.file.name, (("signature", scan.signature),))
        elif scan.outcome is not Outcome.PASSED and scan.reason != "empty":
            facts = (("reason", scan.reason), ("detail", scan.detail))
            yield Finding("IN-161", Outcome.NOT_RUN, one.file.name, facts)


INTAKE_CHECKS: tuple[Callable[[Sip], Iterator[Finding]], ...] = (
    not_empty,
    names_are_safe,
    format_identified,
    format_accepted,
    extension_agrees,
    is_readable,
    is_new,
    is_free_of_viruses,
)


def shown_name(name: str) -> str:
    """Return a name with controls, direction marks and odd bytes escaped (D20)."""
    return "".join(
        f"\\u{{{ord(one):04x}}}" if unicodedata.category(one)[0] == "C" else one for one in name
    )


def _result(run: Callable[[Sip], Iterator[Finding]], sip: Sip) -> CheckResult:
    findings = tuple(run(sip))
    outcome = worst((Outcome.PASSED, *(one.outcome for one in findings)))
    return CheckResult(run.__name__, outcome, findings)


def _name_faults(name: str) -> Iterator[str]:
    """Yield the code of each thing wrong with a name."""
    last = name.replace("\\", "/").rpartition("/")[2]
    raw = name.encode("utf-8", "surrogateescape")
    if any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cn") for one in name):
        yield "IN-110"
    if last != name or name in (".", "..") or "\0" in name:
        yield "IN-111"
    is_reserved = last.partition(".")[0].strip().upper() in _RESERVED
    if is_reserved or last != last.rstrip(". ") or set(last) & set('<>:"|?*'):
        yield "IN-112"
    if len(raw) > NAME_LIMIT:
        yield "IN-113"
    if any("\ud800" <= one <= "\udfff" for one in name):
        yield "IN-114"
    if last.lower() in _SYSTEM_FILES or last.startswith("._"):
        yield "IN-115"
