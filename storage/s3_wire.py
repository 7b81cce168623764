"""Requests to one bucket of an S3 server.

Each is tried again with back-off and jitter, a limited number of times, then it is
StoreUnavailable. Nothing is believed that the server could have wrong: its ETag is
never fixity (case C06), and its checksum trailers, which some servers write into
the file (C07), are not sent; instead the whole request is signed with its SHA-256.
"""

import io
import random
import secrets
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from threading import Lock
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError, ResponseStreamingError

from storage.errors import AlreadyStored, NotFound, StoreUnavailable, Unreadable
from storage.s3_errors import is_worth_again, s3_error

_TRY = "jingui-try"  # metadata: which attempt of ours wrote an object (case C03)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a bucket of a server, a prefix in it ("" or ending in "/"), and who asks."""

    store: str
    bucket: str
    prefix: str
    endpoint: str
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited: tries per request, seconds before the second one, seconds for an answer."""

    tries: int = 5
    pause_seconds: float = 0.3
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """One object as the server tells it; size in bytes, the time is the server's."""

    key: str
    size: int
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that was begun."""

    key: str
    id: str
    begun: datetime | None = None
    mark: str = ""


class Body(io.RawIOBase):
    """An answer's bytes: an end that comes too early is an error (case C05)."""

    def __init__(self, stream: Any, size: int, **facts: object) -> None:
        self._stream = stream
        self._left = size
        self._facts = facts

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes read. Raises Unreadable, StoreUnavailable."""
        try:
            block = self._stream.read(len(buffer))
        except (IncompleteReadError, ResponseStreamingError) as error:
            raise Unreadable(**self._facts, reason="truncated") from error
        except (BotoCoreError, OSError) as error:
            raise StoreUnavailable(**self._facts, reason=type(error).__name__) from error
        self._left -= len(block)
        if self._left < 0 or (self._left and not block and len(buffer)):
            raise Unreadable(**self._facts, reason="truncated")
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._stream.close()
        super().close()


_ONE_AT_A_TIME = Lock()  # clients may be shared by threads, the session that makes them not


@cache
def _session() -> Any:
    """Return the one session, which has read boto3's descriptions of S3 (half a second)."""
    return boto3.session.Session()


