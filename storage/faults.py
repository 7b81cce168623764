"""From the system's error numbers to our own errors.

Each adapter puts its system calls inside `translated`, so that nobody above
ever sees an OSError of a store (reliability cases B08-B13).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from storage.errors import ReadOnly, StorageError, StorageFull, StoreUnavailable, Unreadable, UnsafeName

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
#: What the system says when no file stands at a path.
ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def storage_error(error: OSError, *, writing: bool, **facts: object) -> StorageError:
    """Return the error of ours that says what an OSError means.

    A failed write is the store's trouble, a failed read the object's.
    """
    number = error.errno
    facts["errno"] = errno.errorcode.get(number or 0, str(number))
    if number in _FULL:
        return StorageFull(**facts)
    if number == errno.EROFS:
        return ReadOnly(**facts)
    if number in {errno.ENAMETOOLONG, errno.EILSEQ}:
        return UnsafeName(**facts)
    if number in {errno.EMFILE, errno.ENFILE, getattr(errno, "ESTALE", -1)}:
        return StoreUnavailable(**facts)
    if number in _FORBIDDEN:
        return ReadOnly(**facts) if writing else Unreadable(**facts)
    return StoreUnavailable(**facts) if writing else Unreadable(**facts)


@contextmanager
def translated(*, writing: bool, **facts: object) -> Iterator[None]:
    """Turn an OSError inside the body into an error of ours with these facts."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, writing=writing, **facts) from error
