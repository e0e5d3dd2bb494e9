"""How long phases take, from how long the like took before. Pure."""

import heapq
import statistics
from collections.abc import Iterable, Sequence


def phase_seconds(
    durations: Sequence[float | None], workers: int, *, parallel: bool
) -> float | None:
    """Seconds until all repositories of a phase are done, by `workers` at once when `parallel`.

    A repository without history takes as long as the others' median; None when none has any.
    """
    known = [one for one in durations if one is not None]
    if not known:
        return None
    usual = statistics.median(known)
    wanted = sorted((usual if one is None else one for one in durations), reverse=True)
    busy = [0.0] * (min(workers, len(wanted)) if parallel else 1)
    for seconds in wanted:
        heapq.heappush(busy, heapq.heappop(busy) + seconds)
    return max(busy)


def plan_seconds(phases: Iterable[float | None]) -> float | None:
    """Seconds for all phases one after another; None when one of them is not known."""
    total = 0.0
    for seconds in phases:
        if seconds is None:
            return None
        total += seconds
    return total
