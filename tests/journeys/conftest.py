"""An archive for a whole journey."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from repository.workflow.tools import Tools
from tests.archives import close, new_archive


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """A founded archive with two stores."""
    made = new_archive(tmp_path / "data")
    yield made
    close(made)
