"""Make good bags: by our own writer in a store, and by hand in any old form."""

import hashlib
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.bag import Incoming, write_bag
from storage.inventory import Inventory
from storage.layout import package_prefix
from storage.local import LocalStore, create_store
from storage.replicas import copy_bag

PAYLOAD: Mapping[str, bytes] = {
    "data/objects/0001.jpg": b"\xff\xd8 a class of 1956 " * 90,
    "data/objects/0002.txt": "第一中学一九五六届毕业合影".encode() * 20,
    "data/objects/0003 é.txt": b"a name with an accent",
    "data/metadata/description.json": b'{"title": "a photograph"}',
}


@dataclass(frozen=True, slots=True)
class StoredBag:
    """A bag in a store, and the folder in which it stands."""

    store: LocalStore
    prefix: str
    inventory: Inventory

    @property
    def folder(self) -> Path:
        """Return the bag's folder."""
        return self.store.root / self.prefix

    def file(self, path: str) -> Path:
        """Return one file of the bag."""
        return self.folder / path


def stored_bag(root: Path, payload: Mapping[str, bytes] = PAYLOAD, *, store_id: str = "one") -> StoredBag:
    """Return a bag by our own writer in a new store at root."""
    store = create_store(root, store_id)
    prefix = package_prefix(str(uuid.uuid4()), 1)
    inventory = write_bag(
        store,
        prefix,
        payload=[Incoming.of_bytes(path, content) for path, content in payload.items()],
        tag_files={"说明.html": "<p>这是一个归档信息包</p>".encode()},
        info=[],
    )
    return StoredBag(store, prefix, inventory)


def copy_of(bag: StoredBag, root: Path, store_id: str) -> StoredBag:
    """Return a verified copy of a bag in another new store."""
    store = create_store(root, store_id)
    copy_bag([bag.store], store, bag.prefix, bag.inventory)
    return StoredBag(store, bag.prefix, bag.inventory)


def overwrite(path: Path, content: bytes) -> None:
    """Change a file behind the store's back, as a failing disk or a careless hand does."""
    os.chmod(path, 0o644)
    path.write_bytes(content)


def alter(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a file by a function of the old ones."""
    overwrite(path, change(path.read_bytes()))


def flip(content: bytes, at: int = 0) -> bytes:
    """Return content with one bit turned over."""
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def flip_hex(content: bytes) -> bytes:
    """Return a manifest in which the first hex digit is another one."""
    return (b"1" if content[:1] != b"1" else b"2") + content[1:]


def manifest_lines(files: Mapping[str, bytes], algorithm: str = "sha256", gap: str = "  ") -> str:
    """Return manifest lines with the true digests of files, as raw as their names."""
    return "".join(
        f"{hashlib.new(algorithm, content).hexdigest()}{gap}{path}\n" for path, content in files.items()
    )


def hand_made(
    folder: Path,
    files: Mapping[str, bytes] | None = None,
    *,
    version: str = "1.0",
    algorithm: str = "sha256",
    tags: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a small good bag by hand; tags overrides or adds tag files. No tag manifest."""
    files = {"data/a.txt": b"one", "data/b.txt": b"two"} if files is None else files
    written: dict[str, bytes] = {
        "bagit.txt": f"BagIt-Version: {version}\nTag-File-Character-Encoding: UTF-8\n".encode(),
        f"manifest-{algorithm}.txt": manifest_lines(files, algorithm).encode("utf-8", "surrogateescape"),
        **files,
        **(tags or {}),
    }
    (folder / "data").mkdir(parents=True)
    for path, content in written.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def remake_manifests(folder: Path) -> None:
    """Write both SHA-256 manifests and the Payload-Oxum anew, as a careful forger would."""
    payload = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "data").rglob("*"))
        if path.is_file()
    }
    overwrite(folder / "manifest-sha256.txt", manifest_lines(payload).encode())
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    info = (folder / "bag-info.txt").read_text("utf-8").splitlines()
    kept = [oxum if line.startswith("Payload-Oxum") else line for line in info]
    overwrite(folder / "bag-info.txt", ("\n".join(kept) + "\n").encode())
    remake_tag_manifest(folder)


def remake_tag_manifest(folder: Path) -> None:
    """Write the SHA-256 tag manifest anew from the tag files it lists."""
    manifest = folder / "tagmanifest-sha256.txt"
    names = [line.split("  ", 1)[1] for line in manifest.read_text("utf-8").splitlines()]
    tags = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    overwrite(manifest, manifest_lines(tags).encode())
