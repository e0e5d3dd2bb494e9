"""The secrets that the jobs of a run were given, for masking them in each other's logs."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from gitops_auditor.execution.masking import Masker

MAX_RUNS: Final = 64

_NONE: Final = (frozenset[str](), Masker(()))


class SeenSecrets:
    """Remembers the secrets of the runs that started jobs here last.

    A job may leave a secret in the workspace, where the next job of the run finds and shows it.
    """

    def __init__(self) -> None:
        self._runs: OrderedDict[str, tuple[frozenset[str], Masker]] = OrderedDict()

    def with_new(self, run_id: str, secrets: Iterable[str]) -> Masker:
        """Masks all that jobs of the run were given so far, with these."""
        known, masker = self._runs.pop(run_id, _NONE)
        wanted = known.union(secrets)
        if wanted != known:
            masker = Masker(wanted)
        self._runs[run_id] = wanted, masker
        while len(self._runs) > MAX_RUNS:
            self._runs.popitem(last=False)
        return masker
