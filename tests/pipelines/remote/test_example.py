"""The example of more than one machine does what it says."""

import os
import re
import subprocess
import sys

import pytest

from tests.factories.postgres import missing
from tests.factories.terminal import ROOT

EXAMPLE = ROOT / "examples" / "scale-out" / "scale_out.py"


@pytest.mark.skipif(bool(missing()), reason=missing() or "PostgreSQL is here")
def test_the_example_kills_a_worker_and_its_run_is_finished_by_the_other() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Killed the worker (left|right), which has the run\.", lines[7])
    assert lines[-2:] == [
        "The run ended with success. Attempts: prepare/fetch 1, test/unit 2, test/browser 2.",
        "The log of test/unit, read on the server, ends with: unit 4",
    ]
