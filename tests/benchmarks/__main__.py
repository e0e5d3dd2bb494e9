"""Every measurement, one after another: `make bench`, or `make bench ARGS="scan stdio"` for some.

Each prints its figures as ratios to a floor that is measured in the same run.
"""

import subprocess
import sys

MEASUREMENTS = {
    "scan": "a full scan and an unchanged rescan against reading the same manifests",
    "stdio": "start to first tool reply against a bare server of the SDK",
    "tools": "a tool call in process against a bare tool doing the same SQL",
    "rest": "a read over REST against a bare route doing the same SQL",
    "concurrency": "fifty readers and writers at once",
    "pipelines": "processes of jobs against a bare loop that spawns the same shells",
    "pipeline_engine": "whole runs against the same bare loop, first output, cancelling",
    "kills": "what kills at random instants cost runs",
    "plan_kills": "plans whose process is killed at every point and at random instants",
    "pipeline_service": "first output, cancelling and webhooks of a running service",
    "live_logs": "a job's lines over WebSocket against a bare reader of its pipe",
    "runs": "a million runs in the database against a hundred",
    "quality_gates": "eight tools as gates against prek and pre-commit with the same tools",
    "plans": "planning a bump in a hundred repositories against their scan",
    "plan_execution": "executing a plan with four workers against one",
    "quality_pdf": "reports of a quarter of 30 repositories against the same data as JSON",
}


def main() -> int:
    """Run those that are named, or all; the exit status is that of the first that failed."""
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    if unknown := [name for name in chosen if name not in MEASUREMENTS]:
        print(f"There is no measurement {unknown[0]}; there are: {', '.join(MEASUREMENTS)}.")
        return 2
    for name in chosen:
        print(f"\n== {name}: {MEASUREMENTS[name]}", flush=True)
        status = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}"], check=False
        ).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
