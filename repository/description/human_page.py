"""说明.html: a bag explains itself to whoever opens it in thirty years.

Plain HTML without script, without any foreign address, fit for printing. The
words are in data/human_page.html; here only facts are filled in.
"""

import html
from collections.abc import Iterable
from string import Template
from urllib.parse import quote

from repository.description.bag_description import BagDescription
from repository.description.codes import ACCESS_LEVELS, CATEGORIES, CODE_LISTS, KINDS, retention_label
from repository.description.crosswalk import date_facts
from repository.description.date_labels import humanise
from repository.description.fields import FieldSpec, fields_for, is_known, spec
from repository.description.packed import FileFact
from repository.description.tables import text

NAME = "说明.html"
_PAGE = Template(text("human_page.html"))
_KIB = 1024


def human_page(told: BagDescription, *, made_on: str, software: str = "", to_root: str = "") -> bytes:
    """Return 说明.html for one package as UTF-8.

    made_on is the date shown as the day of packing. to_root leads from the page to the
    folder of the bag ("../../" when it lies in data/metadata/); it makes the links.
    """
    title = told.description.text("title") or "（无题名）"
    page = _PAGE.substitute(
        title=_safe(title),
        school=_safe(told.school or "（学校名称未填）"),
        place_in_tree=_safe(" › ".join(_ancestor_titles(told))),
        item_rows=_table(_item_rows(told)),
        count=len(told.files),
        total=readable_size(sum(one.size for one in told.files)),
        file_rows="\n".join(_file_row(number, one, to_root) for number, one in enumerate(told.files, 1)),
        made_on=_safe(made_on),
        software=_safe(software),
        id=_safe(told.columns.id),
    )
    return page.encode("utf-8")


def readable_size(size: int) -> str:
    """Return a size for people (1.5 MB) with the exact number of bytes."""
    shown, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if shown < _KIB:
            break
        shown, unit = shown / _KIB, larger
    return f"{size} 字节" if unit == "B" else f"{shown:.1f} {unit}（{size:,} 字节）"


def _safe(said: str) -> str:
    """Return text for HTML: escaped, and what cannot be shown told as \\u escapes."""
    visible = "".join(c if c.isprintable() or c in "\n " else f"\\u{ord(c):04x}" for c in said)
    return html.escape(visible).replace("\n", "<br>")


def _ancestor_titles(told: BagDescription) -> Iterable[str]:
    return (str(row.get("title") or row.get("code") or "") for row in told.ancestors)


def _item_rows(told: BagDescription) -> Iterable[list[str]]:
    columns, described = told.columns, told.description
    yield ["档号", columns.reference_code or "（尚未编号）"]
    yield ["种类", KINDS.label(described.kind)]
    yield ["类别", CATEGORIES.label(columns.category)]
    yield ["保管期限", retention_label(columns.retention)]
    yield ["开放程度", ACCESS_LEVELS.label(columns.access_level)]
    here = fields_for(described.kind)
    known = (*here, *(spec(name) for name in described.values if is_known(name) and spec(name) not in here))
    for row in known:
        yield [row.label(described.kind), _shown(row, told)]
    for name in described.values:
        if not is_known(name):
            yield [name, described.text(name)]


def _shown(row: FieldSpec, told: BagDescription) -> str:
    values = CODE_LISTS.get(row.code_list)
    said = told.description.many(row.name)
    shown = "、".join(values.label(one) if values else one for one in said)
    edtf = date_facts(shown).get("edtf") if row.form == "date" and shown else ""
    plain = humanise(edtf) if edtf else ""
    return f"{shown}（即 {plain}，{edtf}）" if plain and plain != shown else shown


def _table(rows: Iterable[list[str]]) -> str:
    return "\n".join(
        f"<tr><th>{_safe(label)}</th><td>{_safe(said)}</td></tr>" for label, said in rows if said
    )


def _file_row(number: int, one: FileFact, to_root: str) -> str:
    link = quote(to_root + one.path, safe="/.")
    kind = "，".join(part for part in (one.format_name, one.mime, one.puid) if part) or "未识别"
    return (
        f'<tr><td>{number}</td><td><bdi>{_safe(one.original_name)}</bdi></td>'
        f'<td><a href="{link}">{_safe(one.path)}</a></td>'
        f"<td>{readable_size(one.size)}</td><td>{_safe(kind)}</td></tr>\n"
        f'<tr class="digest"><td></td><td colspan="4">SHA-256 <code>{_safe(one.sha256)}</code></td></tr>'
    )
