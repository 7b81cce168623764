"""jingui: the command line over everything. Without a subcommand it serves."""

import sys
from collections.abc import Sequence

import click
from flask import Flask
from sqlalchemy.exc import DatabaseError

from repository.commands import (
    auditing,
    backups,
    catalogue,
    demonstrating,
    exchange,
    keeping,
    mending,
    offline,
    people,
    receipts,
    running,
    stocking,
    storing,
    timing,
    watching,
)
from repository.commands.context import COULD_NOT
from repository.config import SettingRefused
from repository.extensions import babel
from repository.sheets import SheetUnreadable
from repository.web import texts
from repository.workflow.errors import WorkflowError
from search.errors import SearchError
from storage.errors import StorageError

REFUSALS = (SettingRefused, WorkflowError, SheetUnreadable, StorageError, SearchError)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def jingui(context: click.Context) -> None:
    """金匮：学校信得过的数字档案馆。不写子命令就启动网页和后台程序。"""
    if context.invoked_subcommand is None:
        running.run_both()


for command in (
    running.init,
    running.serve,
    running.work,
    catalogue.ingest,
    catalogue.search,
    watching.health,
    watching.notify,
    keeping.fixity,
    keeping.verify,
    keeping.repair,
    stocking.stocktake,
    mending.quarantine,
    exchange.export,
    exchange.import_bag,
    receipts.receipt,
    backups.backup,
    backups.restore,
    backups.drill,
    backups.inside,
    catalogue.rebuild,
    catalogue.dump,
    catalogue.show_settings,
    catalogue.status,
    storing.store,
    offline.medium,
    timing.clock,
    auditing.audit,
    people.account,
    demonstrating.demo,
):
    jingui.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever refuses is told in one sentence and exit code 2."""
    app = Flask("repository")  # sentences need the context of an app, nothing more of it
    babel.init_app(app, default_locale="zh_Hans_CN")
    with app.app_context():
        try:
            jingui(args=arguments, prog_name="jingui")
        except REFUSALS as refusal:
            click.echo(texts.sentence(refusal), err=True)
            sys.exit(COULD_NOT)
        except DatabaseError as failure:
            click.echo(_about_database(failure), err=True)
            sys.exit(COULD_NOT)


def _about_database(failure: DatabaseError) -> str:
    """Return what to do about a catalogue that cannot be used now."""
    cause = str(failure.orig).lower()
    if "locked" in cause or "busy" in cause:
        return "目录正在被别的程序占用，这一步没有做，什么都没有丢。请过一会儿再试。"
    if "full" in cause:
        return "目录所在的磁盘已满，这一步没有做。请清理磁盘后再试。"
    return f"目录数据库不能使用（{failure.orig}）。档案都在存储里：移走损坏的数据库后，可以用 rebuild catalogue 重建目录。"
