"""export and import-bag: packages leave as bags, bags come in."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from preservation.checks import Finding
from preservation.errors import CouldNotJudge
from preservation.profile import read_profile
from repository import selections
from repository.commands.context import BAD, COULD_NOT, GOOD, acting, open_archive, progress, say, tell_json
from repository.commands.waiting import finish_jobs
from repository.description.export_list import OutList
from repository.permissions import access_tags
from repository.web import exchange_words, texts
from repository.web.findings import finding
from repository.web.words import outcome_word
from repository.workflow import bag_import, exporting
from repository.workflow.bag_import import Import, Wanted
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.exporting import Wish
from repository.workflow.importing import DEFAULT_CATEGORY
from repository.workflow.outward import FORMS
from repository.workflow.tools import Tools
from search.entry import Request

HITS = 100  # a question to the index
AFTER_IMPORT = {"ingest", "repack", "replicate", "index", "derive", "carry_log"}


@click.command("export")
@click.argument("ids", nargs=-1)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--search", "text", default="", help="导出检索到的全部档案")
@click.option("--collection", "code", default="", help="导出一个全宗、类别或案卷（按代码）")
@click.option("--as", "form", type=click.Choice(FORMS), default="folder", show_default=True, help="打成什么")
@click.option("--original-names", is_flag=True, help="不要信息包，只要原来文件名的文件")
@click.option("--all-versions", is_flag=True, help="连同每件的旧版本")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def export(
    ids: tuple[str, ...],
    target: Path,
    text: str,
    code: str,
    form: str,
    original_names: bool,
    all_versions: bool,
    as_json: bool,
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
        said = f"没有找到：{'、'.join(unknown)}" if unknown else "请写明导出哪些档案：件标识、档号、--search 或 --collection。"
        say(said, error=True)
        raise SystemExit(COULD_NOT)
    page = 1
    while text:
        found = tools.index.find(Request(text=text, tags=access_tags(actor), page=page, page_size=HITS))
        chosen += [hit.id for hit in found.hits]
        if page * HITS >= found.total:
            break
        page += 1
    return chosen


@click.command("import-bag")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--category", default=DEFAULT_CATEGORY, show_default=True, help="外来信息包先归入的类别代码")
@click.option(
    "--profile", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="必须符合的 BagIt 规范（JSON）"
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def import_bag(paths: tuple[Path, ...], category: str, profile: Path | None, as_json: bool) -> None:
    """接收 BagIt 信息包（文件夹、zip、tar）：本系统的原样登记，别处的进收件箱；有没收下的，退出码为 1。"""
    tools = open_archive()
    try:
        wanted = Wanted(category, None if profile is None else read_profile(profile))
    except CouldNotJudge as failure:
        say(f"这不是 BagIt 规范（JSON）：{profile}", error=True)
        raise SystemExit(COULD_NOT) from failure
    results: dict[str, Import | PackRefused] = {}
    for path in paths:
        try:
            with progress(f"接收 {path.name}", quiet=as_json) as tell:
                results[str(path)] = bag_import.take(tools, acting(tools), path, wanted, tell=tell)
        except PackRefused as refusal:
            results[str(path)] = refusal
    with progress("打包入库", quiet=as_json) as tell:
        finish_jobs(tools, AFTER_IMPORT, tell)
    if as_json:
        tell_json({path: _told(result) for path, result in results.items()})
    else:
        for name, result in results.items():
            for line in _lines(name, result):
                say(line)
    good = all(isinstance(result, Import) and result.is_good for result in results.values())
    raise SystemExit(GOOD if good else BAD)


def _told(result: Import | PackRefused) -> dict[str, object]:
    if isinstance(result, PackRefused):
        return {"refused": result.facts, "bags": []}
    names = ("name", "outcome", "item_id", "title", "version", "why")
    bags = [
        {name: getattr(bag, name) for name in names}
        | {"findings": [_plain_finding(one) for one in bag.findings]}
        for bag in result.bags
    ]
    return {"bags": bags, "passed_over": list(result.passed_over)}


def _plain_finding(one: Finding) -> dict[str, str]:
    return {"code": one.code, "outcome": str(one.outcome), "path": one.path}


def _lines(path: str, result: Import | PackRefused) -> Iterator[str]:
    if isinstance(result, PackRefused):
        yield f"✗ {path}：{texts.sentence(result)}"
        return
    for bag in result.bags:
        mark = "✓" if bag.outcome in ("taken", "restored", "known") else "✗"
        yield f"{mark} {bag.name}：{exchange_words.received_words(bag)}"
        for one in bag.findings[:20]:
            words = finding(one.code, dict(one.facts))
            yield f"    {outcome_word(str(one.outcome))} {one.code} {one.path}：{words}"
    for path_beside in result.passed_over:
        yield f"  略过（不在信息包里）：{path_beside}"
