"""What a bag of somebody else's says of itself, in our own fields.

Only what is plain is taken over: Dublin Core, and the elements of bag-info.txt
that RFC 8493 section 2.2.2 names. Where the words do not fit a field they go
into the notes; nothing is guessed, and the bag's own files are kept whole.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from repository.description.crosswalk import DC, DC_ELEMENTS
from repository.description.dates import parse_date
from repository.description.errors import DateRefused
from repository.description.fields import LINE, fields_for, is_known, spec
from repository.description.value import Value

Elements = Mapping[str, Sequence[str]]
_TITLES = ("Title", "Bag-Title", "Name")
_DATES = ("Date", "Creation-Date", "Date-Created")
_MOST_XML = 1 << 20
#: Elements of Dublin Core that have one plain field of ours.
_FROM_DC = {"subject": "keywords", "coverage": "place", "language": "", "rights": "copyright_holder"}
_MAKER = {"photo": "photographer", "audio": "photographer", "video": "photographer"}


@dataclass(frozen=True, slots=True)
class ForeignBag:
    """What stands in a bag: its own name, the elements of bag-info.txt and of Dublin Core."""

    name: str
    kind: str
    info: Sequence[tuple[str, str]] = ()
    dc: Elements = field(default_factory=dict)

    def said(self, *labels: str) -> list[str]:
        """Return the values of these labels of bag-info.txt, whatever their case, in the order of labels."""
        wanted = [label.lower() for label in labels]
        return [
            value.strip()
            for label in wanted
            for told, value in self.info
            if told.lower() == label and value.strip()
        ]


def read_dublin_core(content: bytes) -> dict[str, tuple[str, ...]]:
    """Return the Dublin Core elements in an XML file, {} where there are none or it is not to be read.

    No entity is expanded and nothing outside is asked for (case D27).
    """
    if len(content) > _MOST_XML:
        return {}
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    for element in root.iter():
        name = str(element.tag).removeprefix(f"{{{DC}}}")
        text = " ".join((element.text or "").split())
        if name in DC_ELEMENTS and text:
            found.setdefault(name, []).append(text)
    return {name: tuple(values) for name, values in found.items()}


def described(bag: ForeignBag) -> dict[str, Value]:
    """Return the values of an item's description that a bag plainly tells; a title always."""
    external = bag.said("External-Description")
    titles = [*bag.said(*_TITLES), *bag.dc.get("title", ()), *external, bag.name]
    title = titles[0][:LINE]
    values: dict[str, Value] = {"title": title}
    notes = [text for text in (*external, *bag.dc.get("description", ())) if text != title]
    dates = [*bag.said(*_DATES), *bag.dc.get("date", ())]
    date = next((text for text in dates if _is_date(text)), "")
    if date:
        values["date"] = date
    notes += [text for text in dates if text != date]
    values["source"] = _one(bag.said("Source-Organization"))
    values["former_code"] = _many(
        "former_code", [*bag.said("External-Identifier"), *bag.dc.get("identifier", ())], notes
    )
    values[_MAKER.get(bag.kind, "creator")] = _one(bag.dc.get("creator", ()))
    values["people"] = _many("people", bag.dc.get("contributor", ()), notes)
    for element, name in _FROM_DC.items():
        told = bag.dc.get(element, ())
        if name and spec(name).many:
            values[name] = _many(name, told, notes)
        elif name:
            values[name] = _one(told)
    values["custody_history"] = _custody(bag)
    values[_long_field(bag.kind)] = "\n".join(dict.fromkeys(notes))[: spec("notes").max_length]
    here = {row.name for row in fields_for(bag.kind)}
    return {name: value for name, value in values.items() if value and is_known(name) and name in here}


def _custody(bag: ForeignBag) -> str:
    """Return where the bag comes from, in the words of its own bag-info.txt."""
    labels = ("Source-Organization", "Organization-Address", "Bagging-Date", "External-Identifier",
              "Bag-Group-Identifier", "Bag-Count", "Internal-Sender-Identifier",
              "Internal-Sender-Description", "Bag-Software-Agent")
    told = [f"{label}: {value}" for label in labels for value in bag.said(label)]
    return "\n".join([f"BagIt: {bag.name}", *told])[: spec("custody_history").max_length]


def _long_field(kind: str) -> str:
    """Return the field that holds long words about a thing of this kind."""
    names = {row.name for row in fields_for(kind)}
    return next(name for name in ("caption", "summary", "notes") if name in names)


def _is_date(text: str) -> bool:
    try:
        parse_date(text)
    except DateRefused:
        return False
    return len(text) <= spec("date").max_length


def _one(texts: Iterable[str]) -> str:
    return next(iter(texts), "")[:200]


def _many(name: str, texts: Iterable[str], notes: list[str]) -> tuple[str, ...]:
    """Return the texts that fit a field of many; what is too long is a note."""
    most = spec(name).max_length
    texts = list(dict.fromkeys(texts))
    notes += [text for text in texts if len(text) > most]
    return tuple(text for text in texts if len(text) <= most)
