"""receipt: issue one for a submission, verify one by its code or its file."""

import json
from pathlib import Path
from typing import Any

import click

from repository.commands.context import BAD, COULD_NOT, GOOD, acting, open_archive, say, tell_json
from repository.commands.waiting import finish_jobs
from repository.models.keeping import Receipt
from repository.web import exchange_words
from repository.web.filters import local_time
from repository.workflow import receipt_checks, receipting
from repository.workflow.exchange_errors import ReceiptUnknown
from repository.workflow.receipt_checks import Verdict
from repository.workflow.tools import Tools
from repository.worklists import submission as submission_of

_MOST_BYTES = 256 << 20


@click.group("receipt")
def receipt() -> None:
    """接收回执：开具，或凭编码、文件验证。"""


@receipt.command("issue")
@click.argument("submission")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def issue(submission: str, as_json: bool) -> None:
    """为一次提交按现在的情况开具回执。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        receipting.ask(session, acting(tools), submission_of(session, acting(tools), submission))
    finish_jobs(tools, {"receipt", "carry_receipts"}, lambda done, total: None)
    with tools.database.reading() as session:
        row = receipting.of_submission(session, submission)[0]
        told = json.loads(row.content)
    if as_json:
        tell_json({"number": told["number"], "code": row.code, "complete": told["complete"]})
    else:
        say(f"已开具回执 {told['number']}，验证编码 {row.code}。")


@receipt.command("verify")
@click.argument("what")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def verify(what: str, as_json: bool) -> None:
    """验证一份回执：WHAT 是验证编码，或下载的回执文件；一切完好时退出码为 0。"""
    tools = open_archive()
    found = _verdict(tools, what)
    if found is None:
        if as_json:
            tell_json({"genuine": False, "good": False, "items": []})
        else:
            say("这不是本馆开具的回执，或者内容被改动过。", error=True)
        raise SystemExit(BAD)
    if as_json:
        tell_json(_plain(found))
    else:
        say(f"回执 {found.told['number']}，开具于 {local_time(found.told['issued_at'])}：签名有效。")
        for item in found.items:
            mark, words = "✓" if item.is_good else "✗", exchange_words.item_now_words(item)
            say(f"  {mark} {item.number}. {item.title}：{words}")
    raise SystemExit(GOOD if found.is_good else BAD)


def _plain(found: Verdict) -> dict[str, object]:
    names = ("number", "files", "title", "is_kept", "same_digest", "same_files", "copies", "checked_at")
    items = [
        {**{name: getattr(item, name) for name in names}, "is_good": item.is_good} for item in found.items
    ]
    told = {"number": found.told["number"], "genuine": found.is_genuine, "good": found.is_good}
    return {**told, "items": items}


def _verdict(tools: Tools, what: str) -> Verdict | None:
    """Return the verdict on a genuine receipt of this archive, None of any other."""
    path = Path(what)
    told = _document(path) if path.is_file() else {"code": what}
    with tools.database.reading() as session:
        try:
            row = receipt_checks.by_code(session, str(told.get("code", "")))
        except ReceiptUnknown:
            if path.is_file():
                return None
            raise
        if path.is_file() and not _same(row, told):
            return None
        found = receipt_checks.verdict(session, acting(tools), row)
        return found if found.is_genuine else None


def _document(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            told = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        say(f"文件读不出来：{path}", error=True)
        raise SystemExit(COULD_NOT) from error
    return told if isinstance(told, dict) else {}


def _same(row: Receipt, told: dict[str, Any]) -> bool:
    """Return whether a file says what was issued, to the letter."""
    names = ("id", "content", "digest", "signature", "key_id")
    return all(told.get(name) == getattr(row, name) for name in names)
