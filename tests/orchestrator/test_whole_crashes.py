"""What is left of a plan on real repositories when the process that carries it out is killed."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60.0
Scenario = tuple[str, int, float, bool]


@contextlib.contextmanager
def crasher(folder: Path, goal: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.orchestrator.whole_crashes", str(folder), goal]
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


@pytest.mark.parametrize(
    ("goal", "scenarios"),
    [
        ("undo", [("effect.after", 5, 0, False), ("undo.after", 2, 0, True)]),
        ("close", [("undo.before", 2, 0, True)]),
    ],
)
def test_the_next_process_undoes_what_was_begun_and_erases_nothing_of_others(
    runs_in: Path, goal: str, scenarios: list[Scenario]
) -> None:
    """All points, and those of plans that complete, are in the benchmark of kills."""
    with crasher(runs_in / "kills", goal) as process:
        counts = answer(process)
        assert process.stdin is not None
        for scenario in scenarios:
            assert counts[scenario[0]] >= scenario[1]
            process.stdin.write(json.dumps(scenario) + "\n")
        process.stdin.flush()
        verdicts = [answer(process) for _ in scenarios]
    assert [(one["killed"], one["status"], one["wrong"]) for one in verdicts] == [
        (True, "held", []) for _ in scenarios
    ]
    assert [one["pushed"] for one in verdicts] == [one[3] for one in scenarios]
    assert all(one["again"] >= 1 for one in verdicts if one["scenario"].startswith("effect"))
