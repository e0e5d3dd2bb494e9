"""The catalog: declaration, selection, validation and authorisation, without a transport."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel, Field

from gitops_auditor.errors import Forbidden, InvalidRequest, NotFound
from gitops_auditor.identity import LOCAL, Principal, Role
from gitops_auditor.operations import Call, Context, OperationCatalog, Params, Toolset
from gitops_auditor.services import Services


class Greeting(BaseModel):
    text: str


class Name(Params):
    name: str = Field(description="Who to greet.", max_length=10)
    times: int = Field(1, ge=1, le=3, description="How often.")


def greetings() -> Toolset:
    toolset = Toolset("greetings", "Greetings", "Says hello.", phase2=True)

    @toolset.operation("GET /api/greetings/{name}")
    async def get_greeting(ctx: Context, params: Name) -> Greeting:
        """Greet one person."""
        return Greeting(text=" ".join([f"Hello {params.name}"] * params.times))

    @toolset.operation("POST /api/greetings", effect="write", surface="toolset")
    async def send_greeting(ctx: Context, params: Name) -> Greeting:
        """Send a greeting."""
        return Greeting(text=params.name)

    return toolset


@pytest.fixture
def catalog() -> OperationCatalog:
    return OperationCatalog([greetings()], {"say_hello": "get_greeting"})


async def call(
    catalog: OperationCatalog, operation: str, who: Principal = LOCAL, /, **given: Any
) -> Any:
    services = cast("Services", SimpleNamespace())
    return await catalog.call(services, Call(operation, given, who, "request-1"))


def test_a_declaration_yields_name_route_schemas_effect_and_role(catalog: OperationCatalog) -> None:
    found = catalog.get("send_greeting")
    assert (found.method, found.path, found.effect) == ("POST", "/api/greetings", "write")
    assert (found.params, found.result, found.role) == (Name, Greeting, Role.OPERATOR)
    assert found.description == "Send a greeting."


def test_a_route_that_is_not_under_api_is_refused_at_declaration() -> None:
    with pytest.raises(TypeError, match="GET /api/path"):
        Toolset("t", "T", "d").operation("FETCH /things")


async def test_a_call_runs_the_handler_with_validated_parameters(catalog: OperationCatalog) -> None:
    answer = await call(catalog, "get_greeting", name="Ada", times="2")
    assert answer.text == "Hello Ada Hello Ada"


async def test_an_old_name_answers_through_the_alias_map(catalog: OperationCatalog) -> None:
    assert (await call(catalog, "say_hello", name="Ada")).text == "Hello Ada"


async def test_an_unknown_operation_names_the_nearest_one(catalog: OperationCatalog) -> None:
    with pytest.raises(NotFound, match="Did you mean get_greeting"):
        await call(catalog, "get_greetings", name="Ada")


async def test_an_unknown_parameter_names_the_nearest_one(catalog: OperationCatalog) -> None:
    with pytest.raises(InvalidRequest, match=r"no parameter nmae.*Did you mean name"):
        await call(catalog, "get_greeting", nmae="Ada", name="Ada")


async def test_every_wrong_parameter_is_listed_without_its_value(catalog: OperationCatalog) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await call(catalog, "get_greeting", name="a-very-secret-name", times=9)
    listed = cast("list[dict[str, str]]", refused.value.details["errors"])
    assert [problem["parameter"] for problem in listed] == ["name", "times"]
    assert "a-very-secret-name" not in str(refused.value) + str(refused.value.details)


async def test_a_missing_parameter_is_named(catalog: OperationCatalog) -> None:
    with pytest.raises(InvalidRequest, match="name: Field required"):
        await call(catalog, "get_greeting")


async def test_a_viewer_cannot_write(catalog: OperationCatalog) -> None:
    viewer = Principal("eve", Role.VIEWER, "token")
    with pytest.raises(Forbidden, match="needs the role operator"):
        await call(catalog, "send_greeting", viewer, name="Ada")


def names(catalog: OperationCatalog) -> set[str]:
    return {operation.name for operation in catalog.operations}


def test_a_read_only_catalog_has_no_writes(catalog: OperationCatalog) -> None:
    assert names(catalog.without_writes()) == {"get_greeting"}


def test_switching_the_platform_features_off_hides_their_toolsets(
    catalog: OperationCatalog,
) -> None:
    assert names(catalog.without_phase2()) == set()


def test_mcp_offers_the_default_surface_unless_toolsets_are_chosen(
    catalog: OperationCatalog,
) -> None:
    assert names(catalog.for_mcp()) == {"get_greeting"}
    assert names(catalog.for_mcp(toolsets=["greetings"])) == {"get_greeting", "send_greeting"}
    assert names(catalog.for_mcp(toolsets=["all"])) == {"get_greeting", "send_greeting"}
    assert names(catalog.for_mcp(toolsets=["default"])) == {"get_greeting"}
    assert names(catalog.for_mcp(toolsets=["default", "greetings"])) == {
        "get_greeting",
        "send_greeting",
    }
    assert names(catalog.for_mcp(tools=["send_greeting"])) == {"get_greeting", "send_greeting"}
    assert names(catalog.for_mcp(exclude=["say_hello"])) == set()


def test_an_unknown_toolset_is_refused_with_the_known_ones(catalog: OperationCatalog) -> None:
    with pytest.raises(InvalidRequest, match="Toolsets: greetings"):
        catalog.for_mcp(toolsets=["greeting"])
