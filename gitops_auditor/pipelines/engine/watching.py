"""Notices what others write about a run while it is carried out: cancellation and decisions."""

from typing import Final

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.inbox import Inbox
from gitops_auditor.pipelines.engine.record import Claim, Fenced
from gitops_auditor.pipelines.store.journal import Journal

LOOK_SECONDS: Final = 2.0
"""How often it looks though nothing was committed."""
PAUSE_SECONDS: Final = 0.1
"""The least time between two looks: each commit of the run itself is a change, too."""
RETRY_SECONDS: Final = 1.0

_log = get_logger("pipelines")


async def watch(journal: Journal, claim: Claim, inbox: Inbox, seen: int) -> None:
    """Report every change after `seen` until cancelled, or until the run is somebody else's."""
    known = None
    while True:
        await journal.changed(seen, LOOK_SECONDS)
        await anyio.sleep(PAUSE_SECONDS)
        seen = journal.version
        try:
            news = await journal.news(claim)
        except Fenced as lost:
            inbox.put(lost)
            return
        except Unavailable as error:
            _log.warning("cannot look after a run", run=claim.run_id, reason=error.message)
            await anyio.sleep(RETRY_SECONDS)
            continue
        if news != known:
            inbox.put(news)
            known = news
