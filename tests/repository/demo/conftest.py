"""All samples, drawn once for the tests of this folder."""

from pathlib import Path

import pytest

from repository.demo.samples import Sample, draw_samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, ...]:
    """Return the sixty samples, drawn into a fresh folder."""
    folder: Path = tmp_path_factory.mktemp("samples") / "new" / "folder"
    return draw_samples(folder)
