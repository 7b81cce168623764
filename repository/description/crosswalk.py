"""Description -> Dublin Core and DA/T 46-2009.

The rows of fields.py say which element a field becomes; here the elements are
put in the shape of each standard. DA/T 46 names are Chinese, as an archivist
expects them; where a standard has no place for a field it is left out there
(our own file in the bag has everything).
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from repository.description.codes import ACCESS_LEVELS, CODE_LISTS, KINDS, retention_label
from repository.description.columns import ItemColumns
from repository.description.dates import parse_date
from repository.description.errors import DateRefused, ReferenceCodeRefused
from repository.description.fields import FieldSpec, fields_for, is_known, spec
from repository.description.packed import EventFact, FileFact
from repository.description.refcodes import parse
from repository.description.tables import table
from repository.description.value import Description

DC = "http://purl.org/dc/elements/1.1/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
DC_ELEMENTS = (
    "title", "creator", "subject", "description", "publisher", "contributor", "date", "type",
    "format", "identifier", "source", "language", "relation", "coverage", "rights",
)
ElementTree.register_namespace("oai_dc", OAI_DC)
ElementTree.register_namespace("dc", DC)
_DAT46 = table("dat46")
_NAMES: Mapping[str, str] = {number: name for number, name, _ in _DAT46["elements"]}
_PARENTS: Mapping[str, str] = {number: parent for number, _, parent in _DAT46["elements"]}
_AGENT_KINDS = {"person": "个人", "organisation": "单位", "organization": "单位", "software": "软件"}


def to_dublin_core(description: Description, columns: ItemColumns,
                   files: Sequence[FileFact] = ()) -> dict[str, tuple[str, ...]]:
    """Return the fifteen elements that have values, in the order of the standard.

    Dates are EDTF where they can be read; the kind becomes a DCMI type.
    """
    found: dict[str, list[str]] = {name: [] for name in DC_ELEMENTS}
    if columns.reference_code or columns.id:
        found["identifier"].append(columns.reference_code or columns.id)
    for row in _rows(description):
        element = "description" if row.dc == "provenance" else row.dc
        if element:
            found[element].extend(_dc_value(row, text) for text in description.many(row.name))
    kind = KINDS.get(description.kind)
    found["type"].insert(0, kind.dcmi if kind else "Collection")
    found["format"].extend(one.mime for one in files if one.mime)
    if columns.access_level:
        found["rights"].append(ACCESS_LEVELS.label(columns.access_level))
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items() if values}


def dublin_core_xml(elements: Mapping[str, Iterable[str]]) -> bytes:
    """Return an oai_dc record as UTF-8 XML; the same elements give the same bytes."""
    root = ElementTree.Element(f"{{{OAI_DC}}}dc")
    for name in DC_ELEMENTS:
        for text in elements.get(name, ()):
            ElementTree.SubElement(root, f"{{{DC}}}{name}").text = xml_text(text)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def xml_text(text: str) -> str:
    """Return the text with U+FFFD for what XML 1.0 cannot hold."""
    return "".join(c if _is_xml(ord(c)) else "\ufffd" for c in text)


def _is_xml(point: int) -> bool:
    if point < 0x20:
        return point in (0x9, 0xA, 0xD)
    return not 0xD800 <= point <= 0xDFFF and point not in (0xFFFE, 0xFFFF)


def to_dat46(description: Description, columns: ItemColumns, *, files: Sequence[FileFact] = (),
             events: Sequence[EventFact] = (), school: str = "") -> dict[str, Any]:
    """Return the DA/T 46-2009 tree with Chinese names, and the M number of each name that is used.

    文件实体 holds the item, 机构人员实体 its agents, 业务实体 its events, 实体关系 what it refers to.
    """
    flat: dict[str, Any] = {"M1": "文件", "M6": school, "M7": columns.id}
    flat |= _from_columns(columns)
    for row in _rows(description):
        if row.dat46 and description.many(row.name):
            said = [_shown(row, text) for text in description.many(row.name)]
            before = flat.get(row.dat46, [])
            flat[row.dat46] = [*before, *said] if isinstance(before, list) else said
    flat["M41"] = "单件" if len(files) <= 1 else "组合文件"
    item = _tree({number: _joined(value) for number, value in flat.items() if value})
    if files:
        item["电子属性"] = [_file(one) for one in files]
    tree = {
        "文件实体": item,
        "机构人员实体": _agents(events),
        "业务实体": [_event(one) for one in events],
        "实体关系": [_relation(code) for code in description.many("related_code")],
    }
    told = {name: value for name, value in tree.items() if value}
    return {"标准": _DAT46["standard"], "元素编号": _numbers_of(told), **told}


def date_facts(text: str) -> dict[str, Any]:
    """Return text, edtf, first_year, last_year and sort of a written date; only the text where unreadable."""
    try:
        found = parse_date(text)
    except DateRefused:
        return {"text": text}
    years = {"first_year": found.first_year, "last_year": found.last_year}
    return {"text": text, "edtf": found.edtf, **years, "sort": found.sort}


def _rows(description: Description) -> Iterable[FieldSpec]:
    """Return the rows of what is said: those of the kind in form order, then the rest."""
    here = fields_for(description.kind)
    rest = (spec(name) for name in description.values if is_known(name) and spec(name) not in here)
    return (row for row in (*here, *rest) if description.many(row.name))


def _dc_value(row: FieldSpec, text: str) -> str:
    if row.form == "date":
        facts = date_facts(text)
        return str(facts.get("edtf") or text)
    return text if row.name == "language" else _shown(row, text)


def _shown(row: FieldSpec, text: str) -> str:
    known = CODE_LISTS.get(row.code_list)
    return known.label(text) if known else text


def _from_columns(columns: ItemColumns) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "M8": columns.reference_code,
        "M12": retention_label(columns.retention),
        "M14": columns.category,
        "M74": ACCESS_LEVELS.label(columns.access_level),
    }
    try:
        code = parse(columns.reference_code)
    except ReferenceCodeRefused:
        return flat
    return {**flat, "M9": code.fonds, "M11": code.year, "M17": code.item}


def _joined(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _tree(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Put elements under their containers; the own value of 档号 stands beside its parts as 值."""
    tree: dict[str, Any] = {}
    for number in sorted(flat, key=lambda one: int(one[1:])):
        name, parent = _NAMES[number], _PARENTS[number]
        if parent:
            tree.setdefault(_NAMES[parent], {})[name] = flat[number]
        elif number in _PARENTS.values():
            tree[name] = {"值": flat[number]}
        else:
            tree[name] = flat[number]
    return tree


