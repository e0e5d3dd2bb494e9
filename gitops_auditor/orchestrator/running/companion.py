"""Plans beside runs: the driver is made when the first plan waits, for most commands need none."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from anyio.abc import TaskGroup

from gitops_auditor.orchestrator.store.driving import PlanJournal

if TYPE_CHECKING:
    from gitops_auditor.orchestrator.running.driver import PlanDriver


class PlanCompanion:
    """What the executor of runs takes as well; see `pipelines.executor.companion`."""

    def __init__(self, journal: PlanJournal, make: "Callable[[], PlanDriver]") -> None:
        """`make` gives the driver of this process, the same one each time."""
        self._journal = journal
        self._make = make
        self._driver: PlanDriver | None = None

    @property
    def is_busy(self) -> bool:
        """Whether some plan is carried out in this process."""
        return self._driver is not None and self._driver.is_busy

    async def take(self, tasks: TaskGroup) -> None:
        """Carry out, in these tasks, the plans that wait and that no process which lives has."""
        if await self.any_active():
            await self._present().take(tasks)

    async def any_active(self) -> bool:
        """Whether some plan is to go on, in whichever process."""
        return bool(await self._journal.waiting((), 1))

    def let_go(self) -> None:
        """End all that runs here, at once: others may take the plans soon."""
        if self._driver is not None:
            self._driver.let_go()

    async def carry_out(self, plan_id: str) -> None:
        """Carry out the goal of one plan, here or in the process that has it."""
        await self._present().carry_out(plan_id)

    def _present(self) -> "PlanDriver":
        if self._driver is None:
            self._driver = self._make()
        return self._driver
