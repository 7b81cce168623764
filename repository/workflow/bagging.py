"""Turns what a package tells into a bag, in everybody's words.

The bag must explain itself without us: catalogue.json for a rebuild,
description.json for machines, DA/T 46 names for archivists, Dublin Core and
PREMIS for everybody else's software, and 说明.html for a person with a file
manager.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from preservation import premis
from preservation.checks import Outcome
from preservation.premis import AgentKind, EventRecord, EventType, PremisFile, PremisObject, PremisRights
from repository.description.bag_description import BagDescription, bag_description, to_bytes
from repository.description.columns import ItemColumns
from repository.description.crosswalk import dublin_core_xml, to_dat46, to_dublin_core
from repository.description.human_page import human_page
from repository.description.packed import EventFact, FileFact
from repository.description.value import Description
from repository.workflow.packages import RECORD, Contents
from repository.workflow.tools import Tools
from storage.bag import Carried, Incoming, reread, write_bag
from storage.failpoints import reach
from storage.inventory import Inventory
from storage.manifest import InfoLine
from storage.names import safe_extension
from storage.store import Store

HUMAN_PAGE = "说明.html"
#: docs/bagit-profile.json: what every bag of ours has.
PROFILE = "urn:uuid:5b0c7f0e-3d0a-4c1e-9a6e-2f7d1c0b8e41"


def object_path(position: int, original_name: str) -> str:
    """Return the path of an object in the bag: a generated ASCII name."""
    return f"data/objects/{position:04d}{safe_extension(original_name)}"


def write(tools: Tools, store: Store, contents: Contents, objects: Sequence[Incoming | Carried]) -> Inventory:
    """Write the bag of one package version into a store, read it back, and return its file list."""
    told = _told(contents)
    metadata = [
        Incoming.of_bytes(path, content) for path, content in sorted(_metadata(contents, told).items())
    ]
    page = human_page(told, made_on=contents.made_at.date().isoformat(), software=tools.software.name)
    inventory = write_bag(
        store,
        contents.prefix,
        payload=[*objects, *metadata],
        tag_files={HUMAN_PAGE: page},
        info=_info(tools, contents),
        algorithms=tools.policy.algorithms,
        verify=False,
    )
    reach("ingest.after_rename")
    carried = {one.path for one in objects if isinstance(one, Carried)}
    reread(store, contents.prefix, inventory, skip=carried)
    return inventory


def _metadata(contents: Contents, told: BagDescription) -> dict[str, bytes]:
    dat46 = to_dat46(told.description, told.columns, files=told.files, events=told.events, school=told.school)
    return {
        RECORD: json.dumps(contents.to_plain(), ensure_ascii=True, sort_keys=True, indent=1).encode(),
        "data/metadata/description.json": bag_description(told),
        "data/metadata/dat46.json": to_bytes(dat46),
        "data/metadata/dc.xml": dublin_core_xml(to_dublin_core(told.description, told.columns, told.files)),
        "data/metadata/premis.xml": _premis(contents),
    }


def _told(contents: Contents) -> BagDescription:
    columns = contents.columns
    return BagDescription(
        columns=ItemColumns(
            id=contents.item_id,
            reference_code=columns["reference_code"] or "",
            category=columns["category"],
            retention=columns["retention"],
            access_level=columns["access_level"],
        ),
        description=Description.from_plain({"kind": columns["kind"], "values": columns["values"]}),
        files=tuple(
            FileFact(
                path=file.path,
                original_name=file.original_name,
                size=file.size,
                sha256=file.sha256,
                mime=file.mime,
                puid=file.puid,
                format_name=file.format_name,
                original_hex=file.original_raw,
            )
            for file in contents.files
        ),
        ancestors=tuple(contents.ancestors),
        history=contents.revisions,
        events=tuple(_event_fact(told) for told in contents.events),
        school=contents.school.get("name", ""),
    )


def _event_fact(told: dict[str, Any]) -> EventFact:
    return EventFact(
        type=told["type"],
        at=told["at"],
        outcome=told["outcome"],
        agent=told["agent_name"],
        detail=told["detail"],
        agent_kind=told["agent_kind"],
    )


def _premis(contents: Contents) -> bytes:
    files = [
        PremisFile(
            id=f"{contents.item_id}/{file.path}",
            path=file.path,
            size=file.size,
            digests={"sha256": file.sha256},
            format_name=file.format_name or file.mime or "unknown",
            pronom_id=file.puid,
            original_name=file.original_name,
        )
        for file in contents.files
    ]
    item = PremisObject(id=contents.item_id, title=contents.columns["title"], version=contents.version)
    rights = [
        PremisRights(
            id=f"{contents.item_id}/access", act="disseminate", restriction=contents.columns["access_level"]
        )
    ]
    return premis.to_xml(item, files, [_event_record(told) for told in contents.events], rights=rights)


def _event_record(told: dict[str, Any]) -> EventRecord:
    return EventRecord(
        id=told["id"],
        type=EventType(told["type"]),
        at=datetime.fromisoformat(told["at"]),
        outcome=Outcome(told["outcome"]),
        object_id=told["object_id"],
        agent_name=told["agent_name"],
        agent_kind=AgentKind(told["agent_kind"]),
        detail=told["detail"],
        facts={name: json.dumps(value, ensure_ascii=False) for name, value in told["facts"].items()},
    )


def _info(tools: Tools, contents: Contents) -> list[InfoLine]:
    told = (
        ("Source-Organization", contents.school.get("name", "")),
        ("External-Description", contents.columns["title"]),
        ("External-Identifier", contents.columns["reference_code"] or ""),
        ("Internal-Sender-Identifier", contents.item_id),
        ("Bagging-Date", contents.made_at.date().isoformat()),
        ("Bag-Software-Agent", tools.software.name),
        ("Jingui-Item-Version", str(contents.version)),
        ("Jingui-Fonds-Code", contents.school.get("fonds_code", "")),
        ("BagIt-Profile-Identifier", PROFILE),
    )
    return [InfoLine(label, " ".join(value.split())) for label, value in told if value.strip()]
