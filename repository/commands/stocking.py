"""stocktake: the stores against the catalogue, both ways."""

import click

from preservation.checks import Outcome
from repository import stocktakes
from repository.commands.context import BAD, COULD_NOT, GOOD, acting, open_archive, progress, say, tell_json
from repository.commands.waiting import finish_jobs
from repository.models.watch import Report
from repository.web import stock_words
from repository.workflow import taking_stock


@click.command("stocktake")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def stocktake(as_json: bool) -> None:
    """清点：目录与存储两头核对。完全一致时退出码为 0，有问题 1，有存储看不到 2。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        last = max((one.id for one in stocktakes.reports(session, limit=1)), default=0)
        taking_stock.ask(session, tools, acting(tools))
    with progress("清点", quiet=as_json) as tell:
        finish_jobs(tools, {stocktakes.VERB}, tell)
    with tools.database.reading() as session:
        found = stocktakes.reports(session, limit=len(tools.stores))
        told = {one.subject: one for one in reversed(found) if one.id > last}
    if as_json:
        tell_json({name: {"outcome": one.outcome, **one.facts} for name, one in told.items()})
    else:
        for line in _lines(told):
            say(line)
    outcomes = {one.outcome for one in told.values()}
    if {str(Outcome.FAILED), str(Outcome.WARNED)} & outcomes:
        raise SystemExit(BAD)
    is_whole = outcomes == {str(Outcome.PASSED)} and len(told) == len(tools.stores)
    raise SystemExit(GOOD if is_whole else COULD_NOT)


def _lines(told: dict[str, Report]) -> list[str]:
    """Return what to say of each store."""
    lines = []
    for name, one in told.items():
        lines.append(f"存储 {name}：{stock_words.sentence(one)}")
        for group in stock_words.groups(one):
            lines += [f"  ✗ {line.path}：{line.sentence}" for line in group.lines]
        left = stock_words.total(one) - len(one.facts["findings"])
        if left:
            lines.append(f"  还有 {left} 处没有列出，请看网页上的清点报告。")
    return lines
