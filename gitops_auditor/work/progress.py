"""Progress, written at most a few times a second however often it is reported."""

import anyio
import anyio.lowlevel

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.work.store import WorkStore

WRITE_SECONDS = 0.2
MESSAGE_LENGTH = 500

_log = get_logger("work")


class WorkProgress:
    """What the work calls to say how far it is: `await progress(done, total, message)`.

    It costs no database write; the newest report is written by and by, and the last one always.
    """

    def __init__(self, work_id: str, store: WorkStore) -> None:
        self.work_id = work_id
        self._store = store
        self._latest: tuple[float, float | None, str] | None = None
        self._reported = anyio.Event()

    async def __call__(self, done: float, total: float | None = None, message: str = "") -> None:
        """Report `done` of `total` units, with a sentence for people."""
        # PostgreSQL keeps no NUL.
        self._latest = (done, total, message[:MESSAGE_LENGTH].replace("\0", ""))
        self._reported.set()
        await anyio.lowlevel.checkpoint()

    async def write_forever(self) -> None:
        """Write reports as they come; to be cancelled, and followed by `flush`."""
        while True:
            await self._reported.wait()
            self._reported = anyio.Event()
            await self.flush()
            await anyio.sleep(WRITE_SECONDS)

    async def flush(self) -> None:
        """Write the latest report if it is not written yet. A busy database is no failure."""
        if self._latest is None:
            return
        latest, self._latest = self._latest, None
        try:
            await self._store.progress(self.work_id, *latest)
        except Unavailable as error:
            _log.warning("progress was not written", work=self.work_id, reason=error.message)
