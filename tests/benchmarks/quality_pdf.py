"""Measures the reports of a quarter in every format against writing the same data as JSON.

    python -m tests.benchmarks.quality_pdf [--repositories N] [--days N] [--rounds N]

The data has one verdict or more for most days of each repository. Summing up covers twice as many
days, as a report compares its period with the one before. The first PDF of a process also loads
Typst and its fonts, which is what a command pays; the next ones are what a service pays.
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.rendering import render
from gitops_auditor.quality.summaries import summarise
from gitops_auditor.quality.trend_models import REPORT_FORMATS
from gitops_auditor.quality.trends import trends
from tests.quality.reports.samples import (
    UNTIL,
    finding_counts,
    history,
    quality_report,
    repository_names,
)

MOST_SECONDS = 0.4


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def summed_up(repositories: int, days: int) -> tuple[ReportData, float, int]:
    """The data of a report, the seconds that summing up took, and of how many rows it was."""
    found, rows = history(repositories, 2 * days)
    started = time.perf_counter()
    since = UNTIL - timedelta(days=days)
    summary = summarise(found, rows, finding_counts(), since, UNTIL)
    last = (UNTIL - timedelta(seconds=1)).date()
    told = trends(found, rows, last, days, by_repository=True)
    took = time.perf_counter() - started
    data = ReportData(generated_at=UNTIL, summary=summary, trends=told)
    return data, took, len(found) + len(rows)


def main() -> int:
    """Print the figures; the exit status is 1 when the first PDF takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=30)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    data, took, rows = summed_up(chosen.repositories, chosen.days)
    print(f"{chosen.repositories} repositories, {chosen.days} days")
    print(f"summing up    {took:8.3f} s for {rows} rows")
    first = seconds(lambda: render(data, "pdf"))
    print(f"first PDF     {first:8.3f} s with loading Typst (at most {MOST_SECONDS} s)")
    names = repository_names(chosen.repositories)
    data = data.model_copy(update={"reports": [quality_report(repository=one) for one in names]})
    print("with a failed validation of each repository, all failures told:")
    floor = statistics.median(seconds(lambda: render(data, "json")) for _ in range(chosen.rounds))
    for name in REPORT_FORMATS:
        again = [seconds(partial(render, data, name)) for _ in range(chosen.rounds)]
        size = len(render(data, name).content)
        median = statistics.median(again)
        print(f"{name:<12}  {median:8.3f} s, {median / floor:6.1f} times JSON, {size:>9,} bytes")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory        {memory:8.0f} MiB at most")
    return 1 if first > MOST_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
