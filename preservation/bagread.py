"""Read the tag files of any bag, tolerantly.

Text in, values and findings out; nothing is refused by raising. It shares no
code with the writer, so that one mistake is not made twice. RFC 8493 section
2.1 (bagit.txt, manifests), 2.2 (bag-info.txt, fetch.txt); also 0.93 to 0.97.
"""

import re
from dataclasses import dataclass

from preservation.checks import Finding, Outcome
from preservation.findings import found

#: A line ends in CR, LF or both; other Unicode line ends may be in a name.
_LINE_END = re.compile(r"\r\n|\n|\r")
_VERSION = re.compile(r"BagIt-Version([ \t]*):([ \t]*)([0-9]+)\.([0-9]+)([ \t]*)")
_ENCODING = re.compile(r"Tag-File-Character-Encoding([ \t]*):([ \t]*)(\S+)([ \t]*)")
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+()-]*")  # Python's lookup forgives other characters
_MANIFEST_LINE = re.compile(r"([0-9A-Fa-f]+)([ \t]+)(\*?)(.+)", re.DOTALL)
_INFO_LINE = re.compile(r"([^:\s][^:]*?)[ \t]*:[ \t]?(.*)", re.DOTALL)
_FETCH_LINE = re.compile(r"(\S+)[ \t]+([0-9]+|-)[ \t]+(.+)", re.DOTALL)

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF8_NAMES = ("utf-8", "utf8")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A BagIt version, such as 0.97."""

    major: int
    minor: int


KNOWN_VERSIONS = tuple(Version(0, minor) for minor in range(93, 98)) + (Version(1, 0),)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What bagit.txt says. version is None where it cannot be understood."""

    version: Version | None = None
    encoding: str = "UTF-8"
    findings: tuple[Finding, ...] = ()

    @property
    def is_strict(self) -> bool:
        """Return whether the rules of 1.0 hold (also where the version is unknown)."""
        return self.version is None or self.version >= Version(1, 0)

    @property
    def weight(self) -> Outcome:
        """Return what a fault weighs that only 1.0 forbids."""
        return Outcome.FAILED if self.is_strict else Outcome.WARNED


@dataclass(frozen=True, slots=True)
class TagText:
    """The text of one tag file, undecodable bytes kept as surrogates."""

    text: str
    findings: tuple[Finding, ...] = ()

    @property
    def lines(self) -> list[str]:
        """Return the lines without their ends; the last empty one is dropped."""
        lines = _LINE_END.split(self.text)
        return lines[:-1] if lines[-1] == "" else lines


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One line of a manifest: the path as written, percent signs and all."""

    digest: str
    gap: str
    star: bool
    path: str


@dataclass(frozen=True, slots=True)
class ManifestText:
    """The lines of one manifest and what was wrong with their form."""

    lines: tuple[ManifestLine, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class InfoElement:
    """One label and value of bag-info.txt."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class InfoText:
    """The elements of bag-info.txt in their order."""

    elements: tuple[InfoElement, ...] = ()
    findings: tuple[Finding, ...] = ()

    def values(self, label: str) -> list[str]:
        """Return every value of a label, whatever its case."""
        return [each.value for each in self.elements if each.label.lower() == label.lower()]


@dataclass(frozen=True, slots=True)
class FetchLine:
    """One line of fetch.txt; length is None where it says '-'."""

    url: str
    length: int | None
    path: str


@dataclass(frozen=True, slots=True)
class FetchText:
    """The lines of fetch.txt."""

    lines: tuple[FetchLine, ...] = ()
    findings: tuple[Finding, ...] = ()


def decode(raw: bytes, encoding: str, path: str) -> TagText:
    """Return the text of a tag file in the encoding that bagit.txt names."""
    findings: list[Finding] = []
    if encoding.lower() in _UTF8_NAMES and raw.startswith(_UTF8_BOM):
        raw = raw.removeprefix(_UTF8_BOM)
        findings.append(found("BG-316", Outcome.WARNED, path))
    try:
        return TagText(raw.decode(encoding), tuple(findings))
    except (LookupError, ValueError):
        findings.append(found("BG-309", Outcome.FAILED, path, encoding=encoding))
        return TagText(raw.decode("utf-8", "surrogateescape"), tuple(findings))


