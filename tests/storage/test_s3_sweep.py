"""Sweeping a bucket: an upload that still grows is no leftover, however long ago it was begun."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from storage.s3_sweep import abort_stale
from storage.s3_wire import Upload, Wire

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class SlowBucket:
    """What a server tells of uploads that take hours; no server lets a test set its clock."""

    def __init__(self, parts: dict[str, list[int]]) -> None:
        self._parts = parts
        self.dropped: list[str] = []

    def server_time(self) -> datetime:
        """Return the server's time."""
        return NOW

    def uploads(self) -> Sequence[Upload]:
        """Return all uploads, begun ten hours ago."""
        return [Upload(f"aips/{id}", id, NOW - timedelta(hours=10)) for id in self._parts]

    def ask(self, operation: str, key: str, *, UploadId: str, PartNumberMarker: int = 0) -> dict[str, Any]:
        """Return the parts of an upload, one a page, each so many minutes old."""
        ages = self._parts[UploadId][PartNumberMarker:]
        shown = [{"LastModified": NOW - timedelta(minutes=age)} for age in ages[:1]]
        following = {"IsTruncated": len(ages) > 1, "NextPartNumberMarker": PartNumberMarker + 1}
        return {"Parts": shown, **following}

    def drop(self, upload: Upload) -> None:
        """Note what was aborted."""
        self.dropped.append(upload.id)


def test_c01_a_large_file_on_a_slow_line_is_never_aborted_while_its_parts_arrive() -> None:
    """Ten hours after its beginning, with a part of five minutes ago, an upload goes on; silent ones go."""
    bucket = SlowBucket({"grows": [590, 300, 5], "silent": [590, 300], "empty": []})
    aborted = abort_stale(cast(Wire, bucket), 3600)

    assert (aborted, bucket.dropped) == (2, ["silent", "empty"])
