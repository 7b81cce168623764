"""What an S3 server really does, found out by trying.

Some servers answer 200 to a request for a lock or a condition and do nothing:
nothing is believed, each capability is tried by the act that it forbids. What a
probe writes stands in .drafts/ and is removed; under a real lock it stays a minute.
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta

from storage.digests import sha256_of
from storage.errors import AlreadyStored, StorageError
from storage.keys import DRAFTS
from storage.s3_aside import MEND_SUFFIX
from storage.s3_wire import Wire

_FIRST, _SECOND = b"first", b"second"
_LOCKED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was seen to hold; removing_rules are the bucket's own rules that expire or move objects (C10)."""

    conditional_put: bool
    checks_digests: bool
    keeps_versions: bool
    locks_objects: bool
    removing_rules: tuple[str, ...]


def capabilities(wire: Wire) -> Capabilities:
    """Return what the server of a store does. Raises StoreUnavailable, ReadOnly."""
    return Capabilities(
        conditional_put=keeps_the_first(wire),
        checks_digests=_checks_digests(wire),
        keeps_versions=_keeps_versions(wire),
        locks_objects=_locks_objects(wire),
        removing_rules=removing_rules(wire),
    )


def keeps_the_first(wire: Wire) -> bool:
    """Return whether a second write with If-None-Match is refused and the first bytes stay."""
    key = _key()
    wire.put(key, _FIRST)
    try:
        wire.put(key, _SECOND)
    except AlreadyStored:
        return wire.read(key) == _FIRST
    finally:
        wire.delete(key)
    return False


def _checks_digests(wire: Wire) -> bool:
    """Return whether bytes that differ from the announced SHA-256 are refused."""
    key = _key()
    try:
        wire.once("put_object", key, Body=_FIRST, ChecksumSHA256=_base64_digest(_SECOND))
    except StorageError:
        return wire.head(key) is None
    finally:
        wire.delete(key)
    return False


def _keeps_versions(wire: Wire) -> bool:
    """Return whether the bytes of an overwritten and deleted object can still be had."""
    key = _key()
    try:
        first = wire.ask("put_object", key, Body=_FIRST).get("VersionId")
        wire.ask("put_object", key, Body=_SECOND)
        wire.delete(key)
        if not first or first == "null":
            return False
        told = wire.ask("get_object", key, VersionId=first, writing=False)
        return bool(told["Body"].read() == _FIRST)
    except StorageError:
        return False
    finally:
        wire.delete(key)


def _locks_objects(wire: Wire) -> bool:
    """Return whether a locked object's version withstands deleting."""
    key = _key()
    until = wire.server_time() + _LOCKED
    words = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    try:
        version = wire.once("put_object", key, Body=_FIRST, **words).get("VersionId")
    except StorageError:
        return False
    if not version:
        wire.delete(key)
        return False
    try:
        wire.once("delete_object", key, VersionId=version)
    except StorageError:
        told = wire.ask("get_object", key, VersionId=version, writing=False)
        return bool(told["ContentLength"] == len(_FIRST))
    return False


def removing_rules(wire: Wire) -> tuple[str, ...]:
    """Return the names of the bucket's enabled rules that expire or move objects."""
    try:
        told = wire.once("get_bucket_lifecycle_configuration", None)
    except StorageError:
        return ()
    acts = ("Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions")
    rules = [rule for rule in told.get("Rules", ()) if rule.get("Status") == "Enabled"]
    return tuple(str(rule.get("ID", "")) for rule in rules if any(rule.get(act) for act in acts))


def _key() -> str:
    return f"{DRAFTS}/{secrets.token_hex(16)}{MEND_SUFFIX}"


def _base64_digest(content: bytes) -> str:
    return b64encode(bytes.fromhex(sha256_of(content))).decode("ascii")