class Wire:
    """The bucket, key by key below the place's prefix. Threads may share it."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self.place = place
        self.patience = patience
        settings = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=patience.timeout_seconds,
            read_timeout=patience.timeout_seconds,
            retries={"total_max_attempts": 1},  # ours know what an answer to the second try means
        )
        with _ONE_AT_A_TIME:
            self.client = _session().client(
                "s3",
                endpoint_url=place.endpoint,
                region_name=place.region,
                aws_access_key_id=place.key,
                aws_secret_access_key=place.secret,
                config=settings,
            )

    def ask(self, operation: str, key: str | None, *, writing: bool = True, **words: Any) -> Any:
        """Return the server's answer to one request. Raises NotFound, AlreadyStored, StoreUnavailable, ..."""
        facts = {"store": self.place.store, "key": key or "", "operation": operation}
        for number in range(1, self.patience.tries + 1):
            try:
                return self._call(operation, key, words)
            except (ClientError, BotoCoreError) as error:
                if not is_worth_again(error):
                    raise s3_error(error, writing=writing, **facts) from error
                if number == self.patience.tries:
                    told = s3_error(error, writing=writing, **facts, tries=number)
                    raise StoreUnavailable(**told.facts) from error
            time.sleep(self.patience.pause_seconds * 2 ** (number - 1) * random.uniform(0.5, 1.5))
        raise StoreUnavailable(**facts, tries=0)

    def once(self, operation: str, key: str | None, **words: Any) -> Any:
        """Return the server's answer to one request that is not tried again. Raises StorageError."""
        try:
            return self._call(operation, key, words)
        except (ClientError, BotoCoreError) as error:
            raise s3_error(error, writing=True, store=self.place.store, operation=operation) from error

    def _call(self, operation: str, key: str | None, words: Mapping[str, object]) -> Any:
        told = words if key is None else {**words, "Key": self.place.prefix + key}
        return getattr(self.client, operation)(Bucket=self.place.bucket, **told)

    def get(self, key: str) -> BinaryIO:
        """Open an object for reading. Raises NotFound, StoreUnavailable; reading also Unreadable."""
        answer = self.ask("get_object", key, writing=False)
        facts = {"store": self.place.store, "key": key}
        return io.BufferedReader(Body(answer["Body"], answer["ContentLength"], **facts))

    def read(self, key: str) -> bytes:
        """Return a small object of our own. Raises NotFound, Unreadable, StoreUnavailable."""
        with self.get(key) as stream:
            return stream.read()

    def head(self, key: str) -> Found | None:
        """Return what the server says of an object, None where nothing stands."""
        try:
            told = self.ask("head_object", key, writing=False)
        except NotFound:
            return None
        return Found(key, told["ContentLength"], told["LastModified"], told["Metadata"])

    def server_time(self) -> datetime:
        """Return the server's clock: ages are measured by the clock that made the times."""
        told = self.ask("list_objects_v2", None, writing=False, Prefix=self.place.prefix, MaxKeys=1)
        return parsedate_to_datetime(told["ResponseMetadata"]["HTTPHeaders"]["date"])

    def put(self, key: str, content: bytes, *, sha256: str = "", only_new: bool = True) -> str:
        """Write one object in one request and return the mark of this write.

        Raises AlreadyStored if only_new and something stands there.
        """
        metadata = _own_metadata(sha256)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_new else {}
        try:
            self.ask("put_object", key, Body=content, Metadata=metadata, **condition)
        except AlreadyStored:  # by an earlier try of this very write, its answer lost? (case C03)
            if not self.is_marked(key, metadata[_TRY]):
                raise
        return metadata[_TRY]

    def is_marked(self, key: str, mark: str) -> bool:
        """Return whether the object at key was written by the write of that mark."""
        found = self.head(key)
        return found is not None and found.metadata.get(_TRY) == mark

    def delete(self, key: str) -> None:
        """Remove an object; nothing to remove is no error."""
        self.ask("delete_object", key)

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield every object whose key starts with prefix, page by page."""
        for page in self._pages(Prefix=self.place.prefix + prefix):
            yield from map(self._found, page.get("Contents", ()))

    def level(self, prefix: str) -> Iterator[Found | str]:
        """Yield the objects right under prefix, and the names of the folders there."""
        start = len(self.place.prefix + prefix)
        for page in self._pages(Prefix=self.place.prefix + prefix, Delimiter="/"):
            yield from map(self._found, page.get("Contents", ()))
            for told in page.get("CommonPrefixes", ()):
                yield str(told["Prefix"])[start:-1]

    def folders(self, prefix: str) -> set[str]:
        """Return the names of the folders right under prefix."""
        return {one for one in self.level(prefix) if isinstance(one, str)}

    def _found(self, told: Any) -> Found:
        key = str(told["Key"]).removeprefix(self.place.prefix)
        return Found(key, told["Size"], told["LastModified"])

    def is_empty(self, prefix: str) -> bool:
        """Return whether nothing is listed under prefix."""
        told = self.ask("list_objects_v2", None, writing=False, Prefix=self.place.prefix + prefix, MaxKeys=1)
        return not told.get("Contents")

    def _pages(self, **words: Any) -> Iterator[Any]:
        more: dict[str, Any] = {}
        while True:
            page = self.ask("list_objects_v2", None, writing=False, **words, **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def copy(self, from_key: str, to_key: str) -> None:
        """Let the server copy an object (up to 5 GiB) over whatever stands at to_key. Raises NotFound."""
        self.ask("copy_object", to_key, CopySource=self.source(from_key))

    def source(self, key: str) -> dict[str, str]:
        """Return how a copy request names an object of this bucket."""
        return {"Bucket": self.place.bucket, "Key": self.place.prefix + key}

    def start(self, key: str, *, sha256: str = "") -> Upload:
        """Begin a multipart upload."""
        metadata = _own_metadata(sha256)
        told = self.ask("create_multipart_upload", key, Metadata=metadata)
        return Upload(key, told["UploadId"], mark=metadata[_TRY])

    def finish(self, upload: Upload, tags: Mapping[int, str], *, only_new: bool) -> None:
        """Make an object of the parts (ETag by number). Raises AlreadyStored if only_new and it is taken."""
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(tags.items())]
        condition = {"IfNoneMatch": "*"} if only_new else {}
        words: dict[str, Any] = {"MultipartUpload": {"Parts": parts}, **condition}
        self.ask("complete_multipart_upload", upload.key, UploadId=upload.id, **words)

    def drop(self, upload: Upload) -> None:
        """Abort a multipart upload; one that is gone already is no error."""
        try:
            self.ask("abort_multipart_upload", upload.key, UploadId=upload.id)
        except NotFound:
            return

    def uploads(self) -> Sequence[Upload]:
        """Return the multipart uploads under the place's prefix that are neither finished nor aborted."""
        found = deque[Upload]()
        more: dict[str, Any] = {}
        while True:
            told = self.ask("list_multipart_uploads", None, Prefix=self.place.prefix, **more)
            for one in told.get("Uploads", ()):
                key = str(one["Key"]).removeprefix(self.place.prefix)
                found.append(Upload(key, one["UploadId"], one["Initiated"]))
            if not told.get("IsTruncated"):
                return found
            more = {"KeyMarker": told["NextKeyMarker"], "UploadIdMarker": told["NextUploadIdMarker"]}


def _own_metadata(sha256: str) -> dict[str, str]:
    """Return what we write beside an object; the digest is for people, fixity has its own register."""
    told = {_TRY: secrets.token_hex(8)}
    return {**told, "sha256": sha256} if sha256 else told
