"""PREMIS 3.0: events as values, and a package as XML.

Every act on an object is an event, the failed ones too. The XML follows
premis-v3-0.xsd: object, event, agent, rights, in this order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from preservation.checks import Outcome
from preservation.premis_words import AgentKind, EventType

__all__ = [
    "AgentKind",
    "EventRecord",
    "EventType",
    "PremisAgent",
    "PremisFile",
    "PremisObject",
    "PremisRights",
    "to_xml",
]

NAMESPACE: Final = "http://www.loc.gov/premis/v3"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_VOCABULARY: Final = "http://id.loc.gov/vocabulary/preservation/eventType"
_ALGORITHMS: Final = "http://id.loc.gov/vocabulary/preservation/cryptographicHashFunctions"

ET.register_namespace("premis", NAMESPACE)
ET.register_namespace("xsi", _XSI)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event (事件). at is aware; detail and facts are for people and machines."""

    id: str
    type: EventType
    at: datetime
    outcome: Outcome
    object_id: str
    agent_name: str
    agent_kind: AgentKind = AgentKind.SOFTWARE
    detail: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a time without a zone: it would mean another hour elsewhere."""
        if self.at.tzinfo is None:
            raise ValueError("an event needs an aware time")


@dataclass(frozen=True, slots=True)
class PremisFile:
    """One payload file with its format; size in bytes, digests in hex by algorithm."""

    id: str
    path: str
    size: int
    digests: Mapping[str, str]
    format_name: str
    format_version: str = ""
    pronom_id: str = ""
    original_name: str = ""


@dataclass(frozen=True, slots=True)
class PremisObject:
    """The item that the files make up (智力实体)."""

    id: str
    title: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class PremisAgent:
    """Who may appear in events (责任者). The id is the name where there is no other."""

    name: str
    kind: AgentKind
    version: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PremisRights:
    """What may be done (权利) by decision of the archive; dates as EDTF."""

    id: str
    act: str
    restriction: str = ""
    restricted_from: str = ""
    restricted_until: str = ""
    note: str = ""


def to_xml(
    item: PremisObject,
    files: Sequence[PremisFile],
    events: Sequence[EventRecord],
    *,
    agents: Iterable[PremisAgent] = (),
    rights: Sequence[PremisRights] = (),
) -> bytes:
    """Return the PREMIS 3.0 document of one package, UTF-8.

    Agents that only the events name are added. Characters that XML cannot
    hold are written as U+FFFD; the exact names stand in the description.
    """
    root = ET.Element(f"{{{NAMESPACE}}}premis", {"version": "3.0"})
    _add_item(root, item, files, rights)
    for file in files:
        _add_file(root, file, item)
    for event in events:
        _add_event(root, event)
    for agent in _all_agents(agents, events):
        _add_agent(root, agent)
    for statement in rights:
        _add_rights(root, statement, item)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _clean(text: str) -> str:
    """Return text without what XML 1.0 forbids (section 2.2, Char)."""
    return "".join(
        char
        if char in "\t\n\r" or "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
        else "\ufffd"
        for char in text
    )


def _leaf(parent: ET.Element, name: str, text: object, **attributes: str) -> ET.Element:
    """Add one element with text and return it."""
    element = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    element.text = _clean(str(text))
    return element


def _branch(parent: ET.Element, name: str, **leaves: object) -> ET.Element:
    """Add one element with leaves, leaving out the empty ones, and return it."""
    element = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    for leaf, text in leaves.items():
        if text != "":
            _leaf(element, leaf, text)
    return element


def _identifier(parent: ET.Element, name: str, value: str, *, kind: str = "local") -> ET.Element:
    """Add an identifier of type and value and return it."""
    return _branch(parent, name, **{f"{name}Type": kind, f"{name}Value": value})


def _object(root: ET.Element, kind: str) -> ET.Element:
    return ET.SubElement(root, f"{{{NAMESPACE}}}object", {f"{{{_XSI}}}type": f"premis:{kind}"})


def _add_item(
    root: ET.Element, item: PremisObject, files: Sequence[PremisFile], rights: Sequence[PremisRights]
) -> None:
    """Add the intellectual entity with its parts and its version."""
    element = _object(root, "intellectualEntity")
    _identifier(element, "objectIdentifier", item.id)
    _branch(
        element,
        "significantProperties",
        significantPropertiesType="package version",
        significantPropertiesValue=item.version,
    )
    _leaf(element, "originalName", item.title)
    for file in files:
        _relate(element, "has part", file.id)
    for statement in rights:
        _identifier(element, "linkingRightsStatementIdentifier", statement.id)


def _relate(element: ET.Element, sub_type: str, other: str) -> None:
    """Add a structural relationship to another object."""
    relationship = _branch(
        element, "relationship", relationshipType="structural", relationshipSubType=sub_type
    )
    _identifier(relationship, "relatedObjectIdentifier", other)


def _add_file(root: ET.Element, file: PremisFile, item: PremisObject) -> None:
    """Add one file with digests, size and format."""
    element = _object(root, "file")
    _identifier(element, "objectIdentifier", file.id)
    characteristics = _branch(element, "objectCharacteristics", compositionLevel=0)
    for algorithm, digest in sorted(file.digests.items()):
        fixity = _branch(characteristics, "fixity")
        _leaf(fixity, "messageDigestAlgorithm", algorithm.upper(), authorityURI=_ALGORITHMS)
        _leaf(fixity, "messageDigest", digest)
    _leaf(characteristics, "size", file.size)
    form = _branch(characteristics, "format")
    _branch(
        form, "formatDesignation", formatName=file.format_name or "unknown", formatVersion=file.format_version
    )
    if file.pronom_id:
        _branch(form, "formatRegistry", formatRegistryName="PRONOM", formatRegistryKey=file.pronom_id)
    if file.original_name:
        _leaf(element, "originalName", file.original_name)
    _branch(
        _branch(element, "storage"),
        "contentLocation",
        contentLocationType="path in bag",
        contentLocationValue=file.path,
    )
    _relate(element, "is part of", item.id)


def _add_event(root: ET.Element, event: EventRecord) -> None:
    """Add one event with its outcome."""
    element = ET.SubElement(root, f"{{{NAMESPACE}}}event")
    _identifier(element, "eventIdentifier", event.id, kind="UUID")
    _leaf(element, "eventType", event.type.value, authority="eventType", authorityURI=_VOCABULARY)
    _leaf(element, "eventDateTime", event.at.astimezone(UTC).isoformat())
    if event.detail:
        _branch(element, "eventDetailInformation", eventDetail=event.detail)
    outcome = _branch(element, "eventOutcomeInformation", eventOutcome=event.outcome.value)
    for name, value in sorted(event.facts.items()):
        _branch(outcome, "eventOutcomeDetail", eventOutcomeDetailNote=f"{name}: {value}")
    agent = _identifier(element, "linkingAgentIdentifier", event.agent_name)
    is_software = event.agent_kind is AgentKind.SOFTWARE
    _leaf(agent, "linkingAgentRole", "executing program" if is_software else "implementer")
    _identifier(element, "linkingObjectIdentifier", event.object_id)


def _all_agents(agents: Iterable[PremisAgent], events: Sequence[EventRecord]) -> list[PremisAgent]:
    """Return the agents given and those that only events name, each once."""
    known = {agent.name: agent for agent in agents}
    for event in events:
        known.setdefault(event.agent_name, PremisAgent(event.agent_name, event.agent_kind))
    return list(known.values())


def _add_agent(root: ET.Element, agent: PremisAgent) -> None:
    element = ET.SubElement(root, f"{{{NAMESPACE}}}agent")
    _identifier(element, "agentIdentifier", agent.name)
    _leaf(element, "agentName", agent.name)
    _leaf(element, "agentType", agent.kind.value)
    if agent.version:
        _leaf(element, "agentVersion", agent.version)
    if agent.note:
        _leaf(element, "agentNote", agent.note)


def _add_rights(root: ET.Element, rights: PremisRights, item: PremisObject) -> None:
    """Add one statement of what may be done with the item."""
    statement = _branch(ET.SubElement(root, f"{{{NAMESPACE}}}rights"), "rightsStatement")
    _identifier(statement, "rightsStatementIdentifier", rights.id)
    _leaf(statement, "rightsBasis", "other")
    _branch(statement, "otherRightsInformation", otherRightsBasis="archive access decision")
    granted = _branch(statement, "rightsGranted", act=rights.act, restriction=rights.restriction)
    if rights.restricted_from or rights.restricted_until:
        _branch(
            granted,
            "termOfRestriction",
            startDate=rights.restricted_from or "open",
            endDate=rights.restricted_until,
        )
    if rights.note:
        _leaf(granted, "rightsGrantedNote", rights.note)
    _identifier(statement, "linkingObjectIdentifier", item.id)
