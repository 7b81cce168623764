"""Whether an archive may be started on its catalogue.

A damaged catalogue would lose more with every write (B19), and an empty one
over full stores is no new archive but a lost catalogue (B16): both are told,
with what to do, and nothing is started.
"""

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from repository.commands.context import COULD_NOT, say
from repository.models.database import damage
from repository.models.item import Item
from repository.workflow.tools import Tools
from storage.errors import StorageError
from storage.layout import packages


def refuse_unsound(tools: Tools) -> None:
    """Return if the catalogue can be worked on; else say what to do and end the command."""
    found = _damage(tools)
    if found:
        say(f"目录数据库已损坏，没有启动（{found}）。", error=True)
        say(f"档案都在存储里，没有丢。请把 {_files(tools)} 移到别处，再运行 ./run rebuild catalogue 重建目录。", error=True)
        raise SystemExit(COULD_NOT)
    if _is_lost(tools):
        say("目录是空的，存储或暂存里却有档案：目录可能丢了，没有启动。", error=True)
        say("请先运行 ./run rebuild catalogue，从存储重建目录，再启动。", error=True)
        raise SystemExit(COULD_NOT)


def _files(tools: Tools) -> str:
    path = tools.database.engine.url.database
    return f"{path}（连同 {path}-wal、{path}-shm）"


def _damage(tools: Tools) -> str:
    try:
        return damage(tools.database)
    except DatabaseError as failure:
        return str(failure.orig)


def _is_lost(tools: Tools) -> bool:
    """Return whether no item is known although bags or uploads stand there."""
    with tools.database.reading() as session:
        if session.scalars(select(Item.id).limit(1)).first() is not None:
            return False
    if next(tools.staging.all(), None) is not None:
        return True
    for store in tools.stores.values():
        try:
            if next(packages(store), None) is not None:
                return True
        except StorageError:
            continue  # a store that is away is told of by itself
    return False
