"""Small bags for the tests of storage, all made up."""

import os
import subprocess
import sys
from pathlib import Path

import bagit

from storage.bag import Incoming, write_bag
from storage.inventory import Inventory
from storage.layout import package_prefix
from storage.local import LocalStore
from storage.manifest import InfoLine
from storage.store import Store

ITEM = "3fa2c6e0-1b2d-4c3e-9f00-0123456789ab"
FIRST = package_prefix(ITEM, 1)
SECOND = package_prefix(ITEM, 2)
FILES = {
    "data/objects/0001.jpg": b"\xff\xd8 a picture",
    "data/objects/0002.tif": bytes(range(256)) * 2000,
    "data/objects/empty.txt": b"",
    "data/metadata/description.json": "{\"题名\": \"开学典礼\"}".encode(),
}
TAGS = {"说明.html": "<p>这是一个信息包</p>".encode()}
INFO = (InfoLine("Source-Organization", "示例学校"), InfoLine("Bagging-Date", "2026-11-21"))


def incoming() -> list[Incoming]:
    """Return the payload of the sample bag as new files."""
    return [Incoming.of_bytes(path, content) for path, content in FILES.items()]


def sample_bag(store: Store, prefix: str = FIRST) -> Inventory:
    """Write the sample bag and return its inventory."""
    return write_bag(store, prefix, payload=incoming(), tag_files=TAGS, info=INFO)


def judge(store: LocalStore, prefix: str = FIRST) -> bagit.Bag:
    """Return the bag if bagit-python calls it valid."""
    bag = bagit.Bag(str(store.root / prefix))
    bag.validate()
    return bag


def damage(store: LocalStore, key: str, content: bytes) -> None:
    """Change a file behind the store's back."""
    place = store.root / key
    os.chmod(place, 0o644)
    place.write_bytes(content)


def run(program: str, *words: str, failpoint: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a Python program with the project on its path, and a fail-point set."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "JINGUI_FAILPOINT": failpoint}
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
