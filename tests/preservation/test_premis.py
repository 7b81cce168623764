"""PREMIS: the words of the vocabulary, and XML in the order of the schema."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from preservation.checks import Outcome
from preservation.premis import (
    NAMESPACE,
    AgentKind,
    EventRecord,
    EventType,
    PremisAgent,
    PremisFile,
    PremisObject,
    PremisRights,
    to_xml,
)

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("premis_subset.xsd")))
AT = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
ITEM = PremisObject("item-1", "一九五六届毕业合影", version=2)
FILE = PremisFile(
    id="file-1",
    path="data/objects/0001.jpg",
    size=1234,
    digests={"sha256": "a" * 64, "sm3": "b" * 64},
    format_name="JPEG File Interchange Format",
    format_version="1.01",
    pronom_id="fmt/43",
    original_name="毕业 合影.jpg",
)
EVENT = EventRecord(
    id="event-1",
    type=EventType.FIXITY_CHECK,
    at=AT,
    outcome=Outcome.FAILED,
    object_id="item-1",
    agent_name="jingui",
    detail="one copy read",
    facts={"store": "one", "code": "FX-101"},
)


def parsed(document: bytes) -> etree._Element:
    """Return a document as a tree that is valid by the schema."""
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    return root


def texts(root: etree._Element, name: str) -> list[str]:
    """Return the texts of every element of that name."""
    return [element.text or "" for element in root.iter(f"{{{NAMESPACE}}}{name}")]


def test_a_whole_document() -> None:
    """Objects, events, agents and rights stand in the order that the schema wants."""
    rights = PremisRights("rights-1", "disseminate", "校内", "2026-03-01", "2056-03-01", "contains portraits")
    person = PremisAgent("李档案", AgentKind.PERSON, note="archivist")
    root = parsed(to_xml(ITEM, [FILE], [EVENT], agents=[person], rights=[rights]))
    tops = [etree.QName(element).localname for element in root]

    assert tops == ["object", "object", "event", "agent", "agent", "rights"]
    assert texts(root, "agentName") == ["李档案", "jingui"]
    assert texts(root, "eventDateTime") == ["2026-03-01T01:30:00+00:00"]
    assert texts(root, "eventType") == ["fixity check"]
    assert texts(root, "eventOutcome") == ["failed"]
    assert texts(root, "eventOutcomeDetailNote") == ["code: FX-101", "store: one"]
    assert texts(root, "messageDigestAlgorithm") == ["SHA256", "SM3"]
    assert texts(root, "restriction") == ["校内"]


def test_objects_say_what_they_are() -> None:
    """The item is an intellectual entity, the files are files, and they name each other."""
    root = parsed(to_xml(ITEM, [FILE], []))
    kind = "{http://www.w3.org/2001/XMLSchema-instance}type"

    assert [element.get(kind) for element in root] == ["premis:intellectualEntity", "premis:file"]
    assert texts(root, "relatedObjectIdentifierValue") == ["file-1", "item-1"]
    assert texts(root, "originalName") == ["一九五六届毕业合影", "毕业 合影.jpg"]


def test_little_is_enough() -> None:
    """A file of unknown format without a PRONOM key or name is still a valid document."""
    bare = PremisFile("f", "data/objects/0001", 0, {}, format_name="")
    root = parsed(to_xml(ITEM, [bare], [EventRecord("e", EventType.CAPTURE, AT, Outcome.PASSED, "f", "x")]))

    assert texts(root, "formatName") == ["unknown"]


def test_a_person_does_and_a_program_executes() -> None:
    """The role of the agent follows from what it is."""
    person = EventRecord("e", EventType.APPRAISAL, AT, Outcome.PASSED, "i", "李档案", AgentKind.PERSON)
    root = parsed(to_xml(ITEM, [], [EVENT, person]))

    assert texts(root, "linkingAgentRole") == ["executing program", "implementer"]
    assert texts(root, "agentType") == ["software", "person"]


@given(st.text(max_size=40))
def test_any_text_makes_a_well_formed_document(text: str) -> None:
    """Control characters, lone surrogates and markup in names never break the XML."""
    file = PremisFile("f", "data/objects/0001", 1, {}, format_name="x", original_name=f"<{text}&")
    root = parsed(to_xml(PremisObject("i", text), [file], []))

    assert len(texts(root, "originalName")) == 2


def test_a_time_without_zone_is_refused() -> None:
    """An event needs an aware time."""
    with pytest.raises(ValueError):
        EventRecord("e", EventType.CAPTURE, datetime(2026, 3, 1), Outcome.PASSED, "i", "x")


def test_the_words_are_those_of_the_vocabulary() -> None:
    """The event types that the house uses are LoC labels, letter for letter."""
    used = {
        "capture",
        "accession",
        "virus check",
        "format identification",
        "message digest calculation",
        "validation",
        "packing",
        "replication",
        "fixity check",
        "migration",
        "deaccession",
        "deletion",
        "ingestion",
        "recovery",
        "quarantine",
        "metadata modification",
        "creation",
        "dissemination",
    }
    words = [kind.value for kind in EventType]

    assert used <= set(words)
    assert len(words) == len(set(words)) == 43
    assert all(word == word.lower() for word in words)


def test_the_schema_refuses_another_order() -> None:
    """The schema of this test notices an event before the object."""
    root = etree.fromstring(to_xml(ITEM, [FILE], [EVENT]))
    root.insert(0, root[2])

    assert not SCHEMA.validate(root)


def test_utc_stays_utc() -> None:
    """A time in UTC is written as it is."""
    event = EventRecord("e", EventType.CAPTURE, datetime(2026, 3, 1, tzinfo=UTC), Outcome.PASSED, "i", "x")

    assert texts(parsed(to_xml(ITEM, [], [event])), "eventDateTime") == ["2026-03-01T00:00:00+00:00"]
