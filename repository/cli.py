"""jingui: the command line over everything. Without a subcommand it serves."""

import sys

import click
from flask import Flask

from repository.commands import catalogue, demonstrating, keeping, running
from repository.config import SettingRefused
from repository.extensions import babel
from repository.web import texts


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
    keeping.fixity,
    keeping.verify,
    keeping.repair,
    catalogue.rebuild,
    catalogue.dump,
    catalogue.show_settings,
    catalogue.status,
    demonstrating.demo,
):
    jingui.add_command(command)


def main() -> None:
    """Run the command line; a wrong setting is told in one sentence."""
    app = Flask("repository")  # sentences need the context of an app, nothing more of it
    babel.init_app(app, default_locale="zh_Hans_CN")
    with app.app_context():
        try:
            jingui(prog_name="jingui")
        except SettingRefused as refusal:
            click.echo(texts.sentence(refusal), err=True)
            sys.exit(2)
