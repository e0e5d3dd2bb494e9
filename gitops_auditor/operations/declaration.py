"""One operation, declared once: its name, schemas, route, effect, role and surface."""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, Field, create_model

from gitops_auditor.identity import Role
from gitops_auditor.operations.models import Context, Work

Effect = Literal["read", "write", "destroy"]
Surface = Literal["default", "toolset", "rest"]
"""Where else than REST: to every MCP client, to those that ask for its toolset, or nowhere."""

Method = Literal["GET", "POST", "PUT", "DELETE"]
LONGEST_WAIT = 50.0
"""Seconds a call may wait for long work; below the request time-outs that common clients have."""

_ROUTE = re.compile(r"^(GET|POST|PUT|DELETE) (/api/\S+)$")


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
    open_world: bool = False
    status: int = 200
    location: str = ""
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

    def operation(  # noqa: PLR0913 - a declaration says everything in one place
        self,
        route: str,
        *,
        effect: Effect = "read",
        role: Role | None = None,
        surface: Surface = "default",
        long: bool = False,
        idempotent: bool = False,
        open_world: bool = False,
        status: int = 200,
        location: str = "",
        available: Callable[[Any], bool] = _always,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an operation at `route`, for example `GET /api/x/{id}`.

        The name is the function's, the description its docstring, the schemas its annotations.
        The role defaults to viewer for reads and operator otherwise. `open_world` says that it
        talks to systems that are not ours. `location` is the path under which what it made is
        found by its id, where that is not its own. `available` tells of a result whether it
        reports a working service; REST answers 503 with the result when it does not.
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
                open_world=open_world,
                status=202 if long else status,
                location="/api/work" if long else location,
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
        description="Seconds to wait before answering with the work id.",
    )
    extended: type[BaseModel] = create_model(
        params.__name__, __base__=params, wait_seconds=(float, wait)
    )
    return extended
