"""What the storage kill matrix runs: `python -m tests.storage.put_bag FOLDER ACT`, in one thread."""

import io
import sys
from pathlib import Path

from storage.bag import Carried, Incoming, write_bag
from storage.digests import sha256_of
from storage.errors import AlreadyStored
from storage.lanes import in_lanes
from storage.local import LocalStore
from storage.replicas import copy_bag
from tests.storage.samples import FIRST, INFO, SECOND, TAGS, incoming, sample_bag

PAYLOAD = {one.path: one for one in incoming()}
VICTIM = "data/objects/0001.jpg"


def write(first: LocalStore, second: LocalStore) -> None:
    """Write a bag into the first store and copy it to the second."""
    inventory = sample_bag(first)
    copy_bag([first], second, FIRST, inventory)


def edit(first: LocalStore, second: LocalStore) -> None:
    """Write a second version that shares its payload with the first; copy both."""
    write(first, second)
    carried = [
        Carried(path, f"{FIRST}/{path}", size=one.size, sha256=one.sha256) for path, one in PAYLOAD.items()
    ]
    note = Incoming.of_bytes("data/metadata/note.txt", b"second")
    inventory = write_bag(first, SECOND, payload=[*carried, note], tag_files=TAGS, info=INFO)
    copy_bag([first], second, SECOND, inventory, shared={path: f"{FIRST}/{path}" for path in PAYLOAD})


def mend(first: LocalStore, second: LocalStore) -> None:
    """Put good bytes where damaged ones stand, and set aside what does not belong."""
    first.mend(f"{FIRST}/{VICTIM}", second.open(f"{FIRST}/{VICTIM}"), PAYLOAD[VICTIM].sha256)
    first.set_aside(f"{FIRST}/data/objects/stranger.txt")


def log(first: LocalStore, second: LocalStore) -> None:
    """Write one log object into each store, as the logbook does."""
    for store in (first, second):
        try:
            store.put("log/2026/11/21/a.jsonl", io.BytesIO(b"{}\n"), sha256_of(b"{}\n"))
        except AlreadyStored:
            continue


ACTS = {"write": write, "edit": edit, "mend": mend, "log": log}

if __name__ == "__main__":
    in_lanes.__kwdefaults__["lanes"] = 1
    folder = Path(sys.argv[1])
    ACTS[sys.argv[2]](LocalStore("first", folder / "first"), LocalStore("second", folder / "second"))
    print("ACK", flush=True)