def read_declaration(raw: bytes) -> Declaration:
    """Return what bagit.txt says; it is UTF-8 always (RFC 8493, 2.1.1)."""
    findings: list[Finding] = []
    if raw.startswith((_UTF8_BOM, b"\xff\xfe", b"\xfe\xff")):
        findings.append(found("BG-203", Outcome.FAILED, "bagit.txt"))
        raw = raw.removeprefix(_UTF8_BOM)
    text = decode(raw, "UTF-8", "bagit.txt")
    findings.extend(text.findings)
    lines = text.lines
    versions = [match for line in lines if (match := _VERSION.fullmatch(line))]
    encodings = [match for line in lines if (match := _ENCODING.fullmatch(line))]
    version = _version(versions, findings)
    encoding = _encoding(encodings, findings)
    draft = Declaration(version, encoding)
    said = [line for line in lines if line.strip()]
    in_order = len(said) == 2 and _VERSION.fullmatch(said[0]) and _ENCODING.fullmatch(said[1])
    if versions and encodings and not (in_order and len(lines) == 2):
        weight = draft.weight if in_order else Outcome.FAILED  # empty lines were allowed once
        findings.append(found("BG-208", weight, "bagit.txt", lines=len(lines)))
    spacing = [(m[1], m[2], m[m.re.groups]) for m in (*versions[:1], *encodings[:1])]
    if any(gap != ("", " ", "") for gap in spacing):
        findings.append(found("BG-209", draft.weight, "bagit.txt"))
    return Declaration(version, encoding, tuple(findings))


def _version(matches: list[re.Match[str]], findings: list[Finding]) -> Version | None:
    """Return the version of the first version line, if it is one we know."""
    if not matches:
        findings.append(found("BG-204", Outcome.FAILED, "bagit.txt"))
        return None
    said = f"{matches[0][3]}.{matches[0][4]}"
    for version in KNOWN_VERSIONS:
        if said == f"{version.major}.{version.minor}":
            return version
    findings.append(found("BG-205", Outcome.FAILED, "bagit.txt", version=said[:40]))
    return None


def _encoding(matches: list[re.Match[str]], findings: list[Finding]) -> str:
    """Return the encoding of the first encoding line, UTF-8 where there is none."""
    if not matches:
        findings.append(found("BG-206", Outcome.FAILED, "bagit.txt"))
        return "UTF-8"
    said = matches[0][3]
    try:
        "a".encode(said if _CHARSET.fullmatch(said) else "")
    except (LookupError, ValueError):
        findings.append(found("BG-207", Outcome.FAILED, "bagit.txt", encoding=said[:40]))
        return "UTF-8"
    return said


def read_manifest(text: TagText, path: str, digest_length: int | None) -> ManifestText:
    """Return the lines of a manifest; digest_length is in hex digits, None if unknown."""
    lines: list[ManifestLine] = []
    findings = list(text.findings)
    comments = stars = 0
    for number, line in enumerate(text.lines, start=1):
        if not line.strip(" \t"):
            continue
        match = _MANIFEST_LINE.fullmatch(line)
        if match is None and line.startswith("#"):
            comments += 1
        elif match is None or not match[4].strip(" \t"):
            findings.append(found("BG-303", Outcome.FAILED, path, line=number, text=line[:120]))
        elif digest_length is not None and len(match[1]) != digest_length:
            findings.append(found("BG-312", Outcome.FAILED, match[4], manifest=path, line=number))
        else:
            stars += bool(match[3])
            lines.append(ManifestLine(match[1].lower(), match[2], bool(match[3]), match[4]))
    if comments:
        findings.append(found("BG-313", Outcome.WARNED, path, lines=comments))
    if stars:
        findings.append(found("BG-306", Outcome.WARNED, path, lines=stars))
    return ManifestText(tuple(lines), tuple(findings))


def read_info(text: TagText, path: str) -> InfoText:
    """Return the elements of bag-info.txt, folded lines joined by one space."""
    elements: list[InfoElement] = []
    findings = list(text.findings)
    for number, line in enumerate(text.lines, start=1):
        if not line.strip():
            continue
        if line[0] in " \t" and elements:
            last = elements.pop()
            elements.append(InfoElement(last.label, f"{last.value} {line.strip()}"))
        elif match := _INFO_LINE.fullmatch(line):
            elements.append(InfoElement(match[1], match[2].strip()))
        else:
            findings.append(found("BG-601", Outcome.FAILED, path, line=number, text=line[:120]))
    return InfoText(tuple(elements), tuple(findings))


def read_fetch(text: TagText, path: str) -> FetchText:
    """Return the lines of fetch.txt. Nothing is fetched, here or anywhere."""
    lines: list[FetchLine] = []
    findings = list(text.findings)
    for number, line in enumerate(text.lines, start=1):
        if not line.strip():
            continue
        if match := _FETCH_LINE.fullmatch(line):
            lines.append(FetchLine(match[1], None if match[2] == "-" else int(match[2][:20]), match[3]))
        else:
            findings.append(found("BG-405", Outcome.FAILED, path, line=number, text=line[:120]))
    return FetchText(tuple(lines), tuple(findings))
