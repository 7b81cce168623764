"""From what an S3 server answers to our own errors.

Two questions are answered for every refusal: what does it mean, and is the same
request worth another try (reliability C02, C09, C13). A server that cannot be
trusted (wrong certificate, revoked key, no bucket) reads as "not reachable", never
as "all missing".
"""

from botocore.exceptions import BotoCoreError, ClientError, SSLError

from storage.errors import (
    AlreadyStored,
    NotFound,
    ReadOnly,
    StorageError,
    StorageFull,
    StoreUnavailable,
    Unreadable,
)

_AGAIN_STATUS = {408, 429, 500, 502, 503, 504}
#: The server's passing trouble; and content that changed on the way, which it noticed by our SHA-256.
_AGAIN = {
    "SlowDown",
    "InternalError",
    "RequestTimeout",
    "OperationAborted",
    "ConditionalRequestConflict",
    "BadDigest",
    "IncompleteBody",
    "XAmzContentSHA256Mismatch",
}
_ABSENT = {"NoSuchKey", "NoSuchUpload", "NoSuchVersion", "404", "NotFound"}
_FULL = {"QuotaExceeded", "InsufficientStorage", "EntityTooLarge", "XMinioStorageFull"}
_TAKEN = {"PreconditionFailed", "412"}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "MethodNotAllowed", "403"}


def code_of(error: ClientError) -> str:
    """Return the server's word for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """Return the HTTP status, 0 where there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_worth_again(error: ClientError | BotoCoreError) -> bool:
    """Return whether the same request may succeed in a moment."""
    if isinstance(error, ClientError):
        return code_of(error) in _AGAIN or status_of(error) in _AGAIN_STATUS
    return not isinstance(error, SSLError)  # a wrong certificate does not get better (case C13)


def s3_error(error: ClientError | BotoCoreError, *, writing: bool, **facts: object) -> StorageError:
    """Return the error of ours that says what an answer (or none) means."""
    if not isinstance(error, ClientError):
        return StoreUnavailable(**facts, reason=type(error).__name__)
    code, status = code_of(error), status_of(error)
    facts = {**facts, "reason": code}
    if code in _TAKEN:
        return AlreadyStored(**facts)
    if code in _ABSENT:  # "NoSuchBucket" is not among them (case C09)
        return NotFound(**facts)
    if code in _FULL or status == 507:
        return StorageFull(**facts)
    if code in _FORBIDDEN and writing:
        return ReadOnly(**facts)
    if code == "InvalidObjectState":  # a rule of the bucket moved it to slow storage (case C10)
        return Unreadable(**facts)
    return StoreUnavailable(**facts)
