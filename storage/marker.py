"""The marker file that says: this folder is store so-and-so.

A mount point whose disk is away is an empty folder without a marker, and a
wrong disk carries another id (cases B14, B15): both stop the work before
anything is called missing or written to the wrong place.
"""

import json
import os
import time

from storage import platform
from storage.errors import StorageError, StoreUnavailable, WrongStore
from storage.faults import translated
from storage.keys import MARKER

# Data for the person who finds this folder in thirty years, no message of ours to a user.
_NOTE = (
    "这是金匮（Jingui）数字档案的一个存储目录。aips 目录下每个叶子目录都是一个标准的 BagIt 信息包"
    "（RFC 8493），可用任何 BagIt 工具或 sha256sum 核验。请勿修改、移动或删除其中的文件；"
    ".quarantine 中是被替换下来的损坏文件，.drafts 中是未写完的文件。canaries 中是自检样本，"
    "其中四个是故意损坏的，用来考核核验程序，不是档案，请勿修复。"
)
_LARGEST = 64 * 1024  # bytes; a marker is far smaller


def write_marker(root: str, id: str) -> None:
    """Write the marker, durably and never over another one. Raises FileExistsError, OSError."""
    told = {"id": id, "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "note": _NOTE}
    place = os.path.join(root, MARKER)
    draft = f"{place}.{os.getpid()}.part"
    fd = platform.open_new(draft)
    try:
        try:
            platform.write_all(fd, json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        platform.rename_new(draft, place)
    except BaseException:
        os.unlink(draft)
        raise
    platform.fsync_dir(root)


def has_marker(root: str) -> bool:
    """Return whether some marker stands in the folder."""
    return os.path.lexists(os.path.join(root, MARKER))


def read_marker(root: str) -> str:
    """Return the id of the store in a folder. Raises StoreUnavailable."""
    try:
        with translated(writing=False, root=root):
            fd = platform.open_nofollow(os.path.join(root, MARKER))
            try:
                content = os.read(fd, _LARGEST)
            finally:
                os.close(fd)
        return str(json.loads(content)["id"])
    except (StorageError, ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(root=root, reason="no marker") from error


def check_marker(root: str, id: str) -> None:
    """Return if the folder is the store of that id. Raises StoreUnavailable, WrongStore."""
    try:
        found = read_marker(root)
    except StoreUnavailable as error:
        raise StoreUnavailable(store=id, root=root, reason="no marker") from error
    if found != id:
        raise WrongStore(store=id, found=found, root=root)
