"""Completion of what a client types."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gitops_auditor.pages import Page
from gitops_auditor.resources.completions import MOST_VALUES, complete


class Named(BaseModel):
    id: str


def reader(pages: Mapping[str | None, tuple[list[str], str | None]]) -> Any:
    """A list operation that answers with these pages by cursor."""

    async def read(operation: str, arguments: Mapping[str, Any]) -> BaseModel:
        assert operation in {"list_repositories", "list_pipelines"}
        values, following = pages[arguments["cursor"]]
        items = [Named(id=value) for value in values]
        return Page(items=items, total=len(items), next_cursor=following)

    return read


async def test_values_that_begin_with_what_was_typed_come_first() -> None:
    read = reader({None: (["zeta/base-api", "acme/web", "acme/api", "api"], None)})
    found = await complete("repositories", "API", read)
    assert found.values == ("acme/api", "api", "zeta/base-api")
    assert found.total == 3


async def test_pipelines_are_found_by_any_part_of_their_id() -> None:
    read = reader({None: (["pipeline_0a1b", "pipeline_2c3d"], None)})
    assert (await complete("pipelines", "2c", read)).values == ("pipeline_2c3d",)


async def test_all_pages_are_looked_through() -> None:
    read = reader({None: (["a/one"], "next"), "next": (["a/two"], None)})
    assert (await complete("repositories", "a/", read)).values == ("a/one", "a/two")


async def test_more_values_than_an_answer_may_hold_are_counted() -> None:
    read = reader({None: ([f"acme/{n:03}" for n in range(MOST_VALUES + 5)], None)})
    found = await complete("repositories", "", read)
    assert len(found.values) == MOST_VALUES
    assert found.total == MOST_VALUES + 5
