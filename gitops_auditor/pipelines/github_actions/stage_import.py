"""Finds stages in jobs that only say what they need.

A stage ends where every later job comes after every earlier one. So the order is exactly that of
the workflow: no job waits for one that it did not wait for before.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from gitops_auditor.errors import InvalidRequest


def stages_of(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Jobs by stage, each stage in the order of the file. Raises InvalidRequest for a cycle."""
    order = _ordered(needs)
    before: dict[str, set[str]] = {}
    for name in order:
        before[name] = set(needs[name]).union(*(before[one] for one in needs[name]))
    stages: list[list[str]] = []
    start = 0
    for end in range(1, len(order) + 1):
        done = set(order[:end])
        if all(done <= before[one] for one in order[end:]):
            stages.append([one for one in needs if one in order[start:end]])
            start = end
    return stages


def _ordered(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """An order in which jobs come as early as they can, so that stages are found."""
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        names = ", ".join(str(one) for one in error.args[1])
        message = f"These jobs need each other: {names}."
        raise InvalidRequest(message, hint="Correct `needs`.") from error
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=list(needs).index)
        found += ready
        sorter.done(*ready)
    return found
