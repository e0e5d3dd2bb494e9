"""How one call is carried out: validated, authorised, audited, in the background when long."""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from gitops_auditor.errors import Forbidden, InvalidRequest, JsonValue
from gitops_auditor.identity import Principal
from gitops_auditor.operations.declaration import Operation
from gitops_auditor.operations.models import Answer, Ask, Context, Progress, cannot_ask, no_progress
from gitops_auditor.work import WorkRecord


def authorise(operation: Operation, principal: Principal) -> None:
    """Raise Forbidden unless the principal's role includes the operation's."""
    if not principal.may(operation.role):
        raise Forbidden(
            f"{operation.name} needs the role {operation.role}, not {principal.role}.",
            hint="Use a token with that role.",
        )


def validated(operation: Operation, arguments: Mapping[str, Any]) -> BaseModel:
    """The arguments as the operation's parameters; InvalidRequest lists every problem."""
    _refuse_mistaken(operation, arguments)
    try:
        return operation.params.model_validate(arguments)
    except ValidationError as invalid:
        raise _explain(operation, invalid) from None


def _refuse_mistaken(operation: Operation, arguments: Mapping[str, Any]) -> None:
    """Pydantic takes true for 1 and 1 for true, which the schemas do not promise."""
    kinds = _kinds(operation.params)
    for name, value in arguments.items():
        kind = kinds.get(name)
        if kind is None or not isinstance(value, int | float):
            continue
        if isinstance(value, bool) is not (kind == "boolean"):
            problem = f"Input should be a {kind}"
            raise InvalidRequest(
                f"{name}: {problem}.",
                hint=f"Correct {name} and call {operation.name} again.",
                details={"errors": [{"parameter": name, "problem": problem}]},
            )


@cache
def _kinds(params: type[BaseModel]) -> Mapping[str, str]:
    kinds = {}
    for name, field in params.model_fields.items():
        types = {field.annotation, *get_args(field.annotation)}
        if bool in types:
            kinds[name] = "boolean"
        elif types & {int, float}:
            kinds[name] = "number"
    return kinds


def _explain(operation: Operation, invalid: ValidationError) -> InvalidRequest:
    # The input is left out: it may hold a secret, and the caller knows what it sent.
    problems = invalid.errors(include_url=False, include_context=False, include_input=False)
    described: list[JsonValue] = [
        {"parameter": ".".join(map(str, found["loc"])), "problem": found["msg"]}
        for found in problems
    ]
    first = problems[0]
    name = ".".join(map(str, first["loc"])) or "arguments"
    known = list(operation.params.model_fields)
    if first["type"] == "extra_forbidden":
        message = f"{operation.name} has no parameter {name}."
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(known) or 'nothing'}."
    else:
        message, hint = (
            f"{name}: {first['msg']}.",
            f"Correct {name} and call {operation.name} again.",
        )
    return InvalidRequest(message, hint=hint, details={"errors": described})


async def run_audited(operation: Operation, context: Context, params: BaseModel) -> BaseModel:
    """Run a write between its audit intent and outcome; long work answers before it has ended."""
    parameters = params.model_dump(mode="json", exclude_defaults=True)

    async def run(context: Context) -> BaseModel:
        actor = context.principal.name
        async with context.services.audit.operation(actor, operation.name, parameters):
            return await operation.run(context, params)

    return await (_run_as_work(operation, context, params, run) if operation.long else run(context))


async def _run_as_work(
    operation: Operation,
    context: Context,
    params: BaseModel,
    run: Callable[[Context], Awaitable[BaseModel]],
) -> BaseModel:
    relay = _CallerRelay(context)

    async def run_reporting(progress: Progress) -> dict[str, JsonValue]:
        result = await run(replace(context, progress=relay.into(progress), ask=relay.ask))
        return result.model_dump(mode="json")

    manager = context.services.work
    record = await manager.start(operation.name, context.principal, run_reporting)
    wait: float = getattr(params, "wait_seconds", 0.0)
    try:
        if wait:
            record = await manager.wait(record.id, wait)
    finally:
        # Also when the caller gave up waiting: the work goes on, and nobody listens any more.
        relay.close()
    return _view(operation.result, record)


def _view(result: type[BaseModel], record: WorkRecord) -> BaseModel:
    """A work record as the model that an operation declares for it."""
    return result.model_validate(record, from_attributes=True)


class _CallerRelay:
    """Passes progress to the record always, and to the caller for as long as it waits.

    Only so long can the caller be asked, too.
    """

    def __init__(self, context: Context) -> None:
        self._caller: Progress = context.progress
        self._ask: Ask = context.ask

    async def ask(self, question: str) -> Answer:
        return await self._ask(question)

    def into(self, record: Progress) -> Progress:
        async def report(done: float, total: float | None, message: str) -> None:
            await record(done, total, message)
            await self._caller(done, total, message)

        return report

    def close(self) -> None:
        self._caller, self._ask = no_progress, cannot_ask
