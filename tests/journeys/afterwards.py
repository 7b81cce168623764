"""What must be true of an archive once it was started again after a crash (P1, P2)."""

from pathlib import Path

import bagit
from sqlalchemy import select

from repository.models.item import Item
from repository.models.package import Package
from repository.workflow import reaping, worker
from repository.workflow.tools import Tools, Work
from tests.archives import new_archive


def restarted(data: Path, **more: str) -> Tools:
    """Start again as the worker does: reap what a crash left, then do all work."""
    tools = new_archive(data, empty=True, **more)
    reaping.reap(Work(tools, {}), age_seconds=0)
    worker.drain(tools)
    return tools


def assert_nothing_half(tools: Tools) -> None:
    """Every item is complete in both stores, and no leftovers lie about."""
    with tools.database.reading() as session:
        items = session.scalars(select(Item)).all()
        assert {item.state for item in items} <= {"archived"}
        for package in session.scalars(select(Package)).all():
            assert [(copy.store_id, copy.state) for copy in package.copies] == [
                ("main", "ok"),
                ("second", "ok"),
            ]
        prefixes = set(session.scalars(select(Package.prefix)))
    assert list(tools.staging.all()) == []
    assert list((tools.settings.data / "staging").iterdir()) == []
    for spec in tools.settings.store_specs:
        assert list((spec.root / ".drafts").iterdir()) == []
        standing = {bag.relative_to(spec.root).as_posix() for bag in spec.root.glob("aips/*/*/*/v*")}
        assert standing == prefixes
        for prefix in prefixes:
            bagit.Bag(str(spec.root / prefix)).validate()
