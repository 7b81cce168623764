"""S3Store on a real Swift: the contract, and how trees, parts and probes stand in the bucket."""

import io
import threading

import pytest

from storage.bag import reread
from storage.errors import (
    AlreadyStored,
    DigestMismatch,
    NotFound,
    ReadOnly,
    StoreUnavailable,
    UnsafeName,
    WrongStore,
)
from storage.layout import packages
from storage.local import LocalStore
from storage.replicas import copy_bag
from storage.s3 import S3Store
from tests.contracts.store_contract import StoreContract, read, sha256
from tests.servers.buckets import client, new_bucket, new_store, store_in
from tests.servers.swift import Swift
from tests.storage.samples import FIRST, SECOND, sample_bag

MIB = 1024 * 1024


@pytest.fixture
def store(swift: Swift) -> S3Store:
    """An empty store below a prefix of its own."""
    return new_store(swift.endpoint)


class TestS3Store(StoreContract):
    """The contract holds on an S3 server."""
