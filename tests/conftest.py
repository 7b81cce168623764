"""What tests of several parts share: a real S3 server, started when the first of them asks."""

from collections.abc import Iterator

import pytest

from tests.servers.swift import CannotStart, Swift, running


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    """A running OpenStack Swift with its S3 door; skips with the reason why it cannot start."""
    server = running()
    try:
        started = server.__enter__()
    except CannotStart as reason:
        pytest.skip(str(reason))
    try:
        yield started
    finally:
        server.__exit__(None, None, None)
