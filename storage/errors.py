"""What storage can fail at.

Each class answers two questions for the caller: does the thing exist, and is
it worth trying again. The text for people is made at the doors, from `code`
and `facts`.
"""


class StorageError(Exception):
    """Base of all storage failures."""

    code = "ST-000"
    retryable = False

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code} {type(self).__name__}: {told}"


class NotFound(StorageError):
    """Nothing stands at that key."""

    code = "ST-001"


class AlreadyStored(StorageError):
    """The key is taken; nothing was overwritten."""

    code = "ST-002"


class UnsafeName(StorageError):
    """A path that could leave its place or cannot be kept."""

    code = "ST-003"


class DigestMismatch(StorageError):
    """What was read or written is not what was announced."""

    code = "ST-004"


class StoreUnavailable(StorageError):
    """The store cannot be reached, or its marker file is absent."""

    code = "ST-005"
    retryable = True


class WrongStore(StorageError):
    """Another store stands where this one is expected."""

    code = "ST-006"


class StorageFull(StorageError):
    """No room (bytes, inodes or quota) is left."""

    code = "ST-007"
    retryable = True


class Unreadable(StorageError):
    """The object is there but cannot be read (rights, I/O error, a link)."""

    code = "ST-008"
    retryable = True


class TooLarge(StorageError):
    """The upload is larger than the limit."""

    code = "ST-009"


class ReadOnly(StorageError):
    """The store refuses writing."""

    code = "ST-010"
    retryable = True


class WrongKey(WrongStore):
    """The store is sealed, and not with the key we have (or is open and should be sealed)."""

    code = "ST-013"
