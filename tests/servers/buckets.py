"""S3 stores for tests, each below a prefix or in a bucket of its own."""

import secrets
from functools import cache
from typing import Any

from storage.s3 import S3Store
from storage.s3_wire import Patience
from tests.servers.swift import KEY, REGION, SECRET

HURRY = Patience(tries=4, pause_seconds=0.02, timeout_seconds=10.0)


@cache
def client(endpoint: str) -> Any:
    """Return a plain S3 client, for doing things behind a store's back."""
    return store_in("any-bucket", endpoint).wire.client


def new_bucket(endpoint: str) -> str:
    """Make a bucket and return its name."""
    name = f"jingui-{secrets.token_hex(6)}"
    client(endpoint).create_bucket(Bucket=name)
    return name


def store_in(bucket: str, endpoint: str, id: str = "cloud", **more: Any) -> S3Store:
    """Return the store of a bucket as a process of its own would see it."""
    words = {"key": KEY, "secret": SECRET, "region": REGION, "patience": HURRY, **more}
    return S3Store(id, bucket=bucket, endpoint=endpoint, **words)


@cache
def shared_bucket(endpoint: str) -> str:
    """Return the one bucket of a server in which many stores stand below prefixes of their own."""
    return new_bucket(endpoint)


def new_store(endpoint: str, id: str = "cloud", **more: Any) -> S3Store:
    """Return a new and empty store below a prefix of its own."""
    prefix = f"school/{secrets.token_hex(6)}"
    store = store_in(shared_bucket(endpoint), endpoint, id, **{"prefix": prefix, **more})
    store.create()
    return store
