"""Logs of a run over a WebSocket, as they are written."""

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.errors import GitOpsError
from gitops_auditor.pipelines.log_following import LogFollower

Send = Callable[[str], Awaitable[None]]
"""Sends one message, which is JSON."""


class LogSubscription(BaseModel):
    """What a client sends to follow a run; a later message replaces the earlier one.

    `attempt` and `offset` are where to begin in the log of `job`, for a client that comes back.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["phase2.logs"]
    run_id: str = Field(min_length=1, max_length=64)
    job: str | None = Field(None, max_length=500)
    attempt: int = Field(1, ge=1)
    offset: int = Field(0, ge=0)


async def send_logs(follower: LogFollower, asked: LogSubscription, send: Send) -> None:
    """Send `phase2.log` for each piece and `phase2.log.end` when the run is over."""
    try:
        followed = follower.follow(asked.run_id, asked.job, asked.attempt, asked.offset)
        async with aclosing(followed) as pieces:
            async for piece in pieces:
                # Of a large text pydantic makes JSON in a fraction of the time of `json`.
                await send('{"type":"phase2.log",' + piece.model_dump_json()[1:])
    except GitOpsError as refused:
        await send(json.dumps({"type": "phase2.error", "error": str(refused)}))
        return
    await send(json.dumps({"type": "phase2.log.end", "run_id": asked.run_id}))
