"""Resources over MCP: forms of URI listed, and read through their operations."""

from collections.abc import Mapping
from typing import Any

from mcp_types import (
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from gitops_auditor.errors import NotFound
from gitops_auditor.resources import FORMS, REPOSITORIES, REPOSITORY, ResourceForm
from gitops_auditor.server.auth import RequestContext
from gitops_auditor.server.calls import OperationCaller

JSON = "application/json"


class Resources:
    """Handlers of resources/list, resources/templates/list and resources/read."""

    def __init__(self, caller: OperationCaller) -> None:
        self._caller = caller
        self._forms = tuple(form for form in FORMS if caller.offers(form.operation))

    async def list(
        self, ctx: RequestContext, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        """The overviews, then each registered repository; in pages."""
        cursor = params.cursor if params else None
        overviews = [_resource(form) for form in self._forms if not form.uri.variables]
        listed = [] if cursor else overviews
        if REPOSITORY not in self._forms or REPOSITORIES not in self._forms:
            return ListResourcesResult(resources=listed)
        page = await self._caller.call(ctx, REPOSITORIES.operation, {"cursor": cursor})
        content = page.model_dump(mode="json")
        repositories = [_repository(item) for item in content["items"]]
        return ListResourcesResult(
            resources=[*listed, *repositories], next_cursor=content["next_cursor"]
        )

    async def templates(
        self, _: RequestContext, __: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        """The forms of URI that have variables."""
        templates = [_template(form) for form in self._forms if form.uri.variables]
        return ListResourceTemplatesResult(resource_templates=templates)

    async def read(
        self, ctx: RequestContext, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        """The JSON behind a URI. Raises NotFound for a URI of no known form."""
        form, values = self._find(params.uri)
        result = await self._caller.call(ctx, form.operation, values)
        text = TextResourceContents(uri=params.uri, mime_type=JSON, text=result.model_dump_json())
        return ReadResourceResult(contents=[text])

    def _find(self, uri: str) -> tuple[ResourceForm, dict[str, str]]:
        for form in self._forms:
            values = form.uri.match(uri)
            if values is not None:
                return form, values
        raise NotFound(f"There is no resource {uri}.", hint="List the resources and templates.")


def _resource(form: ResourceForm) -> Resource:
    return Resource(
        uri=form.uri.text,
        name=form.name,
        title=form.title,
        description=form.description,
        mime_type=JSON,
    )


def _repository(item: Mapping[str, Any]) -> Resource:
    return Resource(
        uri=REPOSITORY.uri.expand({"repository_id": item["id"]}),
        name=item["id"],
        title=item["name"],
        mime_type=JSON,
    )


def _template(form: ResourceForm) -> ResourceTemplate:
    return ResourceTemplate(
        uri_template=form.uri.text,
        name=form.name,
        title=form.title,
        description=form.description,
        mime_type=JSON,
    )
