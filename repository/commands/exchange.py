"""export: packages leave as bags."""

from collections.abc import Sequence
from pathlib import Path

import click

from repository import selections
from repository.commands.context import BAD, COULD_NOT, GOOD, acting, open_archive, progress, say, tell_json
from repository.description.export_list import OutList
from repository.permissions import access_tags
from repository.web import exchange_words
from repository.workflow import exporting
from repository.workflow.exporting import Wish
from repository.workflow.outward import FORMS
from repository.workflow.tools import Tools
from search.entry import Request

HITS = 100  # a question to the index


@click.command("export")
@click.argument("ids", nargs=-1)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--search", "text", default="", help="导出检索到的全部档案")
@click.option("--collection", "code", default="", help="导出一个全宗、类别或案卷（按代码）")
@click.option("--as", "form", type=click.Choice(FORMS), default="folder", show_default=True, help="文件夹、zip 或 tar")
@click.option("--original-names", is_flag=True, help="不要信息包，只要原来文件名的文件")
@click.option("--all-versions", is_flag=True, help="连同每件的旧版本")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def export(
    ids: tuple[str, ...], target: Path, text: str, code: str, form: str, original_names: bool,
    all_versions: bool, as_json: bool,
) -> None:
    """导出归档信息包（BagIt）。IDS 是件标识或档号；有没能导出的件时退出码为 1。"""
    tools = open_archive()
    chosen = _chosen(tools, ids, text, code)
    wish = Wish(tuple(chosen), form, original_names, all_versions)
    with progress("导出", quiet=as_json) as tell:
        told = exporting.run(tools, acting(tools), wish, target, tell=tell)
    if as_json:
        tell_json({"target": str(target), "items": _plain(told), "left_out": len(told.left_out)})
    else:
        say(f"已导出 {len(told.items) - len(told.left_out)} 件到 {target}。")
        for item in told.left_out:
            say(f"  ✗ {item.reference_code} {item.title}：{exchange_words.left_out_words(item)}", error=True)
    raise SystemExit(BAD if told.left_out else GOOD)


def _plain(told: OutList) -> list[dict[str, object]]:
    names = ("id", "title", "reference_code", "version", "folder", "digest", "reason", "path")
    return [{name: getattr(item, name) for name in names} for item in told.items]


def _chosen(tools: Tools, ids: Sequence[str], text: str, code: str) -> list[str]:
    """Return the ids that were named, found and below the unit; what names nothing ends the command."""
    actor, chosen = acting(tools), list[str]()
    with tools.database.reading() as session:
        known = selections.by_codes(session, actor, ids)
        unknown = [one for one in ids if one not in known]
        chosen += [known[one] for one in ids if one in known]
        if code:
            below = selections.below(session, actor, code)
            unknown += [] if below else [code]
            chosen += below
    if unknown or not (ids or text or code):
        say(f"没有找到：{'、'.join(unknown)}" if unknown else "请写明导出哪些档案：件标识、档号、--search 或 --collection。",
            error=True)
        raise SystemExit(COULD_NOT)
    page = 1
    while text:
        found = tools.index.find(Request(text=text, tags=access_tags(actor), page=page, page_size=HITS))
        chosen += [hit.id for hit in found.hits]
        if page * HITS >= found.total:
            break
        page += 1
    return chosen
