"""What every command shares: settings, tools, how to say things.

A command says plain Chinese sentences on a terminal and JSON with --json;
exit codes are 0 good, 1 bad, 2 could not (or wrong usage).
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from repository.config import Settings, from_env
from repository.permissions import Actor
from repository.web import texts
from repository.web.notice_words import Speaker
from repository.wiring import build_tools, lay_folders
from repository.workflow import restoring, upgrading
from repository.workflow.backup_refusals import RestoreRefused
from repository.workflow.tools import Tools
from storage.errors import StorageError

GOOD, BAD, COULD_NOT = 0, 1, 2


def settings() -> Settings:
    """Return the settings of this environment."""
    return from_env(os.environ)


def open_archive() -> Tools:
    """Return the tools over a laid archive of this software's schema; a new one is made where there is none.

    An older catalogue is upgraded, after a verified backup (workflow/upgrading.py).
    Raises RestoreRefused on a half-restored folder, UpgradeRefused.
    """
    told = settings()
    if restoring.is_unfinished(told):
        raise RestoreRefused(reason="unfinished", data=str(told.data))
    lay_folders(told)
    tools = replace(build_tools(told), voice=Speaker())
    done = upgrading.upgrade(tools)
    if done is not None:
        say(
            f"目录数据库已从版本 {done.before} 升级到 {done.after}，升级前后 {done.tables} 张表、"
            f"{done.rows} 行逐一比对一致。升级前的备份：{done.backup}",
            error=True,
        )
    return tools


def store_troubles(tools: Tools) -> dict[str, str]:
    """Return the stores that do not answer now, each with a sentence."""
    troubles = {}
    for store_id, store in tools.stores.items():
        try:
            store.probe()
        except StorageError as error:
            troubles[store_id] = texts.sentence(error)
    return troubles


def acting(tools: Tools) -> Actor:
    """Return who acts on a command line: the software, run by whoever may start it."""
    return tools.software


def say(sentence: str, *, error: bool = False) -> None:
    """Print one sentence for people; a refusal goes to the error stream, so that --json stays JSON."""
    click.echo(sentence, err=error)


def tell_json(values: Any) -> None:
    """Print values as JSON."""
    click.echo(json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True, default=str))


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; say nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar = click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True)
    with bar:

        def tell(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield tell
