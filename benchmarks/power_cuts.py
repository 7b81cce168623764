"""Cut the power of a disk many times while an archive takes photographs in (promise P1; root only).

    python -m benchmarks.power_cuts --cuts 60
"""

import argparse
import tempfile
import traceback
from pathlib import Path

from tests.journeys.cut_matrix import cuts, look
from tests.journeys.power_cut import why_not


def main() -> None:
    """Cut, look, print; exit 1 if anything acknowledged was lost or half."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cuts", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    told = arguments.parse_args()
    reason = why_not()
    if reason:
        raise SystemExit(f"not run: {reason}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = cuts(folder, count=told.cuts, photos=told.cuts, seed=told.seed)
        lost = items = 0
        for one in found:
            try:
                items += look(one, folder)
            except AssertionError:
                lost += 1
                traceback.print_exc()
    acknowledged = sum(len(one.acknowledged) for one in found)
    print(f"{len(found)} cuts, {acknowledged} acknowledged, {items} items found, {lost} cuts lost something")
    raise SystemExit(1 if lost else 0)


if __name__ == "__main__":
    main()
