"""The operations as routes: found by path and method, called, answered.

Literal paths win over parameters, longer patterns over shorter ones. Everything under /api answers
under /api/v2 as well.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gitops_auditor.errors import GitOpsError
from gitops_auditor.http_api.answers import result_answer
from gitops_auditor.http_api.arguments import ArgumentReader
from gitops_auditor.http_api.auth import principal_of
from gitops_auditor.http_api.ending import Ending, stopped
from gitops_auditor.http_api.errors import answer_failure, request_id_of
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.operations import Call, Operation, OperationCatalog
from gitops_auditor.services import Services

PREFIX = "/api/"
ALIAS = "/api/v2/"

_PARAMETER = re.compile(r"{(\w+)(:path)?}")


class Endpoint(NamedTuple):
    """An operation and how its arguments are read."""

    operation: Operation
    reader: ArgumentReader


class Address(NamedTuple):
    """A path with parameters, and what answers there by method."""

    pattern: re.Pattern[str]
    methods: dict[str, Endpoint]


class OperationRoutes:
    """ASGI application that answers every operation of a catalog at its route.

    `others` answer at their paths under /api, which no operation may have.
    """

    def __init__(
        self,
        catalog: OperationCatalog,
        services: Services,
        rates: RateLimits,
        ending: Ending,
        others: Mapping[str, ASGIApp],
    ) -> None:
        self._catalog = catalog
        self._services = services
        self._rates = rates
        self._ending = ending
        self._others = others
        self._literal, self._patterns = _addresses(catalog)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; HTTPException 404 and 405 where no operation answers."""
        path: str = scope["path"]
        if path.startswith(ALIAS):
            path = PREFIX + path.removeprefix(ALIAS)
        other = self._others.get(path)
        if other is not None:
            await other(scope, receive, send)
            return
        endpoint, in_path = self._find(path, scope["method"])
        with self._ending.call() as ended:
            try:
                answered = await self._answer(endpoint, in_path, scope, receive)
            except GitOpsError as failure:
                answered = answer_failure(scope, failure)
        if ended.cancelled_caught:
            answered = answer_failure(scope, stopped())
        await answered(scope, receive, send)

    async def _answer(
        self, endpoint: Endpoint, in_path: Mapping[str, str], scope: Scope, receive: Receive
    ) -> Response:
        operation = endpoint.operation
        principal = principal_of(scope)
        self._rates.hit(principal, operation.name, writes=operation.effect != "read")
        arguments = await endpoint.reader.read(scope, receive, in_path)
        call = Call(operation.name, arguments, principal, request_id_of(scope))
        return result_answer(operation, scope, await self._catalog.call(self._services, call))

    def _find(self, path: str, method: str) -> tuple[Endpoint, Mapping[str, str]]:
        wanted = "GET" if method == "HEAD" else method
        nearest: dict[str, Endpoint] | None = None
        for methods, in_path in self._candidates(path):
            if wanted in methods:
                return methods[wanted], in_path
            nearest = nearest or methods
        if nearest is None:
            raise HTTPException(404)
        also = {"HEAD"} if "GET" in nearest else set()
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(nearest.keys() | also))})

    def _candidates(self, path: str) -> Iterator[tuple[dict[str, Endpoint], Mapping[str, str]]]:
        literal = self._literal.get(path)
        if literal is not None:
            yield literal, {}
        for address in self._patterns:
            matched = address.pattern.fullmatch(path)
            if matched is not None:
                yield address.methods, matched.groupdict()


def _addresses(catalog: OperationCatalog) -> tuple[dict[str, dict[str, Endpoint]], list[Address]]:
    by_path: dict[str, dict[str, Endpoint]] = {}
    for operation in catalog.operations:
        endpoint = Endpoint(operation, ArgumentReader(operation))
        by_path.setdefault(operation.path, {})[operation.method] = endpoint
    literal = {path: methods for path, methods in by_path.items() if "{" not in path}
    patterns = sorted((path for path in by_path if "{" in path), key=_specificity)
    return literal, [Address(_pattern(path), by_path[path]) for path in patterns]


def _specificity(path: str) -> tuple[int, int, int]:
    return path.count(":path}"), path.count("{"), -len(path)


def _pattern(path: str) -> re.Pattern[str]:
    parts, end = [], 0
    for found in _PARAMETER.finditer(path):
        within = ".+" if found[2] else "[^/]+"
        parts += [re.escape(path[end : found.start()]), f"(?P<{found[1]}>{within})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(path[end:])]), re.DOTALL)
