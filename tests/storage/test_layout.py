"""Layout: ids and versions to keys and back."""

import io
import uuid
from datetime import date
from pathlib import Path

import pytest

from storage.errors import UnsafeName
from storage.layout import PackageKey, item_prefix, log_key, package_prefix, packages, parse_prefix
from storage.local import create_store
from storage.memory import MemoryStore
from storage.store import Store

ITEM = "3fa2c6e0-1b2d-4c3e-9f00-0123456789ab"


def test_a_package_stands_at_its_id_and_version() -> None:
    """The prefix is sharded by the id's first four digits and tells the version."""
    prefix = package_prefix(ITEM, 1)

    assert prefix == f"aips/3f/a2/{ITEM}/v0001"
    assert PackageKey(ITEM, 12).prefix.endswith("/v0012")
    assert prefix.startswith(item_prefix(ITEM) + "/")


@pytest.mark.parametrize("version", [1, 9, 10, 9999, 10000, 999_999])
def test_a_prefix_is_parsed_back(version: int) -> None:
    """parse_prefix undoes package_prefix."""
    assert parse_prefix(package_prefix(ITEM, version)) == PackageKey(ITEM, version)


@pytest.mark.parametrize(
    "item_id",
    ["", "x", ITEM.upper(), ITEM.replace("-", ""), ITEM + "\n", "../x", str(uuid.uuid1()), f"{{{ITEM}}}"],
)
def test_what_is_no_uuid4_is_refused(item_id: str) -> None:
    """Only a random uuid in plain hex with dashes is an item id."""
    with pytest.raises(UnsafeName):
        package_prefix(item_id, 1)


@pytest.mark.parametrize("version", [0, -1, 1_000_000])
def test_versions_begin_at_one(version: int) -> None:
    """There is no version 0, below it or beyond the last."""
    with pytest.raises(UnsafeName):
        package_prefix(ITEM, version)


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "aips",
        f"aips/3f/a2/{ITEM}",
        f"aips/3f/a2/{ITEM}/v0000",
        f"aips/3f/a2/{ITEM}/v1",
        f"aips/3f/a2/{ITEM}/v00001",
        f"aips/3f/a2/{ITEM}/v0001/",
        f"aips/3f/a3/{ITEM}/v0001",
        f"x/aips/3f/a2/{ITEM}/v0001",
        f"aips/3f/a2/{ITEM}/v０００１",
    ],
)
def test_a13_a_package_in_another_place_is_no_package(prefix: str) -> None:
    """A prefix that package_prefix would not make is refused."""
    with pytest.raises(UnsafeName):
        parse_prefix(prefix)


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_packages_are_found_in_a_store(kind: str, tmp_path: Path) -> None:
    """Every package version is found once, in order; strays and other objects are not."""
    store: Store = MemoryStore() if kind == "memory" else create_store(tmp_path / "s", "s")
    items = sorted(str(uuid.uuid4()) for _ in range(5))
    wanted = [PackageKey(item, version) for item in items for version in (1, 2, 10)]
    for key in wanted:
        store.put(f"{key.prefix}/bagit.txt", io.BytesIO(b""))
    for stray in (
        f"aips/zz/a2/{ITEM}/v0001/a",
        f"aips/00/a2/{ITEM}/v0001/a",
        f"aips/3f/zz/{ITEM}/v0001/a",
        f"aips/3f/a2/{ITEM}/w/a",
        f"log/{ITEM}/v0001/a",
        "aips/file",
    ):
        store.put(stray, io.BytesIO(b""))

    assert list(packages(store)) == wanted


def test_a_journal_object_stands_under_its_day() -> None:
    """The key tells the day and the digest; what is no digest is refused."""
    assert log_key(date(2026, 1, 2), "0f" * 32) == f"log/2026/01/02/{'0f' * 32}.jsonl"
    for digest in ("", "0f", "0F" * 32, "../" + "0" * 61):
        with pytest.raises(UnsafeName):
            log_key(date(2026, 1, 2), digest)