def _file(one: FileFact) -> dict[str, Any]:
    formats = "；".join(text for text in (one.format_name, one.mime, one.puid) if text)
    told = {"格式信息": formats, "计算机文件名": one.original_name, "计算机文件大小": one.size}
    return {name: value for name, value in told.items() if value != ""}


def _event(one: EventFact) -> dict[str, str]:
    told = {
        "业务状态": _DAT46["outcomes"].get(one.outcome, one.outcome), "业务行为": one.type,
        "行为时间": one.at, "行为依据": one.basis, "行为描述": one.detail,
    }
    return {name: value for name, value in told.items() if value}


def _agents(events: Sequence[EventFact]) -> list[dict[str, str]]:
    agents = dict.fromkeys((one.agent_kind, one.agent) for one in events if one.agent)
    return [{"机构人员类型": _AGENT_KINDS.get(kind, kind), "机构人员名称": name} for kind, name in agents]


def _relation(code: str) -> dict[str, str]:
    return {"实体标识符": code, "关系类型": "文件实体", "关系": "参见"}


def _numbers_of(tree: Any) -> dict[str, str]:
    numbers = {name: number for number, name in _NAMES.items()}
    used: dict[str, str] = {}
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        used |= _numbers_of(part)
    names = tree if isinstance(tree, dict) else ()
    return used | {name: numbers[name] for name in names if name in numbers}
