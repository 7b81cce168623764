"""Both engines keep the contract."""

from pathlib import Path

import pytest

from search.engine import Engine
from search.memory_engine import MemoryEngine
from search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import EngineContract


class TestMemory(EngineContract):
    """The reference."""

    @pytest.fixture
    def engine(self) -> Engine:
        """Return an empty memory engine."""
        return MemoryEngine()


class TestWhoosh(EngineContract):
    """The embedded default."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        """Return an empty engine in a new folder."""
        made = WhooshEngine(tmp_path / "index", "seal of the test")
        made.rebuild([], 0)
        return made
