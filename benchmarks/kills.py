"""Kill every act of the archive before every system call that changes the disk.

    python -m benchmarks.kills [ACT ...] [--every N]

prints how many places there are, how many were tried, and which did not end
well. It takes about four seconds a place; the tests try a few places only.
"""

import argparse
import tempfile
import traceback
from pathlib import Path

from tests.journeys import syscalls
from tests.journeys.kill_matrix import ACTS, Act, Matrix


def main() -> None:
    """Try all places of the named acts, or of all acts; exit 1 if one ended badly."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("acts", nargs="*", default=[act.name for act in ACTS])
    arguments.add_argument("--every", type=int, default=1)
    told = arguments.parse_args()
    why_not = syscalls.why_not()
    if why_not:
        raise SystemExit(f"not run: {why_not}")
    bad = sum(_try(act, told.every) for act in ACTS if act.name in told.acts)
    raise SystemExit(1 if bad else 0)


def _try(act: Act, every: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(act, Path(folder))
        chosen = matrix.points[::every]
        killed, bad = 0, []
        for number, point in enumerate(chosen, start=1):
            try:
                killed += matrix.try_at(point).killed
            except AssertionError:
                bad.append(point)
                traceback.print_exc()
            print(f"{act.name} {number}/{len(chosen)}, bad {len(bad)}", end="\r", flush=True)
    print(f"{act.name}: {len(matrix.points)} places, tried {len(chosen)}, killed {killed}, "
          f"ended badly: {', '.join(map(str, bad)) or 'none'}")
    return len(bad)


if __name__ == "__main__":
    main()
