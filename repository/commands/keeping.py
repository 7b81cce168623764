"""fixity, verify, repair: judging and mending from the command line."""

from pathlib import Path

import click

from preservation.checks import Outcome, Report
from preservation.errors import CouldNotJudge
from preservation.profile import conforms, read_profile
from preservation.verify import exit_code, verify_folder
from repository.commands.context import BAD, COULD_NOT, GOOD, open_archive, progress, say, tell_json
from repository.commands.soundness import refuse_unsound
from repository.commands.waiting import finish_jobs
from repository.figures import care_figures
from repository.models.job import FixityRun
from repository.models.package import Copy
from repository.permissions import Actor, Role
from repository.policies import rules
from repository.queries import troubled_copies
from repository.web.canary_words import proofs
from repository.web.findings import finding
from repository.web.words import outcome_word
from repository.workflow import care, planning
from repository.workflow.tools import Tools

#: Who asks at the command line: a person, so that strangers in a bag may be moved (A06).
AT_THE_SHELL = Actor(None, "命令行", frozenset({Role.ADMIN}))


@click.group("fixity")
def fixity() -> None:
    """固化信息核验：逐字节重读副本。"""


@fixity.command("run")
@click.option("--all", "scope", flag_value="all", help="核验全部副本")
@click.option("--due", "scope", flag_value="due", default="due", help="只核验到期的副本（默认）")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def run(scope: str, as_json: bool) -> None:
    """核验副本；全部完好时退出码为 0。"""
    tools = open_archive()
    refuse_unsound(tools)
    there = planning.answering(tools)
    with tools.database.writing.begin() as session:
        run_id = planning.start(session, tools, AT_THE_SHELL, scope=scope, there=there).id
    with progress("核验", quiet=as_json) as tell:
        finish_jobs(tools, {"fixity"}, tell)
    told = report(tools, run_id)
    if as_json:
        tell_json(told)
    else:
        say(sentence(told))
        for line in invalid_lines(tools, run_id) + away_lines(tools, run_id) + trouble_lines(tools):
            say(line)
    is_whole = told["finished"] and not told["away"] and not told["invalid"]
    is_good = told["checked"] == told["expected"] and is_whole
    raise SystemExit(GOOD if is_good else BAD)


def report(tools: Tools, run_id: int) -> dict[str, object]:
    """Return the counts of a run; they add up."""
    with tools.database.reading() as session:
        row = session.get_one(FixityRun, run_id)
        return {
            "run": row.id,
            "scope": row.scope,
            "files": row.files,
            "bytes": row.bytes,
            "finished": row.finished_at is not None,
            "away": dict(row.away),
            "invalid": row.invalid,
            "canaries": dict(row.canaries),
            **care.figures_of(row),
        }


def sentence(told: dict[str, object]) -> str:
    """Return a run's counts as one sentence."""
    return (
        f"应核验 {told['expected']} 份副本：完好 {told['checked']}，损坏或缺失 {told['failed']}，"
        f"读不出 {told['unreadable']}，未核验 {told['not_checked']}（共读 {told['files']} 个文件）。"
    )


def invalid_lines(tools: Tools, run_id: int) -> list[str]:
    """Return what to say of a run whose checker missed a planted damage, nothing of a valid one."""
    with tools.database.reading() as session:
        row = session.get_one(FixityRun, run_id)
        if not row.invalid:
            return []
        failed = [one for one in proofs(row) if one.level == str(Outcome.FAILED)]
    said = [f"  ✗ 存储 {one.store}：{one.sentence}" for one in failed]
    return ["这次核验无效：没有通过自检，“完好”的结论不算数。", *said, *(f"    {x}" for one in failed for x in one.missed)]


def away_lines(tools: Tools, run_id: int) -> list[str]:
    """Return one line per store that the run could not reach."""
    with tools.database.reading() as session:
        away = session.get_one(FixityRun, run_id).away
    return [f"存储 {name} 联系不上，其中 {count} 份副本这次没有核验，状态不变。" for name, count in away.items()]


def trouble_lines(tools: Tools) -> list[str]:
    """Return one line per finding of every copy that is not good."""
    lines = []
    with tools.database.reading() as session:
        for troubled in troubled_copies(session, tools.software):
            title = troubled.item.title if troubled.item else troubled.package.prefix
            for found in troubled.copy.findings[:20]:
                lines.append(
                    f"  ✗ {title}｜存储 {troubled.copy.store_id}｜{found['path'] or troubled.package.prefix}："
                    f"{finding(found['code'], found['facts'])}"
                )
    return lines


@click.command("verify")
@click.argument("bag", type=click.Path(path_type=Path))
@click.option("--profile", type=click.Path(path_type=Path), help="还要符合的 BagIt 规范（JSON）")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def verify(bag: Path, profile: Path | None, as_json: bool) -> None:
    """独立判断任何一个 BagIt 文件夹：0 完好，1 有问题，2 无法判断。"""
    try:
        with progress("核验", quiet=as_json):
            told = verify_folder(bag)
            if profile is not None:
                more = conforms(bag, read_profile(profile))
                told = Report(told.subject, (*told.results, *more.results))
    except CouldNotJudge as failure:
        if as_json:
            tell_json(
                {
                    "bag": str(bag),
                    "outcome": str(Outcome.NOT_RUN),
                    "code": failure.code,
                    "facts": failure.facts,
                }
            )
        else:
            say(f"无法判断：{bag} 不是文件夹，或者读不出来（{failure.code}）。", error=True)
        raise SystemExit(COULD_NOT) from failure
    if as_json:
        findings = [
            {
                "code": one.code,
                "outcome": str(one.outcome),
                "path": one.path,
                "clause": one.clause,
                "facts": dict(one.facts),
            }
            for one in told.findings
        ]
        tell_json({"bag": str(bag), "outcome": str(told.outcome), "findings": findings})
    else:
        say({GOOD: "完好", BAD: "有问题"}.get(exit_code(told), "无法判断") + f"：{bag}")
        for one in told.findings:
            words = finding(one.code, dict(one.facts))
            rule = f"（RFC 8493 第 {one.clause} 节）" if one.clause else ""
            say(f"  {outcome_word(str(one.outcome))} {one.code} {one.path}：{words}{rule}")
    raise SystemExit(exit_code(told))


@click.command("repair")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def repair(as_json: bool) -> None:
    """用完好的副本修复所有损坏、缺失的副本；全部修好时退出码为 0。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        copies = [troubled.copy.id for troubled in troubled_copies(session, tools.software, limit=100_000)]
        for copy_id in copies:
            care.ask_repair(session, tools, AT_THE_SHELL, session.get_one(Copy, copy_id))
    with progress("修复", quiet=as_json) as tell:
        finish_jobs(tools, {"repair"}, tell)
    with tools.database.reading() as session:
        figures = care_figures(session, rules(session, tools))
    told = {"asked": len(copies), "still_troubled": figures.troubled, "lost": figures.lost}
    if as_json:
        tell_json(told)
    else:
        say(
            f"需要修复的副本 {told['asked']} 份，仍未修好 {told['still_troubled']} 份，找不到完好来源 {told['lost']} 份。"
        )
    raise SystemExit(GOOD if not figures.troubled else BAD)
