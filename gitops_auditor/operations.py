"""One operation, declared once: its name, schemas, route, effect, role and surface.

Every transport serves the same catalog through `OperationCatalog.call`, which validates,
authorises, writes the audit intent, runs, and writes the audit outcome, in that order.
"""

import difflib
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from gitops_auditor.errors import Forbidden, InvalidRequest, JsonValue, NotFound
from gitops_auditor.identity import Principal, Role
from gitops_auditor.services import Services
from gitops_auditor.work import FailureKind, WorkError, WorkRecord, WorkStatus

Effect = Literal["read", "write", "destroy"]
Surface = Literal["default", "toolset", "rest"]
"""Where else than REST: to every MCP client, to those that ask for its toolset, or nowhere."""

Method = Literal["GET", "POST", "PUT", "DELETE"]
LONGEST_WAIT = 50.0
"""Seconds a call may wait for long work; below the request time-outs that common clients have."""

_ROUTE = re.compile(r"^(GET|POST|PUT|DELETE) (/api/\S+)$")


class Params(BaseModel):
    """Base of all parameters: an unknown one is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class NoParams(Params):
    """An operation without parameters."""


Result = TypeVar("Result", bound=BaseModel)


class Work(BaseModel, Generic[Result]):
    """Long-running work: its state now, and its result once `status` is success."""

    id: str
    operation: str
    status: WorkStatus
    failure_kind: FailureKind | None = None
    done: float = 0.0
    total: float | None = None
    message: str = ""
    result: Result | None = None
    error: WorkError | None = None
    created_at: datetime
    completed_at: datetime | None = None


Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Told how much is done, of how much when that is known, and a few words."""


async def no_progress(done: float, total: float | None, message: str) -> None:
    """Discard progress, for callers that did not ask for it."""


@dataclass(frozen=True)
class Context:
    """What a handler gets beside its parameters."""

    services: Services
    principal: Principal
    request_id: str
    progress: Progress = no_progress


def _always(result: BaseModel) -> bool:  # noqa: ARG001
    return True


