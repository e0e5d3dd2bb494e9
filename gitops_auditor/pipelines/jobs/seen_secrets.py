"""The secrets that the jobs of a run were given, for masking them in each other's logs."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

MAX_RUNS: Final = 64


class SeenSecrets:
    """Remembers the secrets of the runs that started jobs here last.

    A job may leave a secret in the workspace, where the next job of the run finds and shows it.
    """

    def __init__(self) -> None:
        self._runs: OrderedDict[str, frozenset[str]] = OrderedDict()

    def with_new(self, run_id: str, secrets: Iterable[str]) -> frozenset[str]:
        """All that jobs of the run were given so far, with these."""
        known = self._runs.pop(run_id, frozenset()).union(secrets)
        self._runs[run_id] = known
        while len(self._runs) > MAX_RUNS:
            self._runs.popitem(last=False)
        return known
