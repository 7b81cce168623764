"""Turns an item's rows into a bag: what is written, and in which words.

The bag must explain itself without us: description.json for machines, DA/T 46
names for archivists, Dublin Core and PREMIS for everybody else's software,
and 说明.html for a person with a file manager.
"""

import json
from collections.abc import Sequence
from typing import Any

from preservation import premis
from repository.description import crosswalk
from repository.description.value import Description
from repository.workflow.packages import RECORD, Contents
from repository.workflow.tools import Tools
from storage.bag import Carried, Incoming, InfoLine, write_bag
from storage.inventory import Inventory
from storage.names import safe_extension
from storage.store import Store

HUMAN_PAGE = "说明.html"


def object_path(position: int, original_name: str) -> str:
    """Return the path of an object in the bag: a generated ASCII name."""
    return f"data/objects/{position:04d}{safe_extension(original_name)}"


def write(tools: Tools, store: Store, contents: Contents, objects: Sequence[Incoming | Carried]) -> Inventory:
    """Write the bag of one package version into a store, read it back, and return its file list."""
    metadata = [Incoming.of_bytes(path, content) for path, content in sorted(_metadata(contents).items())]
    return write_bag(
        store,
        contents.prefix,
        payload=[*objects, *metadata],
        tag_files={HUMAN_PAGE: _human_page(contents)},
        info=_info(tools, contents),
        algorithms=tools.policy.algorithms,
    )


def _metadata(contents: Contents) -> dict[str, bytes]:
    described = _described(contents)
    columns = _columns(contents)
    record = json.dumps(contents.to_plain(), ensure_ascii=False, sort_keys=True, indent=1)
    dat46 = crosswalk.to_dat46(described, columns, files=_told_files(contents), events=contents.events)
    return {
        RECORD: record.encode(),
        "data/metadata/dat46.json": json.dumps(dat46, ensure_ascii=False, indent=1).encode(),
        "data/metadata/dc.xml": crosswalk.dublin_core_xml(described, columns),
        "data/metadata/premis.xml": premis.to_xml(_premis_object(contents)),
    }


def _described(contents: Contents) -> Description:
    return Description.from_plain({"kind": contents.columns["kind"], "values": contents.columns["values"]})


def _columns(contents: Contents) -> Any:
    raise NotImplementedError


def _told_files(contents: Contents) -> list[dict[str, Any]]:
    return [{name: getattr(file, name) for name in file.__slots__} for file in contents.files]


def _premis_object(contents: Contents) -> Any:
    raise NotImplementedError


def _human_page(contents: Contents) -> bytes:
    raise NotImplementedError


def _info(tools: Tools, contents: Contents) -> list[InfoLine]:
    school = contents.school
    return [
        InfoLine("Source-Organization", school.get("name", "")),
        InfoLine("External-Identifier", contents.columns["reference_code"] or contents.item_id),
        InfoLine("Internal-Sender-Identifier", contents.item_id),
        InfoLine("External-Description", contents.columns["title"]),
        InfoLine("Bagging-Date", contents.made_at.date().isoformat()),
        InfoLine("Bag-Software-Agent", tools.software.name),
        InfoLine("Jingui-Item-Version", str(contents.version)),
        InfoLine("Jingui-Fonds-Code", school.get("fonds_code", "")),
    ]
