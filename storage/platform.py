"""What only some systems can do, in one place.

Directory fsync, locks, limits, cache advice and links differ between POSIX and
Windows. No other module asks which system it runs on: it calls a function here,
which does the best that the system offers.
"""

import errno
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from types import TracebackType

from storage import linux
from storage.errors import StoreUnavailable, Unreadable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import resource

#: Mode of a committed file. Nobody opens an archived file for writing by accident, and a file that two
#: versions share (see LocalDraft.carry) is never written through one of its names. Moving and replacing
#: ask the folder, not the file, so repair still works. Windows refuses to replace a read-only file.
COMMITTED_MODE = 0o666 if sys.platform == "win32" else 0o444

_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _PLAIN  # a FIFO in place of a file must not hang us
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EACCES}
_NO_LINKS |= {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
CAN_RENAME_OPEN = sys.platform != "win32"  # whether a file that somebody has open may be replaced
CAN_SYNC_ALL = linux.HAS_SYNC_ALL


@dataclass(frozen=True, slots=True)
class Room:
    """What is left on a file system: bytes, and files where they are counted; total is its size in bytes."""

    bytes: int
    inodes: int | None
    total: int = 0


def free_room(path: str | os.PathLike[str]) -> Room:
    """Return the room left for us on the file system of path. Raises OSError."""
    if sys.platform == "win32":
        usage = shutil.disk_usage(path)
        return Room(bytes=usage.free, inodes=None, total=usage.total)
    told = os.statvfs(path)
    inodes = told.f_favail if told.f_files else None
    return Room(bytes=told.f_bavail * told.f_frsize, inodes=inodes, total=told.f_blocks * told.f_frsize)


def fsync_dir(path: str | os.PathLike[str]) -> None:
    """Make the names in a folder durable; Windows does so by itself. Raises OSError."""
    if sys.platform != "win32":
        _fsync(path, os.O_RDONLY | os.O_DIRECTORY)


def fsync_file(path: str | os.PathLike[str]) -> None:
    """Make a closed file durable. Raises OSError; the file is then lost, never asked again."""
    _fsync(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)


def _fsync(path: str | os.PathLike[str], flags: int) -> None:
    """Open, sync and close."""
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_all(fd: int) -> None:
    """Make the whole file system of fd, opened before the writing, durable; see linux.sync_all."""
    linux.sync_all(fd)


def open_new(path: str | os.PathLike[str]) -> int:
    """Create a file that must not exist, for writing, and return its descriptor. Raises OSError."""
    return os.open(path, _WRITE, COMMITTED_MODE)


def open_nofollow(path: str | os.PathLike[str], *, straight: bool = False) -> int:
    """Open a regular file for reading and return its descriptor.

    A link at the end of path is refused; with straight=True (path is absolute
    and resolved) also a link in any folder on the way. Raises Unreadable for
    a link or a special file, OSError (IsADirectoryError ...) for the rest.
    """
    if sys.platform == "win32" and os.path.islink(path):
        raise Unreadable(path=os.fspath(path), reason="link")
    try:
        fd = os.open(path, _READ)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link; a socket
            raise Unreadable(path=os.fspath(path), reason="link") from error
        raise
    try:
        kind = os.fstat(fd).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(kind):
            raise Unreadable(path=os.fspath(path), reason="not a file")
        if straight and not _came_straight(fd, os.fspath(path)):
            raise Unreadable(path=os.fspath(path), reason="link")
    except BaseException:
        os.close(fd)
        raise
    return fd


def _came_straight(fd: int, path: str) -> bool:
    """Return whether fd was opened at path itself, through no link.

    One readlink on Linux (2 us; a realpath costs 40). It may name another path
    when the file is being replaced, so a "no" is asked again the slow way.
    """
    try:
        if os.readlink(f"/proc/self/fd/{fd}") == path:
            return True
    except OSError:
        pass
    return is_straight(path)


def is_straight(path: str | os.PathLike[str]) -> bool:
    """Return whether an absolute path passes through no link."""
    return os.path.realpath(path) == os.fspath(path)


def drop_cache(fd: int) -> None:
    """Forget the cached pages of a file, so that the medium answers and not the memory.

    Pages not yet written stay (the file must have been synced). Does nothing
    where the system has no such call.
    """
    if hasattr(os, "posix_fadvise"):
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            return  # advice only; some file systems know none


def link_file(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> bool:
    """Give source a second name and return True, or False where the file system can't.

    A symbolic link gets a second name itself. Raises OSError (FileExistsError ...).
    """
    try:
        if os.link in os.supports_follow_symlinks:
            os.link(source, target, follow_symlinks=False)
        else:
            os.link(source, target)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True


def copy_contents(source: int, target: int) -> int:
    """Copy one open file into another inside the kernel and return the bytes copied. Raises OSError."""
    total = 0
    if hasattr(os, "copy_file_range"):
        try:
            while got := os.copy_file_range(source, target, 1 << 30):
                total += got
            return total
        except OSError as error:
            if total or error.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}:
                raise
    while block := os.read(source, 1 << 18):
        total += write_all(target, block)
    return total


def write_all(fd: int, block: bytes | memoryview) -> int:
    """Write the whole block (a disk near its end may take a part at a time). Raises OSError."""
    view = memoryview(block)
    done = os.write(fd, view)
    while done < len(view):
        done += os.write(fd, view[done:])
    return done


def rename_new(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Rename a file or folder to a name that must be free.

    Raises FileExistsError if it is taken. Atomic on Linux (renameat2) and
    Windows; elsewhere a file goes by link and unlink, and only a folder over
    an empty folder is not refused.
    """
    if sys.platform == "win32":
        os.rename(source, target)  # refuses by itself
        return
    if linux.HAS_RENAME_NEW:
        try:
            return linux.rename_new(os.fspath(source), os.fspath(target))
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOSYS, errno.EPERM}:  # the file system can't
                raise
    _rename_by_link(source, target)


def _rename_by_link(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Rename without overwriting where the system has no call for it."""
    if os.path.isdir(source):
        try:
            os.rename(source, target)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.ENOTDIR}:
                raise FileExistsError(errno.EEXIST, "taken", os.fspath(target)) from error
            raise
    elif link_file(source, target):
        os.unlink(source)
    elif os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "taken", os.fspath(target))
    else:
        os.rename(source, target)


def limit_process(
    *, cpu_seconds: int | None = None, memory_bytes: int | None = None, file_bytes: int | None = None
) -> bool:
    """Limit this process for good and return whether the system could; call it in a child only."""
    if sys.platform == "win32":
        return False
    wanted = (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),  # a core file would hold what the document held
    )
    for kind, most in wanted:
        if most is not None:
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, least))
    return True


class FileLock:
    """A lock that the system frees when its holder dies.

    acquire() never waits. As a context manager it raises StoreUnavailable
    (retryable) when another holds the lock.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock and return True, or False when another holder (also in this process) has it."""
        if self._fd is not None:
            return False
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            if sys.platform == "win32":
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """Free the lock. Safe to call twice."""
        if self._fd is not None:
            os.close(self._fd)  # closing frees it on both systems
            self._fd = None

    def __enter__(self) -> "FileLock":
        if not self.acquire():
            raise StoreUnavailable(path=self.path, reason="locked")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def process_alive(pid: int) -> bool:
    """Return whether a process with this number runs on this machine (True where nobody can tell)."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs, under another account
    return True
