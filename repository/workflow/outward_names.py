"""Names for what leaves the archive: safe on every system, never two alike.

Case D21: what Windows, macOS or a USB stick would refuse, change or take for
the same name is renamed here, and the list of the export tells both names.
"""

from dataclasses import dataclass, field

from storage.names import safe_name, twin_key

#: Windows counts 260 characters a path; the longest path in a bag of ours has about 60.
FOLDER_BYTES = 120
FILE_BYTES = 200


@dataclass(slots=True)
class Names:
    """The names given in one folder so far."""

    taken: set[str] = field(default_factory=set)

    def give(self, wanted: str | bytes, *, most: int = FILE_BYTES) -> str:
        """Return a safe name like wanted that nobody has here yet; at most so many bytes."""
        stem, extension = _parts(safe_name(wanted).stored, most)
        name, number = stem + extension, 1
        while twin_key(name) in self.taken:
            number += 1
            tail = f" ({number})"
            name = _shortened(stem, most - len((tail + extension).encode())) + tail + extension
        self.taken.add(twin_key(name))
        return name


def folder_wish(title: str, reference_code: str) -> str:
    """Return how the folder of an item would like to be called; slashes of a code are no folders."""
    told = " ".join(f"{reference_code} {title}".split()) or "未命名"
    return told.replace("/", "-").replace("\\", "-").rstrip(". ")


def _parts(name: str, most: int) -> tuple[str, str]:
    """Return stem and extension (with its dot, "" where there is none), together at most so long."""
    stem, dot, last = name.rpartition(".")
    extension = dot + last if stem and len(last) <= 15 and last.strip() else ""
    stem = stem if extension else name
    return _shortened(stem, most - len(extension.encode())), extension


def _shortened(stem: str, most: int) -> str:
    return stem.encode()[:most].decode("utf-8", "ignore").rstrip(". ") or "_"
