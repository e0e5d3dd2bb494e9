"""What is left when the process that carries out a plan is killed."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from gitops_auditor.orchestrator.running.ports import Point

SECONDS = 60.0


@contextlib.contextmanager
def crasher(folder: Path, goal: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.orchestrator.running.crashing", str(folder), goal]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(SECONDS) == 0


def answer(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_a_plan_survives_kill_9_at_every_point_of_executing_and_of_undoing(tmp_path: Path) -> None:
    """Which occurrence of each point, the benchmark of kills varies; here it is the middle one."""
    with crasher(tmp_path, "undo") as process:
        counts = answer(process)
        assert set(counts) == set(get_args(Point))
        assert process.stdin is not None
        for point, count in counts.items():
            process.stdin.write(json.dumps([point, (count + 1) // 2, 0]) + "\n")
        process.stdin.flush()
        verdicts = [answer(process) for _ in counts]
    assert [one for one in verdicts if not (one["killed"] and one["is_sound"])] == []
    assert max(one["again"] for one in verdicts) >= 1
