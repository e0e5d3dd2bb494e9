from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.orchestrator.planning.estimation import phase_seconds, plan_seconds

seconds = st.lists(st.floats(0.1, 1000), min_size=1, max_size=30)


@given(seconds, st.integers(1, 8))
def test_a_parallel_phase_is_between_its_longest_and_the_sum_of_all(
    durations: list[float], workers: int
) -> None:
    found = phase_seconds(durations, workers, parallel=True) or 0.0
    serial = phase_seconds(durations, workers, parallel=False) or 0.0
    assert max(durations) - 1e-6 <= found <= serial + 1e-6
    assert abs(serial - sum(durations)) < 1e-6
    assert found >= sum(durations) / workers - 1e-6


def test_four_equal_repositories_take_two_rounds_of_two_workers() -> None:
    assert phase_seconds([10.0] * 4, 2, parallel=True) == 20.0


def test_a_repository_without_history_takes_the_median_of_the_others() -> None:
    assert phase_seconds([10.0, None, 30.0, 20.0], 1, parallel=True) == 80.0


def test_nothing_is_estimated_without_history() -> None:
    assert phase_seconds([None, None], 4, parallel=True) is None
    assert phase_seconds([], 4, parallel=True) is None
    assert plan_seconds([1.0, None]) is None
    assert plan_seconds([1.0, 2.5]) == 3.5