Handler = Callable[[Context, Any], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Operation:
    """A thing callers can do. `params` includes `wait_seconds` when the operation is long."""

    name: str
    title: str
    description: str
    toolset: str
    method: Method
    path: str
    effect: Effect
    role: Role
    surface: Surface
    params: type[BaseModel]
    result: type[BaseModel]
    run: Handler
    long: bool = False
    idempotent: bool = False
    status: int = 200
    available: Callable[[Any], bool] = _always

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Names in the path, in order; `{name:path}` may contain slashes."""
        return tuple(re.findall(r"{(\w+)(?::\w+)?}", self.path))


@dataclass(frozen=True)
class Toolset:
    """Operations that belong together. `phase2` ones vanish when the platform features are off."""

    name: str
    title: str
    description: str
    phase2: bool = False
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self,
        route: str,
        *,
        effect: Effect = "read",
        role: Role | None = None,
        surface: Surface = "default",
        long: bool = False,
        idempotent: bool = False,
        status: int = 200,
        available: Callable[[Any], bool] = _always,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an operation at `route`, for example `GET /api/x/{id}`.

        The name is the function's, the description its docstring, the schemas its annotations.
        The role defaults to viewer for reads and operator otherwise. `available` tells of a result
        whether it reports a working service; REST answers 503 with the result when it does not.
        """
        method, path = _parse_route(route)

        def declare(handler: Handler) -> Handler:
            params, result = _signature(handler)
            description = inspect.cleandoc(handler.__doc__ or "")
            declared = Operation(
                name=handler.__name__,
                title=handler.__name__.replace("_", " ").capitalize(),
                description=description,
                toolset=self.name,
                method=method,
                path=path,
                effect=effect,
                role=role or (Role.VIEWER if effect == "read" else Role.OPERATOR),
                surface=surface,
                params=_with_wait(params) if long else params,
                result=Work[result] if long else result,  # type: ignore[valid-type]
                run=handler,
                long=long,
                idempotent=idempotent or effect == "read",
                status=202 if long else status,
                available=available,
            )
            self.operations.append(declared)
            return handler

        return declare


def _parse_route(route: str) -> tuple[Method, str]:
    match = _ROUTE.match(route)
    if match is None:
        raise TypeError(f"{route!r} is not of the form 'GET /api/path'.")
    method: Any = match[1]
    return method, match[2]


def _signature(handler: Handler) -> tuple[type[BaseModel], type[BaseModel]]:
    hints = get_type_hints(handler)
    _, params = list(inspect.signature(handler).parameters)
    return hints[params], hints["return"]


def _with_wait(params: type[BaseModel]) -> type[BaseModel]:
    wait = Field(
        0.0,
        ge=0,
        le=LONGEST_WAIT,
        description="Seconds to wait for the end before answering with the work id.",
    )
    extended: type[BaseModel] = create_model(
        params.__name__, __base__=params, wait_seconds=(float, wait)
    )
    return extended


@dataclass(frozen=True)
class Call:
    """One request for an operation, as a transport understood it."""

    operation: str
    arguments: Mapping[str, Any]
    principal: Principal
    request_id: str
    progress: Progress = no_progress


class OperationCatalog:
    """All operations on offer, found by name or by an older name of theirs."""

    def __init__(self, toolsets: Sequence[Toolset], aliases: Mapping[str, str]) -> None:
        self.toolsets = tuple(toolsets)
        self.aliases = dict(aliases)
        self._by_name = {found.name: found for toolset in toolsets for found in toolset.operations}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in declaration order."""
        return tuple(self._by_name.values())

    def get(self, name: str) -> Operation:
        """The operation of this name; NotFound names the nearest ones."""
        found = self._by_name.get(self.aliases.get(name, name))
        if found is None:
            near = difflib.get_close_matches(name, self._by_name, 3)
            hint = (
                f"Did you mean {' or '.join(near)}?"
                if near
                else "List the tools to see what there is."
            )
            raise NotFound(f"There is no operation {name}.", hint=hint)
        return found

    def without_writes(self) -> "OperationCatalog":
        """The catalog of a read-only server: writes are not refused but absent."""
        return self._keep(lambda found: found.effect == "read")

    def without_phase2(self) -> "OperationCatalog":
        """The catalog with the four platform areas hidden."""
        hidden = {toolset.name for toolset in self.toolsets if toolset.phase2}
        return self._keep(lambda found: found.toolset not in hidden)

    def for_mcp(
        self, toolsets: Iterable[str] = (), tools: Iterable[str] = (), exclude: Iterable[str] = ()
    ) -> "OperationCatalog":
        """What MCP clients get: the default surface, or these toolsets whole, and these tools."""
        chosen, named = self._known_toolsets(toolsets), {self.get(tool).name for tool in tools}
        refused = {self.get(tool).name for tool in exclude}

        def offered(found: Operation) -> bool:
            if found.surface == "rest" or found.name in refused:
                return False
            by_toolset = found.toolset in chosen if chosen else found.surface == "default"
            return by_toolset or found.name in named

        return self._keep(offered)

    async def call(self, services: Services, call: Call) -> BaseModel:
        """Validate, authorise, audit and run. Raises a GitOpsError for what the caller can fix."""
        operation = self.get(call.operation)
        params = _validated(operation, call.arguments)
        _authorise(operation, call.principal)
        context = Context(services, call.principal, call.request_id, call.progress)
        if operation.effect == "read":
            return await operation.run(context, params)
        return await _run_audited(operation, context, params)

    def _known_toolsets(self, names: Iterable[str]) -> set[str]:
        chosen, known = set(names), {toolset.name for toolset in self.toolsets}
        if unknown := sorted(chosen - known - {"all"}):
            raise InvalidRequest(
                f"There is no toolset {unknown[0]}.",
                hint=f"Toolsets: {', '.join(sorted(known))}, or all.",
            )
        return known if "all" in chosen else chosen

    def _keep(self, wanted: Callable[[Operation], bool]) -> "OperationCatalog":
        kept = [
            replace(toolset, operations=[found for found in toolset.operations if wanted(found)])
            for toolset in self.toolsets
        ]
        return OperationCatalog(kept, self.aliases)


def _authorise(operation: Operation, principal: Principal) -> None:
    if not principal.may(operation.role):
        raise Forbidden(
            f"{operation.name} needs the role {operation.role}, not {principal.role}.",
            hint="Use a token with that role.",
        )


def _validated(operation: Operation, arguments: Mapping[str, Any]) -> BaseModel:
    try:
        return operation.params.model_validate(arguments)
    except ValidationError as invalid:
        raise _explain(operation, invalid) from None


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


async def _run_audited(operation: Operation, context: Context, params: BaseModel) -> BaseModel:
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
    relay = _ProgressRelay(context.progress)

    async def run_reporting(progress: Progress) -> dict[str, JsonValue]:
        result = await run(replace(context, progress=relay.into(progress)))
        return result.model_dump(mode="json")

    manager = context.services.work
    record = await manager.start(operation.name, context.principal, run_reporting)
    wait: float = getattr(params, "wait_seconds", 0.0)
    if wait:
        record = await manager.wait(record.id, wait)
    relay.close()
    return view_of_work(operation.result, record)


def view_of_work(result: type[BaseModel], record: WorkRecord) -> BaseModel:
    """A work record as the model that an operation declares for it."""
    return result.model_validate(record, from_attributes=True)


class _ProgressRelay:
    """Passes progress to the record always, and to the caller for as long as it waits."""

    def __init__(self, caller: Progress) -> None:
        self._caller: Progress = caller

    def into(self, record: Progress) -> Progress:
        async def report(done: float, total: float | None, message: str) -> None:
            await record(done, total, message)
            await self._caller(done, total, message)

        return report

    def close(self) -> None:
        self._caller = no_progress
