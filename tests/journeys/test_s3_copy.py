"""A copy on an S3 server through the whole work: taken in, protected, damaged, found, mended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from repository import queries
from repository.config import TABLE, shown
from repository.models.job import FixityRun
from repository.models.package import Copy
from repository.workflow import care, folders, replicating, worker
from repository.workflow.tools import Tools
from storage.s3 import S3Store
from tests.archives import ARCHIVIST, close, jingui, new_archive, photo, planned, take_in
from tests.servers.buckets import client, new_bucket
from tests.servers.swift import KEY, SECRET, Swift


@pytest.fixture
def words(swift: Swift, tmp_path: Path) -> dict[str, str]:
    """The settings of an archive with one store on a disk and one in a new bucket."""
    return {
        "JINGUI_STORES": f"main={tmp_path / 'main'},s3=s3://{new_bucket(swift.endpoint)}/copies",
        "JINGUI_S3_ENDPOINT": swift.endpoint,
        "JINGUI_S3_KEY": KEY,
        "JINGUI_S3_SECRET": SECRET,
    }


@pytest.fixture
def tools(words: dict[str, str], tmp_path: Path) -> Iterator[Tools]:
    """An archive with these stores."""
    made = new_archive(tmp_path / "data", **words)
    yield made
    close(made)


def _run(tools: Tools) -> FixityRun:
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    worker.drain(tools)
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


def _copies(tools: Tools) -> dict[str, str]:
    with tools.database.reading() as session:
        return {copy.store_id: copy.state for copy in session.scalars(select(Copy))}


def _damage(tools: Tools, swift: Swift, key: str) -> bytes:
    """Flip a bit of an object behind the store's back and return the good bytes."""
    store = tools.stores["s3"]
    assert isinstance(store, S3Store)
    with store.open(key) as stream:
        good = stream.read()
    where = {"Bucket": store.wire.place.bucket, "Key": store.wire.place.prefix + store._places.locate(key)}
    client(swift.endpoint).put_object(**where, Body=good[:-1] + bytes([good[-1] ^ 1]))
    return good


def test_a22_a_damaged_copy_in_a_bucket_is_found_and_mended(
    tools: Tools, swift: Swift, tmp_path: Path
) -> None:
    """An item is protected by a disk and a bucket; a flipped bit in the bucket is found and mended."""
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="校庆大会全景"))
    with tools.database.reading() as session:
        package = queries.package(session, ARCHIVIST, item_id)
        key = f"{package.prefix}/data/objects/0001.jpg"
        is_protected = replicating.protected(session, tools, package)
    before = _copies(tools)
    good = _damage(tools, swift, key)
    run = _run(tools)
    found = _copies(tools)
    with tools.database.writing.begin() as session:
        for troubled in queries.troubled_copies(session, tools.software):
            care.ask_repair(session, tools, ARCHIVIST, session.get_one(Copy, troubled.copy.id))
    worker.drain(tools)

    assert is_protected
    assert before == {"main": "ok", "s3": "ok"}
    assert (run.expected, run.checked, run.failed) == (2, 1, 1)
    assert found == {"main": "ok", "s3": "damaged"}
    assert _copies(tools) == {"main": "ok", "s3": "ok"}
    with tools.stores["s3"].open(key) as stream:
        assert stream.read() == good
    assert [one.key for one in tools.stores["s3"].list(".quarantine/") if one.key.endswith(".jpg")]


def test_the_bucket_is_written_to_by_the_folder_test(tools: Tools) -> None:
    """The look at the folders writes a sample into the bucket, too, and leaves nothing there."""
    looks = {state.name: state for state in folders.look(tools)}

    assert looks["s3"].writable and looks["s3"].free is None and looks["s3"].path.startswith("s3://")
    assert list(tools.stores["s3"].list("")) == []


def test_no_command_prints_the_secret(tools: Tools, words: dict[str, str], tmp_path: Path) -> None:
    """`jingui settings` shows stars for the keys."""
    for more in ([], ["--json"]):
        done = jingui(tmp_path / "data", "settings", *more, **words)

        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout and KEY not in done.stdout and "***" in done.stdout
    hidden = {spec.name for spec in TABLE if shown(spec, "x") == "***"}
    assert hidden == {"s3_key", "s3_secret", "mail_password", "webhook", "webhook_secret"}
