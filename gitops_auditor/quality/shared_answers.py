"""What linters said of a checkout, for all the gates that ask the same question about it."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Final

import anyio

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.repositories.memory import Recent

MOST_KEPT: Final = 8


class SharedAnswers:
    """The gate that asks first has the question asked, the others wait for its answer.

    A question names the checkout, so that nothing is known of it once that is gone.
    """

    def __init__(self) -> None:
        self._known: Recent[Hashable, ScanReport] = Recent(MOST_KEPT)
        self._asking: dict[Hashable, anyio.Event] = {}

    async def of(self, question: Hashable, ask: Callable[[], Awaitable[ScanReport]]) -> ScanReport:
        """The answer. When the gate that asked first got none, whoever waited asks for itself."""
        if (under_way := self._asking.get(question)) is not None:
            await under_way.wait()
        known = self._known.get(question)
        if known is not None:
            return known
        if question in self._asking:
            return await self.of(question, ask)
        answered = self._asking[question] = anyio.Event()
        try:
            return self._known.put(question, await ask())
        finally:
            del self._asking[question]
            answered.set()
