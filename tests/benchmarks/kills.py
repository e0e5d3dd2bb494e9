"""Kills the process that carries out a run at random instants and counts what that cost.

`python -m tests.benchmarks.kills [COUNT]`; each run has parallel jobs, a retry and a sequence. The
exit status is 1 when a run was stuck or failed, a finished job ran again, or something was left.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

COUNT = 100
LONGEST_SECONDS = 0.4
"""About as long as a run takes from the start of its process, so that a kill may come anywhere."""


def main() -> int:
    """Print a line of figures, and each scenario that went wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        verdicts = list(_verdicts(Path(folder), count))
    unsound = [one for one in verdicts if not one["is_sound"]]
    for one in unsound:
        print(json.dumps(one))
    killed = [one for one in verdicts if one["killed"]]
    slowest = max(one["seconds"] for one in verdicts)
    print(
        f"{len(verdicts)} runs, {len(killed)} killed before their process ended,"
        f" {sum(one['lost'] for one in verdicts)} attempts lost,"
        f" {sum(len(one['again']) for one in verdicts)} finished jobs run again,"
        f" {sum(len(one['left']) for one in verdicts)} processes left,"
        f" {sum(one['status'] != 'success' for one in verdicts)} runs not finished;"
        f" finished after {median(one['seconds'] for one in verdicts):.2f} s,"
        f" at most {slowest:.2f} s"
    )
    return 1 if unsound else 0


def _verdicts(folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """What became of runs, until so many processes were killed before they ended by themselves."""
    # The same instants each time.
    chance = random.Random(count)  # noqa: S311 - no secret
    command = [sys.executable, "-m", "tests.pipelines.engine.crashing", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # How often each point is come by, which matters to who kills at points.
        process.stdout.readline()
        while count > 0:
            seconds = chance.uniform(0.02, LONGEST_SECONDS)
            process.stdin.write(json.dumps(["", 0, seconds]) + "\n")
            process.stdin.flush()
            verdict = json.loads(process.stdout.readline())
            count -= verdict["killed"]
            yield verdict


if __name__ == "__main__":
    sys.exit(main())
