"""Who is told of a validation, and for how long it is known."""

import json
from datetime import timedelta
from typing import Any

import anyio
import pytest
from sqlalchemy import update
from websockets.asyncio.client import ClientConnection, connect

from gitops_auditor.errors import NotFound
from gitops_auditor.storage.quality_tables import quality_validations
from tests.factories.gates import GatedProject, recorded

SECONDS = 10
GATE = {"name": "Readme", "check": "README.md exists"}


async def message(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(SECONDS):
        received: dict[str, Any] = json.loads(await socket.recv())
        return received


async def subscribed(socket: ClientConnection, *channels: str) -> None:
    await socket.send(json.dumps({"type": "phase2.subscribe", "channels": channels}))
    assert (await message(socket))["type"] == "phase2.subscribed"


async def test_a_failed_validation_reaches_live_clients(
    live_server: str, gated: GatedProject
) -> None:
    await gated.state(GATE)
    async with connect(live_server.replace("http", "ws", 1) + "/ws") as socket:
        await subscribed(socket, "quality")
        report = await gated.validate()
        told = await message(socket)
    assert (told["channel"], told["event"]) == ("quality", "quality.validation.failed")
    assert told["data"]["validation_id"] == report.id
    assert told["data"]["passed"] is False
    assert told["data"]["gates"]["failed"] == 1


@pytest.mark.parametrize("changes", [{"websocket_quality_metrics": False}])
async def test_live_clients_hear_nothing_of_it_where_the_settings_say_so(
    live_server: str, gated: GatedProject
) -> None:
    await gated.state(GATE)
    async with connect(live_server.replace("http", "ws", 1) + "/ws") as socket:
        await subscribed(socket, "quality", "repositories")
        await gated.validate()
        async with gated.services.database.write() as transaction:
            await gated.services.events.append(transaction, "repositories", "x", {})
        assert (await message(socket))["channel"] == "repositories"


async def test_validations_are_forgotten_after_their_days_and_gates_are_not(
    gated: GatedProject,
) -> None:
    quality, audit = gated.services.quality, gated.services.audit
    await gated.state(GATE)
    old, new = await gated.validate(), await gated.validate()
    async with gated.services.database.write() as transaction:
        await transaction.execute(
            update(quality_validations)
            .where(quality_validations.c.id == old.id)
            .values(executed_at=old.executed_at - timedelta(days=91))
        )
    assert (await quality.retention.forget(90)).validations == 1
    assert (await quality.retention.forget(90)).validations == 0
    with pytest.raises(NotFound):
        await quality.answers.report(old.id)
    with pytest.raises(NotFound):
        await quality.answers.result(old.gates[0].id)
    assert (await quality.answers.report(new.id)).id == new.id
    assert (await quality.gates.get(new.gates[0].gate_id)).name == "Readme"
    assert (await recorded(gated.services, "forget_quality_results")).actor == "system"
    assert (await audit.verify()).ok
