"""Find for each manifest line the file that it means.

Names are data that travelled: percent signs, Unicode forms, spaces and
encodings differ from maker to maker. The reading that the standard wants
comes first (RFC 8493, 2.1.3); another one is taken only where a file stands
there, and is told. A digest must agree in any case.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from preservation.bagread import Declaration, ManifestLine, ManifestText
from preservation.bagwalk import Walk
from preservation.checks import Finding, Outcome
from preservation.findings import found

_PERCENT = re.compile(r"%(0[AaDd]|25)")
_PERCENT_LINE_END = re.compile(r"%(0[AaDd])")
_OUTSIDE = re.compile(r"[/\\~]|[A-Za-z]:[\\/]|%[^%/\\]+%[\\/]")

#: What Finder, Explorer and the like leave in folders.
LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".apdisk", ".localized"})


@dataclass(frozen=True, slots=True)
class Listing:
    """One manifest with its paths put in their places.

    digests holds the files that stand, absent those that do not, both by
    path; algorithm is None where we cannot compute it.
    """

    manifest: str
    algorithm: str | None
    is_tag: bool
    digests: dict[str, str]
    absent: dict[str, str]
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Places:
    """Where a listed name can stand; the indexes are made when first needed."""

    walk: Walk
    _forms: dict[str, str] | None = None
    _blocked: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        self._blocked = frozenset((*self.walk.links, *self.walk.specials, *self.walk.unreadable))

    def in_other_form(self, path: str) -> str | None:
        """Return the file whose name equals path in NFC, if any."""
        if self._forms is None:
            self._forms = {unicodedata.normalize("NFC", each): each for each in self.walk.files}
        return self._forms.get(unicodedata.normalize("NFC", path))

    def is_blocked(self, path: str) -> bool:
        """Return whether a link, a special file or a closed folder stands in the way."""
        if not self._blocked:
            return False
        parts = path.split("/")
        return any("/".join(parts[:end]) in self._blocked for end in range(1, len(parts) + 1))


def leaves_the_bag(path: str) -> bool:
    """Return whether a path could point outside the bag on some system; lexical only."""
    return bool(_OUTSIDE.match(path)) or ".." in re.split(r"[/\\]", path)


def place(
    text: ManifestText,
    *,
    manifest: str,
    algorithm: str | None,
    is_tag: bool,
    places: Places,
    declaration: Declaration,
) -> Listing:
    """Return the listing of one manifest."""
    placing = _Placing(manifest, is_tag, places, declaration)
    placing.findings.extend(text.findings)
    read = placing.reading(text.lines)
    strays = [line for line in text.lines if not placing.add_standing(line, read(line.path))]
    for line in strays:  # after the others, so that a twin is known to be one
        placing.add_stray(line, read(line.path))
    placing.settle_case()
    placing.tell_odd_names()
    return Listing(manifest, algorithm, is_tag, placing.digests, placing.absent, tuple(placing.findings))


def _literal(path: str) -> str:
    return path


def _all_percent(path: str) -> str:
    return _PERCENT.sub(lambda match: chr(int(match[1], 16)), path)


def _line_ends_only(path: str) -> str:
    return _PERCENT_LINE_END.sub(lambda match: chr(int(match[1], 16)), path)


@dataclass(slots=True)
class _Placing:
    """One manifest while its lines are put in their places."""

    manifest: str
    is_tag: bool
    places: Places
    declaration: Declaration
    digests: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    dotted: list[str] = field(default_factory=list)

    def reading(self, lines: tuple[ManifestLine, ...]) -> Callable[[str], str]:
        """Return the way to read percent signs under which most files stand."""
        strict = self.declaration.is_strict
        ways = (_all_percent, _line_ends_only, _literal)
        if not strict:  # before 1.0 only line ends were encoded
            ways = (_line_ends_only, _literal, _all_percent)
        marked = [line.path for line in lines if "%" in line.path]
        if not marked:
            return _literal
        standing = [sum(way(path) in self.places.walk.files for path in marked) for way in ways]
        best = standing.index(max(standing))
        if best:
            self.findings.append(found("BG-308", Outcome.WARNED, self.manifest, names=len(marked)))
        return ways[best]

    def add_standing(self, line: ManifestLine, path: str) -> bool:
        """Note a line whose file stands as written; return whether it does."""
        if path not in self.places.walk.files:
            return False
        if self._is_in_scope(path):
            self._note(self.digests, path, line.digest)
        return True

    def add_stray(self, line: ManifestLine, path: str) -> None:
        """Put a line whose file does not stand as written in its place, or refuse it."""
        place = self._elsewhere(line, path)
        if place and self._is_in_scope(place):
            self._note(self.digests if place in self.places.walk.files else self.absent, place, line.digest)

    def _note(self, shelf: dict[str, str], path: str, digest: str) -> None:
        """Note a digest, and tell where the path had one already."""
        if path not in shelf:
            shelf[path] = digest
        elif shelf[path] != digest:
            self.findings.append(found("BG-305", Outcome.FAILED, path, manifest=self.manifest))
        else:
            self.findings.append(found("BG-304", self.declaration.weight, path, manifest=self.manifest))

    def _elsewhere(self, line: ManifestLine, path: str) -> str | None:
        """Return where a path that does not stand as written may be meant, None if refused."""
        if leaves_the_bag(path):
            self.findings.append(found("BG-401", Outcome.FAILED, path, manifest=self.manifest))
            return None
        plain = "/".join(part for part in path.split("/") if part not in ("", "."))
        if plain != path and plain:
            self.dotted.append(path)
            path = plain
        files = self.places.walk.files
        if path in files or self.places.is_blocked(path):
            return path
        for other in self._other_spellings(line, path):
            if other in files:
                self.findings.append(found("BG-319", Outcome.WARNED, other, manifest=self.manifest))
                return other
        twin = self.places.in_other_form(path)
        if twin is None:
            return path
        code = "BG-310" if twin in self.digests else "BG-318"
        self.findings.append(found(code, Outcome.WARNED, twin, manifest=self.manifest, listed=path))
        if self.digests.setdefault(twin, line.digest) != line.digest:
            self.findings.append(found("BG-305", Outcome.FAILED, twin, manifest=self.manifest))
        return None

    def _other_spellings(self, line: ManifestLine, path: str) -> Iterator[str]:
        """Yield the path with spaces of the gap, an asterisk, or bytes as its own."""
        if line.star:
            yield "*" + path
        for spaces in range(1, len(line.gap)):
            yield line.gap[-spaces:] + path
        try:
            yield os.fsdecode(path.encode(self.declaration.encoding))
        except (LookupError, ValueError):
            return

    def _is_in_scope(self, path: str) -> bool:
        """Return whether this kind of manifest may list path; tell where it may not."""
        in_data = path.startswith("data/")
        if self.is_tag and in_data:
            self.findings.append(found("BG-403", self.declaration.weight, path, manifest=self.manifest))
        elif self.is_tag and path.startswith("tagmanifest-") and "/" not in path:
            self.findings.append(found("BG-404", self.declaration.weight, path, manifest=self.manifest))
        elif not self.is_tag and not in_data:
            self.findings.append(found("BG-402", Outcome.FAILED, path, manifest=self.manifest))
            return False
        return True

    def settle_case(self) -> None:
        """Before 1.0: a name listed in two cases that stands once is a warning.

        The suite of the Library of Congress judges so: no byte is missing.
        """
        if self.declaration.is_strict or not self.absent:
            return
        folded = {path.casefold(): path for path in self.digests}
        for path, digest in list(self.absent.items()):
            twin = folded.get(path.casefold())
            if twin is not None and self.digests[twin] == digest:
                del self.absent[path]
                self.findings.append(
                    found("BG-311", Outcome.WARNED, twin, manifest=self.manifest, listed=path)
                )

    def tell_odd_names(self) -> None:
        """Tell once how many paths had needless parts."""
        if self.dotted:
            self.findings.append(
                found("BG-307", Outcome.WARNED, self.manifest, names=len(self.dotted), first=self.dotted[0])
            )
