"""The power goes while an archive works (P1, P2, B06, B07); benchmarks.power_cuts does it more often."""

from pathlib import Path

import pytest

from tests.journeys.cut_matrix import cuts, look
from tests.journeys.power_cut import why_not

WHY_NOT = why_not()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "runs")
def test_b06_b07_a_power_cut_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """Whatever moment the power goes, what was acknowledged is there and whole after the restart."""
    found = cuts(tmp_path, count=6, photos=8, seed=20261121)

    assert len(found) >= 4
    for one in found:
        look(one, tmp_path)
