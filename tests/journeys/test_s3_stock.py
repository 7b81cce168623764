"""Stocktake and canaries on a real S3 server."""

from pathlib import Path

from sqlalchemy import select

from repository.models.job import FixityRun
from repository.models.package import Package
from repository.models.watch import Report
from repository.workflow import care, taking_stock, worker
from repository.workflow.tools import Tools
from storage.s3 import S3Store
from tests.archives import ADMINISTRATOR, close, new_archive, photo, planned, take_in
from tests.servers.buckets import client, new_bucket
from tests.servers.swift import KEY, SECRET, Swift


def _take_stock(tools: Tools) -> Report:
    with tools.database.writing.begin() as session:
        taking_stock.ask(session, tools, ADMINISTRATOR)
    worker.drain(tools)
    with tools.database.reading() as session:
        query = select(Report).where(Report.kind == "audit", Report.subject == "s3")
        return list(session.scalars(query.order_by(Report.id)))[-1]


def test_a_bucket_is_taken_stock_of_and_proves_the_checker(swift: Swift, tmp_path: Path) -> None:
    """In a bucket, too: all agrees, canaries are found, a lost object and a foreign one are told."""
    tools = new_archive(
        tmp_path / "data",
        JINGUI_STORES=f"main={tmp_path / 'main'},s3=s3://{new_bucket(swift.endpoint)}/copies",
        JINGUI_S3_ENDPOINT=swift.endpoint,
        JINGUI_S3_KEY=KEY,
        JINGUI_S3_SECRET=SECRET,
        JINGUI_AUTO_REPAIR="no",
    )
    for title in ("校庆", "校门"):
        take_in(tools, planned(photo(tmp_path / f"{title}.jpg"), title=title))
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, ADMINISTRATOR, scope="all").id
    worker.drain(tools)
    agreed = _take_stock(tools)
    store = tools.stores["s3"]
    assert isinstance(store, S3Store)
    with tools.database.reading() as session:
        run = session.get_one(FixityRun, run_id)
        lost = session.scalars(select(Package.prefix)).first()
    place = store.wire.place
    key = place.prefix + store._places.locate(f"{lost}/data/objects/0001.jpg")
    client(swift.endpoint).delete_object(Bucket=place.bucket, Key=key)
    client(swift.endpoint).put_object(Bucket=place.bucket, Key=f"{place.prefix}photos/x.jpg", Body=b"x")
    found = _take_stock(tools)
    close(tools)

    assert not run.invalid
    assert run.canaries["s3"] == {"generation": 1, "before": "passed", "after": "passed"}
    assert (agreed.outcome, agreed.facts["standing"], agreed.facts["codes"]) == ("passed", 2, {})
    assert found.facts["codes"] == {"ST-102": 1, "ST-403": 1}
