"""Kill -9 before system calls of whole acts that change the disk (P1, P2, B01, B02, B04, B05).

Some places of each act, evenly spread, the first and the last among them;
`python -m benchmarks.kills` tries every one.
"""

from pathlib import Path

import pytest

from tests.journeys import syscalls
from tests.journeys.kill_matrix import ACTS, Act, Matrix

WHY_NOT = syscalls.why_not()
PLACES = 7


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "runs")
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_b01_b02_b04_b05_an_act_killed_before_a_call_leaves_old_or_new(act: Act, tmp_path: Path) -> None:
    """After the restart nothing acknowledged is lost and nothing is half-visible, wherever it was killed."""
    matrix = Matrix(act, tmp_path)
    results = [matrix.try_at(point) for point in syscalls.spread(matrix.points, PLACES)]

    assert sum(result.killed for result in results) >= len(results) - 1
